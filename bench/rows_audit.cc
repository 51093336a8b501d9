// The audit of years of minutes, every check, against DuckDB's streaming of the columns that it
// reads.
#include <memory>
#include <string>

#include "baselines/duckdb_stream.h"
#include "jobs/audit.h"
#include "minutes.h"
#include "quality/bar_audit.h"
#include "rows.h"
#include "table/catalogue.h"

namespace fm::bench {
namespace {

constexpr int kThreads = 2;

std::string columns_read() {
  std::string columns;
  for (const std::string_view column :
       quality::audited_columns(table::databento_futures_ohlcv_1m()))
    columns += (columns.empty() ? "" : ", ") + std::string(column);
  return columns;
}

Result<double> audit(const Context& context, const MinutesLake& minutes) {
  jobs::NoProgress progress;
  const Nanos begin = context.env->monotonic();
  FM_ASSIGN(const quality::AuditReport report,
            jobs::run_audit(*context.env,
                            {.lake = minutes.directory,
                             .state_dir = minutes.directory + "-state",
                             .timeframes = {"1m"},
                             .threads = kThreads},
                            progress));
  const double seconds = static_cast<double>(context.env->monotonic() - begin) / 1e9;
  std::uint64_t rows = 0;
  for (const quality::SeriesReport& series : report.series) rows += series.rows;
  if (rows != minutes.rows)
    return fail(Code::kInternal, "the audit saw {} rows of {}", rows, minutes.rows);
  return seconds;
}

}  // namespace

Result<Row> audit_row(const Context& context) {
  FM_ASSIGN(const auto minutes, ensure_minutes(context));
  Row row;
  row.id = "audit";
  row.work = "minutes in the lake audited, every check";
  row.baseline = "DuckDB streaming the same columns";
  row.unit = "rows";
  row.amount = static_cast<double>(minutes->rows);
  row.at_least = 0.5;
  row.aim = 0.8;
  row.measure_baseline = [minutes, context]() -> Result<double> {
    FM_ASSIGN(const StreamTimes times,
              duckdb_stream(*context.env, minutes->files, columns_read(), kThreads));
    if (times.rows != minutes->rows)
      return fail(Code::kInternal, "DuckDB gave {} rows of {}", times.rows, minutes->rows);
    return times.seconds;
  };
  row.measure_ours = [minutes, context] { return audit(context, *minutes); };
  return row;
}

}  // namespace fm::bench
