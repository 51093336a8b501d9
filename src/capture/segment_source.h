// A segment's bytes for whoever reads DBN files as they are, held to the segment's index.
#pragma once

#include <memory>
#include <string>

#include "base/env.h"
#include "base/error.h"
#include "dbn/byte_source.h"

namespace fm::capture {

// The source for `path`; null where it is no uncompressed segment of a capture log, or one without
// an index. It ends behind the last block that the index knows: what a crash or a running writer
// left behind that is nobody's yet. Its errors are those of SegmentReader::load: kCorrupt and
// kTruncated name file, block and bytes, once everything before has been given out. (Of compressed
// segments each zstd frame holds its own checksum.)
[[nodiscard]] Result<std::unique_ptr<dbn::ByteSource>> open_segment(Env& env,
                                                                    const std::string& path);

}  // namespace fm::capture
