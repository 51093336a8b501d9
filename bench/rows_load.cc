// Downloads into an empty lake, again, and through a pipe.
#include <sys/stat.h>

#include <memory>
#include <thread>
#include <utility>

#include "bar_files.h"
#include "baselines/duckdb_copy.h"
#include "baselines/simdjson_fields.h"
#include "jobs/load.h"
#include "minutes.h"
#include "process.h"
#include "rows.h"

namespace fm::bench {
namespace {

constexpr int kBaselineThreads = 2;  // what DuckDB takes by itself on two cores
constexpr std::uint64_t kPipedRows = 100'000'000;
constexpr std::uint64_t kPipedRowsQuick = 1'000'000;
constexpr std::uint64_t kLoadMemoryMax = std::uint64_t{512} << 20;

std::string lake_of(const Context& context) { return join(context.data.directory, "loaded-lake"); }

Status remove_lake(const Context& context) {
  FM_TRY(remove_tree(*context.env, lake_of(context)));
  return remove_tree(*context.env, lake_of(context) + "-state");
}

Result<double> load_all(const Context& context, const BarFiles& files, jobs::LoadAction expected) {
  jobs::LoadOptions options;
  options.inputs = {files.directory};
  options.lake = lake_of(context);
  options.state_dir = options.lake + "-state";
  jobs::NoProgress progress;
  const Nanos begin = context.env->monotonic();
  FM_ASSIGN(const jobs::LoadReport report, jobs::run_load(*context.env, options, progress));
  const double seconds = static_cast<double>(context.env->monotonic() - begin) / 1e9;
  if (report.count(expected) != files.files.size())
    return fail(Code::kInternal, "{} of {} files: {}", report.count(expected), files.files.size(),
                jobs::to_text(report));
  std::uint64_t added = 0;
  for (const jobs::LoadedFileReport& file : report.files) added += file.added;
  if (added != (expected == jobs::LoadAction::kLoad ? files.rows : 0))
    return fail(Code::kInternal, "{} rows were added of {}", added, files.rows);
  return seconds;
}

Result<double> load_anew(const Context& context, const BarFiles& files) {
  FM_TRY(remove_lake(context));
  return load_all(context, files, jobs::LoadAction::kLoad);
}

}  // namespace

Result<Row> load_json_row(const Context& context) {
  FM_ASSIGN(const auto files, ensure_daily_json(context));
  Row row;
  row.id = "load_json";
  row.work = fmt::format("minutes as JSON lines, {} daily files, into an empty lake", kDailyFiles);
  row.baseline = "simdjson, every field read";
  row.unit = "rows";
  row.amount = static_cast<double>(files->rows);
  row.at_least = 0.3;
  row.note = "at least 1.0 M rows/s";
  row.measure_baseline = [files, context]() -> Result<double> {
    FM_ASSIGN(const ParsedLines parsed, parse_every_bar(*context.env, files->files));
    if (parsed.lines != files->rows)
      return fail(Code::kInternal, "{} lines of {}", parsed.lines, files->rows);
    return parsed.wall_seconds;
  };
  row.measure_ours = [files, context] { return load_anew(context, *files); };
  return row;
}

Result<Row> load_dbn_row(const Context& context) {
  FM_ASSIGN(const auto files, ensure_yearly_dbn(context));
  FM_ASSIGN(const auto minutes, ensure_minutes(context));
  FM_ASSIGN(DuckdbCopy loaded, DuckdbCopy::load(minutes->files, kBaselineThreads));
  const auto copy = std::make_shared<DuckdbCopy>(std::move(loaded));
  Row row;
  row.id = "load_dbn";
  row.work = "minutes as zstd DBN into an empty lake, committed";
  row.baseline = "DuckDB's COPY of the same columns from its own memory";
  row.unit = "rows";
  row.amount = static_cast<double>(files->rows);
  row.at_least = 0.4;
  row.aim = 0.6;
  row.measure_baseline = [copy, context]() -> Result<double> {
    const std::string file = join(context.data.directory, "copy.parquet");
    FM_ASSIGN(const double seconds, copy->copy_to(*context.env, file));
    FM_TRY(context.env->remove(file));
    return seconds;
  };
  row.measure_ours = [files, context] { return load_anew(context, *files); };
  return row;
}

Result<std::vector<Limit>> load_again(const Context& context) {
  FM_ASSIGN(const auto files, ensure_daily_json(context));
  FM_ASSIGN(const double first, load_anew(context, *files));
  double worst = 0;
  constexpr int kRuns = 5;
  for (int run = 0; run < kRuns; ++run) {
    FM_ASSIGN(const double seconds, load_all(context, *files, jobs::LoadAction::kUnchanged));
    worst = std::max(worst, seconds);
  }
  return std::vector<Limit>{
      {.id = "load_again",
       .work = fmt::format("{} files that are loaded already", kDailyFiles),
       .value = worst,
       .unit = "s",
       .limit = 1,
       .at_most = true,
       .note = fmt::format("the worst of {} runs; the first load took {:.1f} s", kRuns, first)}};
}

Result<std::vector<Limit>> load_pipe(const Context& context) {
  Env& env = *context.env;
  const bool is_quick = context.data.records < 10'000'000;
  const std::uint64_t rows = is_quick ? kPipedRowsQuick : kPipedRows;
  FM_TRY(check_peak_bytes());
  FM_TRY(remove_lake(context));
  FM_TRY(env.make_directories(context.data.directory));
  const std::string pipe = join(context.data.directory, "bars.pipe");
  if (env.exists(pipe)) FM_TRY(env.remove(pipe));
  if (::mkfifo(pipe.c_str(), 0600) != 0) return fail(Code::kIo, "{}: cannot be made", pipe);
  Status written;
  std::jthread writer([&] { written = write_bars(env, pipe, rows); });
  const auto cost = run_process({context.binary, "load", pipe, "--lake", lake_of(context),
                                 "--state-dir", lake_of(context) + "-state"});
  writer.join();
  FM_TRY(env.remove(pipe));
  FM_TRY(written);
  FM_TRY(cost);
  FM_TRY(remove_lake(context));
  return std::vector<Limit>{
      {.id = "load_pipe",
       .work = fmt::format("`frontmonth load` of {} M bars out of a pipe: peak memory",
                           rows / 1'000'000),
       .value = static_cast<double>(cost->peak_bytes) / (1 << 20),
       .unit = "MiB",
       .limit = static_cast<double>(kLoadMemoryMax >> 20),
       .at_most = true,
       .note = fmt::format("{:.0f} s, {:.2f} M rows/s", cost->seconds,
                           static_cast<double>(rows) / cost->seconds / 1e6)}};
}

}  // namespace fm::bench
