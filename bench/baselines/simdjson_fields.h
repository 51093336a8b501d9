// What simdjson alone needs for the same lines. See simdjson_fields.cc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/env.h"
#include "base/error.h"

namespace fm::bench {

struct ParsedLines {
  std::uint64_t lines = 0;
  // Of parsing alone; reading the file is not counted.
  double cpu_seconds = 0;
  double wall_seconds = 0;
};

// Errors: those of Env; kCorrupt for a line that is not the vendor's TBBO.
[[nodiscard]] Result<ParsedLines> parse_every_field(Env& env, const std::string& path);
// The same of files of bars.
[[nodiscard]] Result<ParsedLines> parse_every_bar(Env& env, const std::vector<std::string>& paths);

}  // namespace fm::bench
