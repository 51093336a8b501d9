#include "jobs/rollup.h"

#include <algorithm>
#include <atomic>
#include <set>
#include <thread>

#include "bars/candle_bars.h"
#include "bars/history.h"
#include "bars/live.h"
#include "bars/sources.h"
#include "base/hash.h"
#include "base/thread.h"
#include "jobs/registry.h"
#include "ops/state.h"
#include "table/catalogue.h"

namespace fm::jobs {
namespace {

using bars::Selection;

constexpr double kNanosPerSecondAsDouble = 1e9;

std::string full_name(const table::Table& table) {
  return fmt::format("{}.{}", table.dataset, table.name);
}

class RollupRun {
 public:
  RollupRun(lake::Lake& lake, const Registry& registry, const RollupOptions& options,
            std::string parameters, Progress& progress, RollupReport& report)
      : lake_(lake),
        registry_(registry),
        options_(options),
        parameters_(std::move(parameters)),
        progress_(progress),
        report_(report) {
    selection_.roots = {options.roots.begin(), options.roots.end()};
    selection_.from = options.from;
    selection_.to = options.to;
  }

  Status all() {
    if (wants(table::bars_1h()) || wants(table::databento_futures_ohlcv_1d())) FM_TRY(history());
    if (wants(table::futures_ohlcv_1h_live()) || wants(table::futures_ohlcv_1d_live()))
      FM_TRY(live());
    for (const bars::CandleBarKind& kind : bars::candle_bar_kinds())
      if (wants(*kind.table)) return candle_bars();
    return {};
  }

 private:
  [[nodiscard]] bool wants(const table::Table& table) const {
    return options_.tables.empty() ||
           std::ranges::find(options_.tables, table.name) != options_.tables.end();
  }

  // The partition was made, or would be.
  void note(const table::Table& table, const std::string& root, int year, std::uint64_t rows,
            bool changed) {
    report_.partitions.push_back({full_name(table), root, std::to_string(year), rows, changed});
    point_.stage = "rolling up";
    point_.records += 1;
    point_.rows_out += rows;
    progress_.at(point_);
  }

  Status history() {
    FM_ASSIGN(const auto history,
              bars::History::look_at(lake_, registry_.calendar(), registry_.universe(), selection_,
                                     parameters_));
    std::vector<bars::YearPlan> due;
    for (bars::YearPlan plan : history.years()) {
      plan.hours_due = plan.hours_due && wants(table::bars_1h());
      plan.days_due = plan.days_due && wants(table::databento_futures_ohlcv_1d());
      if (plan.is_due()) due.push_back(std::move(plan));
    }
    std::vector<Result<bars::YearReport>> made(due.size(), bars::YearReport{});
    if (!options_.place.dry_run) roll_up_years(history, due, made);
    for (std::size_t i = 0; i < due.size(); ++i) {
      if (!made[i]) return std::unexpected(std::move(made[i]).error().in(due[i].root));
      const bars::YearPlan& plan = due[i];
      if (plan.hours_due)
        note(table::bars_1h(), plan.root, plan.year, made[i]->hours, made[i]->hours_changed);
      if (plan.days_due)
        note(table::databento_futures_ohlcv_1d(), plan.root, plan.year, made[i]->days,
             made[i]->days_changed);
      report_.utc_days += made[i]->utc_days;
      report_.merged_sundays += made[i]->merged_sundays;
    }
    return {};
  }

  // On this thread and one more: partitions do not depend on each other. After an error no other is
  // begun.
  void roll_up_years(const bars::History& history, const std::vector<bars::YearPlan>& due,
                     std::vector<Result<bars::YearReport>>& made) {
    std::atomic<std::size_t> next = 0;
    std::atomic<bool> failed = false;
    const auto work = [&](bool shows_progress) {
      for (std::size_t i = next++; i < due.size() && !failed; i = next++) {
        made[i] = history.roll_up(due[i]);
        if (!made[i]) failed = true;
        if (!shows_progress) continue;
        ProgressPoint point;
        point.stage = "rolling up";
        point.records = i + 1;
        progress_.at(point);
      }
    };
    std::thread other;
    if (due.size() > 1)
      other = std::thread([&] {
        name_thread("fm-rollup");
        work(false);
      });
    work(true);
    if (other.joinable()) other.join();
  }

  Status live() {
    FM_ASSIGN(auto plans, bars::plan_live(lake_, registry_.calendar(), selection_, parameters_));
    for (bars::LivePlan& plan : plans) {
      if (!wants(table::futures_ohlcv_1h_live())) plan.hours.due.clear();
      if (!wants(table::futures_ohlcv_1d_live())) plan.days.due.clear();
      if (!plan.is_due()) continue;
      bars::LiveReport made;
      if (!options_.place.dry_run) {
        auto report = bars::roll_up_live(lake_, registry_.calendar(), plan);
        if (!report) return std::unexpected(std::move(report).error().in(plan.hours.root));
        made = *report;
      }
      if (!plan.hours.due.empty())
        note(table::futures_ohlcv_1h_live(), plan.hours.root, plan.hours.year, made.hours,
             made.hours_changed);
      if (!plan.days.due.empty())
        note(table::futures_ohlcv_1d_live(), plan.days.root, plan.days.year, made.days,
             made.days_changed);
    }
    return {};
  }

  Status candle_bars() {
    FM_ASSIGN(auto plans, bars::plan_candle_bars(lake_, selection_, parameters_));
    const auto kinds = bars::candle_bar_kinds();
    for (bars::CandleBarPlan& plan : plans) {
      for (std::size_t kind = 0; kind < kinds.size(); ++kind)
        if (!wants(*kinds[kind].table)) plan.kinds[kind].due.clear();
      if (!plan.is_due()) continue;
      bars::CandleBarReport made;
      if (!options_.place.dry_run) {
        auto report = bars::make_candle_bars(lake_, registry_.calendar(), plan);
        if (!report) return std::unexpected(std::move(report).error().in(plan.ticker));
        made = *report;
      }
      for (std::size_t kind = 0; kind < kinds.size(); ++kind)
        if (!plan.kinds[kind].due.empty())
          note(*kinds[kind].table, plan.ticker, plan.year, made.kinds[kind].rows,
               made.kinds[kind].changed);
    }
    return {};
  }

  lake::Lake& lake_;
  const Registry& registry_;
  const RollupOptions& options_;
  std::string parameters_;
  Progress& progress_;
  RollupReport& report_;
  Selection selection_;
  ProgressPoint point_;
};

// Another registry has other sessions, so that all is due again.
Result<std::string> parameters_of(Env& env, const RollupOptions& options) {
  std::string universe;
  if (!options.universe_file.empty()) {
    FM_ASSIGN(const std::string text, read_text(env, options.universe_file));
    universe = fmt::format(",\"universe\":\"{}\"", hash_of(text).hex());
  }
  return fmt::format("{{\"rollup\":{}{}}}", bars::kRollUpVersion, universe);
}

}  // namespace

std::vector<std::string_view> rollup_tables() {
  std::vector<std::string_view> names{
      table::bars_1h().name, table::databento_futures_ohlcv_1d().name,
      table::futures_ohlcv_1h_live().name, table::futures_ohlcv_1d_live().name};
  for (const bars::CandleBarKind& kind : bars::candle_bar_kinds())
    names.push_back(kind.table->name);
  return names;
}

Result<RollupReport> run_rollup(Env& env, const RollupOptions& options, Progress& progress) {
  const Nanos start = env.monotonic();
  FM_TRY(check_tables(options.tables, rollup_tables()));
  FM_ASSIGN(const Registry registry, Registry::load(env, options.universe_file));
  FM_ASSIGN(const std::string parameters, parameters_of(env, options));
  FM_ASSIGN(const DerivedLake opened, open_derived(env, options.place));
  RollupReport report;
  report.dry_run = options.place.dry_run;
  RollupRun run(*opened.lake, registry, options, parameters, progress, report);
  if (options.place.dry_run) {
    FM_TRY(run.all());
    return report;
  }
  FM_ASSIGN(ops::State state, ops::State::open(env, ops::state_file(opened.lake->state_dir())));
  FM_ASSIGN(const std::string run_id,
            state.begin_run({.job = "rollup", .parameters_json = parameters}));
  const Status made = run.all();
  ops::RunEnd end;
  std::uint64_t rows = 0;
  for (const DerivedPartition& partition : report.partitions) rows += partition.rows;
  end.rows_processed = static_cast<std::int64_t>(rows);
  if (!made) end.error_message = made.error().message();
  const Status finished = state.finish_run(run_id, end);
  FM_TRY(Status(made));
  FM_TRY(Status(finished));
  report.seconds = static_cast<double>(env.monotonic() - start) / kNanosPerSecondAsDouble;
  return report;
}

std::string to_text(const RollupReport& report) {
  std::string out = partitions_text(report.partitions, report.dry_run);
  if (report.utc_days > 0)
    out += fmt::format("{} day bars are of UTC days, {} of them with a Sunday merged into Monday\n",
                       report.utc_days, report.merged_sundays);
  return out;
}

std::string to_json(const RollupReport& report) {
  return fmt::format(
      "{{\"dry_run\":{},\"utc_days\":{},\"merged_sundays\":{},\"seconds\":{:.3f},\"partitions\":{}}"
      "}"
      "\n",
      report.dry_run, report.utc_days, report.merged_sundays, report.seconds,
      partitions_json(report.partitions));
}

}  // namespace fm::jobs
