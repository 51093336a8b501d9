// DuckDB's own GROUP BY over the same Parquet files: hours by first, extremes, last and sums, and
// days out of those hours. It is spared the calendar (its days are UTC's), the exact sums behind
// vwap, settlements, sorting, and writing anything: the results stay tables in its memory.
#include "duckdb_group_by.h"

#include <duckdb.h>

#include "duckdb_database.h"

namespace fm::bench {
namespace {

Status run(duckdb_connection connection, const std::string& sql, std::uint64_t* count = nullptr) {
  duckdb_result result;
  const bool failed = duckdb_query(connection, sql.c_str(), &result) == DuckDBError;
  const std::string message = failed ? duckdb_result_error(&result) : "";
  if (!failed && count != nullptr)
    *count = static_cast<std::uint64_t>(duckdb_value_int64(&result, 0, 0));
  duckdb_destroy_result(&result);
  if (failed) return fail(Code::kQuery, "{}", message);
  return {};
}

std::string list_of(const std::vector<std::string>& files) {
  std::string list;
  for (const std::string& file : files) list += (list.empty() ? "'" : ", '") + file + "'";
  return list;
}

std::string group_by(const std::string& bucket, const std::string& time, const std::string& from) {
  return fmt::format(
      "SELECT {} AS bucket, root, symbol, arg_max(instrument_id, {}) AS instrument_id, "
      "arg_max(publisher_id, {}) AS publisher_id, arg_min(open, {}) AS open, max(high) AS high, "
      "min(low) AS low, arg_max(close, {}) AS close, sum(volume)::BIGINT AS volume FROM {} "
      "GROUP BY ALL",
      bucket, time, time, time, time, from);
}

}  // namespace

Result<GroupByTimes> duckdb_group_by(Env& env, const std::vector<std::string>& files, int threads) {
  DuckdbDatabase db;
  FM_TRY(db.open());
  FM_TRY(run(db.connection, fmt::format("SET threads = {}", threads)));
  FM_TRY(run(db.connection, "SET preserve_insertion_order = false"));
  GroupByTimes times;
  const Nanos begin = env.monotonic();
  FM_TRY(run(db.connection, "CREATE TABLE hours AS " +
                                group_by("time_bucket(INTERVAL 1 hour, ts_event)", "ts_event",
                                         fmt::format("read_parquet([{}])", list_of(files)))));
  FM_TRY(run(db.connection, "CREATE TABLE days AS " + group_by("bucket::DATE", "bucket", "hours")));
  times.seconds = static_cast<double>(env.monotonic() - begin) / 1e9;
  FM_TRY(run(db.connection, "SELECT count(*) FROM hours", &times.hours));
  FM_TRY(run(db.connection, "SELECT count(*) FROM days", &times.days));
  return times;
}

}  // namespace fm::bench
