// What DuckDB alone needs to sum up the same columns. See duckdb_sums.cc.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/env.h"
#include "base/error.h"
#include "table/catalogue.h"

namespace fm::bench {

struct SumsTimes {
  double seconds = 0;
  std::uint64_t rows = 0;
};

// Errors: kQuery with DuckDB's text.
[[nodiscard]] Result<SumsTimes> duckdb_sums(Env& env, const table::Table& table,
                                            const std::vector<std::string>& files, int threads);

}  // namespace fm::bench
