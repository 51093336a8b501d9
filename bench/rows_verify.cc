// `verify` of years of minutes against the double of BigQuery, where they were mirrored to: both
// copies summed up, compared, nothing different. The double is DuckDB, too, in the same process.
#include <fmt/format.h>

#include <memory>
#include <string>

#include "base/signals.h"
#include "baselines/duckdb_sums.h"
#include "cloud.h"
#include "jobs/verify.h"
#include "minutes.h"
#include "rows.h"
#include "table/catalogue.h"

namespace fm::bench {
namespace {

constexpr int kThreads = 2;

struct Copy {
  std::shared_ptr<Cloud> cloud;
  jobs::CloudPlace place;
  jobs::MirrorJobOptions mirror;
};

Result<std::shared_ptr<Copy>> mirror_minutes(const Context& context, const MinutesLake& minutes) {
  Env& env = *context.env;
  const std::string directory = join(context.data.directory, "verify");
  FM_TRY(remove_tree(env, directory));
  auto copy = std::make_shared<Copy>();
  FM_ASSIGN(copy->cloud, start_cloud(env, join(directory, "objects")));
  copy->place.endpoints = copy->cloud->endpoints;
  copy->place.destination = {
      .project = std::string(kProject), .bucket = std::string(kBucket), .prefix = "lake"};
  copy->place.location = "US";
  copy->place.transports = copy->cloud->transports;
  copy->place.tokens = std::move(copy->cloud->tokens);
  // Other work may have made more tables of the minutes.
  copy->mirror = {.lake = minutes.directory,
                  .state_dir = join(directory, "state"),
                  .tables = std::string(table::databento_futures_ohlcv_1m().name)};
  StopSignal stop;
  FM_ASSIGN(const jobs::MirrorReport report,
            jobs::run_mirror(env, copy->mirror, copy->place, stop));
  if (report.complete() && report.totals.rows_loaded == minutes.rows) return copy;
  return fail(Code::kInternal, "the mirror brought {} rows of {}", report.totals.rows_loaded,
              minutes.rows);
}

Result<double> verify(const Context& context, const MinutesLake& minutes, Copy& copy) {
  jobs::NoProgress progress;
  const Nanos begin = context.env->monotonic();
  FM_ASSIGN(const jobs::VerifyReport report, jobs::run_verify(*context.env,
                                                              {.lake = minutes.directory,
                                                               .state_dir = copy.mirror.state_dir,
                                                               .tables = {copy.mirror.tables}},
                                                              copy.place, copy.mirror, progress));
  const double seconds = static_cast<double>(context.env->monotonic() - begin) / 1e9;
  std::uint64_t rows = 0;
  for (const jobs::TableVerdict& table : report.tables) rows += table.rows;
  if (report.equal() && rows == minutes.rows) return seconds;
  return fail(Code::kInternal, "verify compared {} rows of {}; equal: {}", rows, minutes.rows,
              report.equal());
}

}  // namespace

Result<Row> verify_row(const Context& context) {
  FM_ASSIGN(const auto minutes, ensure_minutes(context));
  FM_ASSIGN(const auto copy, mirror_minutes(context, *minutes));
  Row row;
  row.id = "verify";
  row.work = "minutes in the lake against their copy in the double of BigQuery, every cell";
  row.baseline = "DuckDB's scan of the lake's files with a GROUP BY of the same columns";
  row.unit = "rows";
  row.amount = static_cast<double>(minutes->rows);
  row.at_least = 0.5;
  row.measure_baseline = [minutes, context]() -> Result<double> {
    FM_ASSIGN(const SumsTimes times, duckdb_sums(*context.env, table::databento_futures_ohlcv_1m(),
                                                 minutes->files, kThreads));
    if (times.rows != minutes->rows)
      return fail(Code::kInternal, "DuckDB summed up {} rows of {}", times.rows, minutes->rows);
    return times.seconds;
  };
  row.measure_ours = [minutes, context, copy] { return verify(context, *minutes, *copy); };
  return row;
}

}  // namespace fm::bench
