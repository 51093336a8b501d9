// Closed segments become multi-frame zstd: a frame of one to a few megabytes of whole blocks, so
// that damage costs a frame, and an index whose blocks are the frames.
#pragma once

#include <atomic>

#include "base/env.h"
#include "base/error.h"
#include "capture/segment_files.h"

namespace fm::capture {

// NNNN.dbn → NNNN.dbn.zst. The data are removed only when the compressed file was read back and is
// durable; whatever happens on the way, one readable form is there. Returns early, without a
// change, once `stop` is true. Errors: kCorrupt for damaged data, which stay as they are; those of
// Env.
[[nodiscard]] Status seal_segment(Env& env, const std::string& directory, const SegmentName& name,
                                  const std::atomic<bool>& stop);

}  // namespace fm::capture
