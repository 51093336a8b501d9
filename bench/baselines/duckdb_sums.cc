// DuckDB's own scan of Parquet files with one GROUP BY: by root and year the rows, and of each
// compared column how many values there are and what they sum up to, texts by their lengths. It is
// spared the weights from the key and the exact sums of decimals, and has one copy to read.
#include "duckdb_sums.h"

#include <duckdb.h>

#include "duckdb_database.h"

namespace fm::bench {
namespace {

std::string value_of(const table::Column& column) {
  switch (column.type) {
    case table::Type::kText:
      return fmt::format("length({})", column.name);
    case table::Type::kTimestamp:
      return fmt::format("epoch_us({})", column.name);
    case table::Type::kDate:
      return fmt::format("({} - DATE '1970-01-01')", column.name);
    case table::Type::kBool:
      return fmt::format("{}::INTEGER", column.name);
    default:
      return std::string(column.name);
  }
}

}  // namespace

Result<SumsTimes> duckdb_sums(Env& env, const table::Table& table,
                              const std::vector<std::string>& files, int threads) {
  DuckdbDatabase db;
  FM_TRY(db.open());
  std::string list;
  for (const std::string& file : files) {
    list += list.empty() ? "'" : ", '";
    list += file + "'";
  }
  const std::string settings =
      fmt::format("SET threads = {}; SET preserve_insertion_order = false", threads);
  if (duckdb_query(db.connection, settings.c_str(), nullptr) == DuckDBError)
    return fail(Code::kQuery, "DuckDB refuses {}", settings);
  std::string sql =
      fmt::format("SELECT {}, year({}), count(*)", table.root_column, table.partition_column);
  for (const table::Column& column : table.columns)
    if (!column.bookkeeping)
      sql += fmt::format(", count({}), sum({})", column.name, value_of(column));
  sql += fmt::format(" FROM read_parquet([{}]) GROUP BY 1, 2", list);
  SumsTimes times;
  const Nanos begin = env.monotonic();
  duckdb_result result;
  const bool failed = duckdb_query(db.connection, sql.c_str(), &result) == DuckDBError;
  const std::string message = failed ? duckdb_result_error(&result) : "";
  times.seconds = static_cast<double>(env.monotonic() - begin) / 1e9;
  if (!failed)
    for (idx_t row = 0; row < duckdb_row_count(&result); ++row)
      times.rows += static_cast<std::uint64_t>(duckdb_value_int64(&result, 2, row));
  duckdb_destroy_result(&result);
  if (failed) return fail(Code::kQuery, "{}", message);
  return times;
}

}  // namespace fm::bench
