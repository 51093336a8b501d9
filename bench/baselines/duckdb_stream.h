// What DuckDB alone needs to hand out columns of Parquet files. See duckdb_stream.cc.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/env.h"
#include "base/error.h"

namespace fm::bench {

struct StreamTimes {
  double seconds = 0;
  std::uint64_t rows = 0;
};

// Errors: kQuery with DuckDB's text.
[[nodiscard]] Result<StreamTimes> duckdb_stream(Env& env, const std::vector<std::string>& files,
                                                const std::string& columns, int threads);

}  // namespace fm::bench
