// Which files an archive is made of. Private to the room.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/env.h"
#include "base/error.h"

namespace fm::gateway {

struct FoundFile {
  std::string path;
  FileInfo info;
  bool named = false;  // by the user; else it was found in a directory
};

// Sorted by path, none twice. From directories only what ends in .dbn or .dbn.zst; hidden names are
// passed over. Errors: kInvalidArgument when nothing is named, kNotFound, those of Env.
[[nodiscard]] Result<std::vector<FoundFile>> find_files(Env& env,
                                                        std::span<const std::string> paths);

}  // namespace fm::gateway
