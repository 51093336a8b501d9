// Rows into one Parquet file, streamed: zstd, row groups of 32,768 rows, timestamps UTC-adjusted.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/env.h"
#include "base/error.h"
#include "table/row_stream.h"

namespace fm::lake {

struct ParquetOptions {
  bool check_order =
      true;  // rows must ascend strictly by the table's key, in the order of its sort columns
};

struct ParquetReport {
  std::uint64_t rows = 0;
  std::uint64_t bytes = 0;
  std::string hash;       // of the cells: RowHasher
  std::string first_key;  // JSON array of the key's columns as text; empty without rows
  std::string last_key;
  std::optional<Second> first_second;  // of the key's timestamp, where it has one
  std::optional<Second> last_second;
};

// Writes and syncs `path`, replacing what is there; after an error nothing is left there.
// The file is written by DuckDB, not through Env. Errors: kNoSpace, kPermission, kIo,
// kInvalidArgument for rows out of order, kQuery, and what the stream returns.
[[nodiscard]] Result<ParquetReport> write_parquet(Env& env, const std::string& path,
                                                  table::RowStream& rows,
                                                  const ParquetOptions& options = {});

}  // namespace fm::lake
