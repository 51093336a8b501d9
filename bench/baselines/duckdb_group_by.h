// What DuckDB alone needs to roll the same minutes up. See duckdb_group_by.cc.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/env.h"
#include "base/error.h"

namespace fm::bench {

struct GroupByTimes {
  double seconds = 0;
  std::uint64_t hours = 0;
  std::uint64_t days = 0;
};

// Hours and days of Parquet files of minutes, as tables in its memory. Errors: kQuery with DuckDB's
// text.
[[nodiscard]] Result<GroupByTimes> duckdb_group_by(Env& env, const std::vector<std::string>& files,
                                                   int threads);

}  // namespace fm::bench
