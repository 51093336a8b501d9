// Downloads of one-minute bars, as the vendor makes them: the inputs of what loads them.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "dbn/record.h"
#include "rows.h"

namespace fm::bench {

struct BarFiles {
  std::string directory;
  std::vector<std::string> files;
  std::uint64_t rows = 0;
  std::uint64_t bytes = 0;
};

// One file of JSON lines for each root and day, of two contracts. Made once and kept.
inline constexpr int kDailyFiles = 4'236;
[[nodiscard]] Result<std::shared_ptr<BarFiles>> ensure_daily_json(const Context& context);

// The minutes of minutes.h, a zstd DBN file for each root and year.
[[nodiscard]] Result<std::shared_ptr<BarFiles>> ensure_yearly_dbn(const Context& context);

// Raw DBN of `rows` bars in the order of time, written to `path`: a pipe that somebody reads.
// Errors: those of Env.
[[nodiscard]] Status write_bars(Env& env, const std::string& path, std::uint64_t rows);

}  // namespace fm::bench
