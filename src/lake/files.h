// What the steps of a commit and its history have in common: files that may be missing, directories
// that survive a power cut.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/env.h"
#include "base/error.h"

namespace fm::lake {

[[nodiscard]] Status ignore_missing(Status status);

// Names in a directory, sorted; none where there is no such directory.
[[nodiscard]] Result<std::vector<std::string>> list_or_empty(Env& env,
                                                             const std::string& directory);

// Creates `directory`, which lies below `top`, and its missing parents, and makes them durable.
[[nodiscard]] Status make_durable_directories(Env& env, std::string_view top,
                                              const std::string& directory);

}  // namespace fm::lake
