// DuckDB's own COPY of all columns from a table in its memory: no rows cross into DuckDB, none are
// converted, checked or hashed, nothing is synced or committed. Through the C API, in a database of
// its own with the same threads; the table is filled, and forced into memory, before the clock
// starts.
#include "duckdb_copy.h"

#include <duckdb.h>

#include <utility>

namespace fm::bench {
namespace {

constexpr const char* kFileSettings = "(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 32768)";

Status run(duckdb_connection connection, const std::string& sql) {
  duckdb_result result;
  const bool failed = duckdb_query(connection, sql.c_str(), &result) == DuckDBError;
  const std::string message = failed ? duckdb_result_error(&result) : "";
  duckdb_destroy_result(&result);
  if (failed) return fail(Code::kQuery, "{}", message);
  return {};
}

}  // namespace

struct DuckdbCopy::State {
  duckdb_database database = nullptr;
  duckdb_connection connection = nullptr;

  State() = default;
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() {
    duckdb_disconnect(&connection);
    duckdb_close(&database);
  }
};

DuckdbCopy::DuckdbCopy(std::unique_ptr<State> state) : state_(std::move(state)) {}
DuckdbCopy::DuckdbCopy(DuckdbCopy&&) noexcept = default;
DuckdbCopy::~DuckdbCopy() = default;

Result<DuckdbCopy> DuckdbCopy::load(const std::vector<std::string>& parquet_files, int threads) {
  std::string list;
  for (const std::string& file : parquet_files)
    list += fmt::format("{}'{}'", list.empty() ? "" : ",", file);
  auto state = std::make_unique<State>();
  if (duckdb_open(nullptr, &state->database) == DuckDBError ||
      duckdb_connect(state->database, &state->connection) == DuckDBError) {
    return fail(Code::kQuery, "DuckDB does not open a database in memory");
  }
  FM_TRY(run(state->connection, fmt::format("SET threads = {}", threads)));
  FM_TRY(run(state->connection,
             fmt::format("CREATE TABLE kept AS SELECT * FROM read_parquet([{}])", list)));
  return DuckdbCopy(std::move(state));
}

Result<double> DuckdbCopy::copy_to(Env& env, const std::string& path) {
  const Nanos begin = env.monotonic();
  FM_TRY(run(state_->connection, fmt::format("COPY kept TO '{}' {}", path, kFileSettings)));
  return static_cast<double>(env.monotonic() - begin) / 1e9;
}

}  // namespace fm::bench
