// DuckDB's own reading of Parquet files, chunk by chunk, by as many threads as there are; what the
// chunks hold is looked at by nobody, and they come in any order.
#include "duckdb_stream.h"

#include <duckdb.h>

#include "duckdb_database.h"

namespace fm::bench {
namespace {

struct Statement {
  duckdb_prepared_statement prepared = nullptr;
  duckdb_pending_result pending = nullptr;
  duckdb_result result{};
  Statement() = default;
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;
  ~Statement() {
    duckdb_destroy_result(&result);
    duckdb_destroy_pending(&pending);
    duckdb_destroy_prepare(&prepared);
  }
};

}  // namespace

Result<StreamTimes> duckdb_stream(Env& env, const std::vector<std::string>& files,
                                  const std::string& columns, int threads) {
  DuckdbDatabase db;
  FM_TRY(db.open());
  std::string list;
  for (const std::string& file : files) list += (list.empty() ? "'" : ", '") + file + "'";
  const std::string settings =
      fmt::format("SET threads = {}; SET preserve_insertion_order = false", threads);
  if (duckdb_query(db.connection, settings.c_str(), nullptr) == DuckDBError)
    return fail(Code::kQuery, "DuckDB refuses {}", settings);
  const std::string sql = fmt::format("SELECT {} FROM read_parquet([{}])", columns, list);
  StreamTimes times;
  const Nanos begin = env.monotonic();
  Statement statement;
  if (duckdb_prepare(db.connection, sql.c_str(), &statement.prepared) == DuckDBError)
    return fail(Code::kQuery, "{}", duckdb_prepare_error(statement.prepared));
  if (duckdb_pending_prepared_streaming(statement.prepared, &statement.pending) == DuckDBError ||
      duckdb_execute_pending(statement.pending, &statement.result) == DuckDBError)
    return fail(Code::kQuery, "DuckDB does not run {}", sql.substr(0, 60));
  while (duckdb_data_chunk chunk = duckdb_fetch_chunk(statement.result)) {
    times.rows += duckdb_data_chunk_get_size(chunk);
    duckdb_destroy_data_chunk(&chunk);
  }
  times.seconds = static_cast<double>(env.monotonic() - begin) / 1e9;
  return times;
}

}  // namespace fm::bench
