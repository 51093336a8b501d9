// What DuckDB alone needs for the same rows. See duckdb_copy.cc.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/env.h"
#include "base/error.h"

namespace fm::bench {

// An in-memory table of rows that COPY writes again and again.
class DuckdbCopy {
 public:
  // The rows and columns of Parquet files. Errors: kQuery with DuckDB's text.
  [[nodiscard]] static Result<DuckdbCopy> load(const std::vector<std::string>& parquet_files,
                                               int threads);
  DuckdbCopy(DuckdbCopy&&) noexcept;
  ~DuckdbCopy();

  // Seconds of one COPY to `path`, in the settings of the lake's files: zstd, the same row groups.
  [[nodiscard]] Result<double> copy_to(Env& env, const std::string& path);

 private:
  struct State;
  explicit DuckdbCopy(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace fm::bench
