// Years of minutes in the lake rolled up to hours and trade dates, committed, against DuckDB's
// GROUP BY of the same files.
#include <memory>

#include "baselines/duckdb_group_by.h"
#include "jobs/rollup.h"
#include "lake/lake.h"
#include "minutes.h"
#include "rows.h"
#include "table/catalogue.h"

namespace fm::bench {
namespace {

constexpr int kBaselineThreads = 2;  // what DuckDB takes by itself on two cores
// What an earlier run made goes before the clock starts.
Result<double> roll_up(const Context& context, const MinutesLake& prepared) {
  Env& env = *context.env;
  {
    FM_ASSIGN(const auto lake, open_minutes(context, prepared.directory));
    for (const auto* table : {&table::bars_1h(), &table::databento_futures_ohlcv_1d()}) {
      FM_ASSIGN(const auto partitions, lake->partitions(*table));
      for (const lake::Manifest& manifest : partitions) {
        table::EmptyStream none(*table);
        FM_TRY(lake->replace(*table, manifest.key(), none, {}));
      }
    }
  }
  jobs::RollupOptions options;
  options.place.lake = prepared.directory;
  options.place.state_dir = prepared.directory + "-state";
  jobs::NoProgress progress;
  const Nanos begin = env.monotonic();
  FM_ASSIGN(const jobs::RollupReport report, jobs::run_rollup(env, options, progress));
  const double seconds = static_cast<double>(env.monotonic() - begin) / 1e9;
  std::uint64_t rows = 0;
  for (const jobs::DerivedPartition& partition : report.partitions) rows += partition.rows;
  if (rows == 0) return fail(Code::kInternal, "nothing was rolled up");
  return seconds;
}

}  // namespace

Result<Row> rollup_row(const Context& context) {
  FM_ASSIGN(const auto prepared, ensure_minutes(context));
  Row row;
  row.id = "rollup";
  row.work = "minutes in the lake to hours and trade dates, committed";
  row.baseline = "DuckDB's GROUP BY of the same files";
  row.unit = "rows";
  row.amount = static_cast<double>(prepared->rows);
  row.at_least = 1.0;
  row.measure_baseline = [prepared, context]() -> Result<double> {
    FM_ASSIGN(const GroupByTimes times,
              duckdb_group_by(*context.env, prepared->files, kBaselineThreads));
    if (times.hours == 0 || times.days == 0) return fail(Code::kInternal, "DuckDB grouped nothing");
    return times.seconds;
  };
  row.measure_ours = [prepared, context] { return roll_up(context, *prepared); };
  return row;
}

}  // namespace fm::bench
