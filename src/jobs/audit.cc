#include "jobs/audit.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>
#include <iterator>
#include <map>
#include <mutex>
#include <set>
#include <thread>
#include <utility>

#include "bars/compare.h"
#include "bars/contract_history.h"
#include "base/thread.h"
#include "jobs/audit_accounts.h"
#include "jobs/audit_candles.h"
#include "jobs/audit_knowledge.h"
#include "jobs/audit_seam.h"
#include "jobs/registry.h"
#include "lake/lake.h"

namespace fm::jobs {
namespace {

using quality::AuditReport;
using quality::Check;
using quality::SeriesReport;

struct BarTable {
  std::string_view timeframe;
  const table::Table& (*table)();
  Second slot_seconds;
  std::string_view schema;  // of the vendor's files; empty: not from files
};

constexpr std::array kBarTables{
    BarTable{"1s", table::databento_futures_ohlcv_1s, 1, "ohlcv-1s"},
    BarTable{"1m", table::databento_futures_ohlcv_1m, 60, "ohlcv-1m"},
    BarTable{"1h", table::databento_futures_ohlcv_1h, 3'600, "ohlcv-1h"},
    BarTable{"1d", table::databento_futures_ohlcv_1d_utc, kSecondsPerDay, "ohlcv-1d"},
    BarTable{"1m_live", table::futures_ohlcv_1m_live, 60, ""},
};
constexpr std::string_view kCandles = "candles";

// One root's rows of one table; all roots', where partitions hold all.
struct Task {
  const BarTable* bars = nullptr;  // null: candles
  std::string root;                // empty: all
  std::vector<int> years;          // with partitions
  std::uint64_t rows = 0;
};

class Audit {
 public:
  Audit(Env& env, const AuditOptions& options, Progress& progress)
      : env_(env), options_(options), progress_(progress) {}

  Result<AuditReport> run();

 private:
  [[nodiscard]] bool wants(std::string_view timeframe) const;
  [[nodiscard]] bool wants_root(const std::string& root) const;
  Status find_tasks();
  Status find_tasks(const table::Table& table, const BarTable* bars);
  Result<std::vector<SeriesReport>> audit(const Task& task);
  Result<std::vector<SeriesReport>> audit_bars(const Task& task);
  quality::BarAudit begin(const Task& task, const std::string& root) const;
  void note_overlaps(const BarTable& bars, SeriesReport& series) const;
  Status work();
  Status check_options() const;
  Status note_expiries(AuditReport& report) const;
  Status plan(AuditReport& report) const;

  Env& env_;
  const AuditOptions& options_;
  Progress& progress_;
  std::optional<Registry> registry_;
  std::unique_ptr<lake::Lake> lake_;
  AuditKnowledge knowledge_;
  std::vector<Task> tasks_;

  std::mutex mutex_;
  std::size_t next_ = 0;
  ProgressPoint point_;
  std::vector<SeriesReport> done_;
  std::vector<quality::Seam> seams_;
  Status failure_;
};

bool Audit::wants(std::string_view timeframe) const {
  return options_.timeframes.empty() ||
         std::ranges::find(options_.timeframes, timeframe) != options_.timeframes.end();
}

bool Audit::wants_root(const std::string& root) const {
  return options_.roots.empty() || std::ranges::find(options_.roots, root) != options_.roots.end();
}

Status Audit::find_tasks(const table::Table& table, const BarTable* bars) {
  FM_ASSIGN(const std::vector<lake::Manifest> manifests, lake_->partitions(table));
  std::map<std::string, Task> by_root;
  for (const lake::Manifest& manifest : manifests) {
    const auto [root, date] = manifest.key();
    if ((!root.empty() && !wants_root(root)) || manifest.rows == 0) continue;
    Task& task = by_root[root];
    task.bars = bars;
    task.root = root;
    task.rows += manifest.rows;
    if (task.years.empty() || task.years.back() != date.year()) task.years.push_back(date.year());
  }
  for (auto& [root, task] : by_root) {
    std::ranges::sort(task.years);
    task.years.erase(std::ranges::unique(task.years).begin(), task.years.end());
    tasks_.push_back(std::move(task));
  }
  return {};
}

Status Audit::find_tasks() {
  for (const BarTable& bars : kBarTables)
    if (wants(bars.timeframe)) FM_TRY(find_tasks(bars.table(), &bars));
  if (wants(kCandles)) FM_TRY(find_tasks(table::candle_sessions(), nullptr));
  return {};
}

void Audit::note_overlaps(const BarTable& bars, SeriesReport& series) const {
  const auto found = quality::overlaps(knowledge_.files, series.root, bars.schema);
  if (found.empty()) return;
  quality::FindingLog log;
  for (const quality::FileOverlap& overlap : found)
    log.add(Check::kOverlap, overlap.both.from, [&] {
      return fmt::format("{} and {}: {} to {}", overlap.other, overlap.path,
                         iso_second(overlap.both.from), iso_second(overlap.both.to));
    });
  std::ranges::move(std::move(log).take(), std::back_inserter(series.findings));
}

quality::BarAudit Audit::begin(const Task& task, const std::string& root) const {
  const quality::BarAuditOptions options{
      .root = root,
      .timeframe = std::string(task.bars->timeframe),
      .slot_seconds = task.bars->slot_seconds,
      .from = options_.from.value_or(Date(task.years.front(), 1, 1)),
      // A trade date may begin in the evening of the year before.
      .to = options_.to.value_or(Date(task.years.back(), 12, 31) + 4),
      .first_bar_begins = !options_.from,
      .last_bar_ends = !options_.to};
  return {task.bars->table(), registry_->universe(), registry_->calendar(), options,
          knowledge_.of(root, task.bars->schema)};
}

// The audits under way, by root; rows of a root come in order, roots in any.
class ByRoot {
 public:
  using Begin = std::function<std::optional<quality::BarAudit>(const std::string& root)>;
  // `root` is every row's, or empty: then rows say it themselves.
  ByRoot(const table::Table& table, const std::string& root, Begin begin)
      : column_(root.empty() ? table.find_column("root") : std::nullopt), begin_(std::move(begin)) {
    if (!root.empty()) audits_.try_emplace(root, begin_(root));
  }

  void take(const table::RowBatch& batch) {
    if (!column_) return audits_.begin()->second->take(batch);
    for (std::size_t row = 0; row < batch.size(); ++row) {
      const std::string_view root = batch.text(*column_, row);
      auto found = audits_.find(root);
      if (found == audits_.end())
        found = audits_.try_emplace(std::string(root), begin_(std::string(root))).first;
      if (found->second) found->second->take(batch, row);
    }
  }

  [[nodiscard]] std::vector<SeriesReport> finish() {
    std::vector<SeriesReport> reports;
    for (auto& [root, audit] : audits_)
      if (audit) reports.push_back(audit->finish());
    return reports;
  }

 private:
  std::optional<std::size_t> column_;
  Begin begin_;
  std::map<std::string, std::optional<quality::BarAudit>, std::less<>> audits_;  // none: unwanted
};

// Our hours, where they were made from minutes, against the vendor's.
Status note_different_hours(const lake::Lake& lake, SeriesReport& series) {
  if (!series.first) return {};
  FM_ASSIGN(const bars::HourComparison compared,
            bars::compare_hours(lake, series.root, Date::of_second(*series.first),
                                Date::of_second(*series.last) + 1, quality::kFindingExamplesMax));
  if (compared.different == 0) return {};
  quality::Finding finding{.check = Check::kDifferentBars,
                           .count = compared.different,
                           .first = compared.differences.front().hour,
                           .last = compared.differences.back().hour,
                           .examples = {}};
  for (const bars::DifferentHour& hour : compared.differences)
    finding.examples.push_back(
        fmt::format("{} {}: {}", iso_second(hour.hour), hour.symbol, bars::name(hour.difference)));
  series.findings.push_back(std::move(finding));
  return {};
}

Result<std::vector<SeriesReport>> Audit::audit_bars(const Task& task) {
  const table::Table& table = task.bars->table();
  ByRoot audits(table, task.root, [&](const std::string& root) -> std::optional<quality::BarAudit> {
    if (!wants_root(root)) return std::nullopt;
    return begin(task, root);
  });
  lake::ReadRange range{.root = task.root, .columns = quality::audited_columns(table)};
  table::RowBatch batch(table);
  for (const int year : task.years) {
    // A UTC date may belong to the trade date before or behind it.
    if (options_.from && Date(year, 12, 31) + 4 < *options_.from) continue;
    if (options_.to && Date(year, 1, 1) > *options_.to) continue;
    range.from = Date(year, 1, 1);
    range.before = Date(year + 1, 1, 1);
    if (options_.from) range.from = std::max(*range.from, *options_.from - 4);
    if (options_.to) range.before = std::min(*range.before, *options_.to + 1);
    FM_ASSIGN(const lake::RowCursor rows, lake_->read(table, range));
    while (true) {
      FM_ASSIGN(const bool more, rows->next(batch));
      if (!more) break;
      audits.take(batch);
    }
  }
  std::vector<SeriesReport> reports = audits.finish();
  for (SeriesReport& series : reports) {
    note_overlaps(*task.bars, series);
    if (&table == &table::databento_futures_ohlcv_1h())
      FM_TRY(note_different_hours(*lake_, series));
    if (task.bars->schema.empty()) {
      FM_ASSIGN(quality::Seam seam, note_seam(*lake_, registry_->calendar(), table,
                                              table::databento_futures_ohlcv_1m(), series));
      const std::lock_guard lock(mutex_);
      seams_.push_back(std::move(seam));
    }
  }
  return reports;
}

Result<std::vector<SeriesReport>> Audit::audit(const Task& task) {
  if (task.bars != nullptr) return audit_bars(task);
  FM_ASSIGN(SeriesReport candles, audit_candles(*lake_, registry_->calendar(),
                                                {.root = task.root,
                                                 .from = options_.from,
                                                 .to = options_.to,
                                                 .repaired = knowledge_.repaired}));
  std::vector<SeriesReport> reports;
  reports.push_back(std::move(candles));
  return reports;
}

// Definitions against the registry's rules, once for each root.
Status Audit::note_expiries(AuditReport& report) const {
  FM_ASSIGN(const auto by_root, bars::read_expirations(*lake_));
  std::set<std::string_view> seen;
  for (SeriesReport& series : report.series) {
    const auto known = by_root.find(series.root);
    if (known == by_root.end() || !seen.insert(series.root).second) continue;
    quality::FindingLog log;
    for (const bars::DifferentExpiry& expiry : bars::different_expiries(
             known->second, {registry_->universe().find(series.root), &registry_->calendar()}))
      log.add(Check::kExpiryRule, expiry.defined.first_second(), [&] {
        return fmt::format("{}: its definition says {}, the rule {}", expiry.symbol,
                           expiry.defined.iso(), expiry.by_rule.iso());
      });
    std::ranges::move(std::move(log).take(), std::back_inserter(series.findings));
  }
  return {};
}

// Takes task after task; the first failure ends all.
Status Audit::work() {
  while (true) {
    std::size_t mine = 0;
    {
      const std::lock_guard lock(mutex_);
      if (next_ == tasks_.size() || !failure_) return failure_;
      mine = next_++;
    }
    auto series = audit(tasks_[mine]);
    const std::lock_guard lock(mutex_);
    if (!series) {
      if (failure_) failure_ = std::unexpected(series.error());
      return failure_;
    }
    std::ranges::move(*series, std::back_inserter(done_));
    point_.records += tasks_[mine].rows;
    point_.bytes_read += tasks_[mine].rows;
    progress_.at(point_);
  }
}

Status Audit::plan(AuditReport& report) const {
  quality::PlanOptions plan{
      .roots = options_.roots, .schemas = {}, .from = options_.plan_from, .to = options_.plan_to};
  for (const std::string& schema : options_.plan_schemas)
    plan.schemas.push_back(
        {schema, std::ranges::find(kBarTables, schema, &BarTable::schema)->slot_seconds});
  if (plan.roots.empty())
    for (const market::Root& root : registry_->universe().roots()) plan.roots.push_back(root.name);
  std::vector<quality::Density> densities;
  for (const SeriesReport& series : report.series) {
    const auto bars = std::ranges::find(kBarTables, series.timeframe, &BarTable::timeframe);
    if (bars == kBarTables.end() || bars->schema.empty()) continue;
    const std::uint64_t slots = series.expected() - series.count(quality::SlotState::kNotLoaded);
    if (slots > 0)
      densities.push_back({series.root, std::string(bars->schema),
                           static_cast<double>(series.rows) / static_cast<double>(slots)});
  }
  report.plan = quality::missing_downloads(knowledge_.files, plan, registry_->universe(),
                                           registry_->calendar(), densities);
  report.planned = true;
  return {};
}

// Before anything is read: an audit may take a while.
Status Audit::check_options() const {
  for (const std::string& timeframe : options_.timeframes)
    if (const auto all = audit_timeframes(); std::ranges::find(all, timeframe) == all.end())
      return fail(Code::kInvalidArgument, "there is no timeframe {}; there are {}", timeframe,
                  fmt::join(all, ", "));
  for (const std::string& schema : options_.plan_schemas)
    if (schema.empty() ||
        std::ranges::find(kBarTables, schema, &BarTable::schema) == kBarTables.end())
      return fail(Code::kInvalidArgument,
                  "cannot plan for schema {}; expected ohlcv-1s, ohlcv-1m, ohlcv-1h or ohlcv-1d",
                  schema);
  const auto lake = env_.info(options_.lake);
  if (lake && lake->is_directory) return {};
  return std::unexpected(Error(Code::kNotFound, fmt::format("{}: there is no lake", options_.lake))
                             .hint("Name it by --lake DIR or the key `lake`."));
}

Result<AuditReport> Audit::run() {
  FM_TRY(check_options());
  const Nanos began = env_.monotonic();
  FM_ASSIGN(registry_, Registry::load(env_, options_.universe_file));
  lake_ = lake::Lake::view(env_, options_.lake, {.state_dir = options_.state_dir});
  FM_ASSIGN(knowledge_, read_audit_knowledge(env_, *lake_, lake_->state_dir(), options_.dataset));
  FM_TRY(find_tasks());
  // The largest first, so that the threads end together.
  std::ranges::stable_sort(tasks_, std::greater{}, &Task::rows);
  for (const Task& task : tasks_) point_.bytes_total += task.rows;
  point_.stage = "auditing";
  {
    std::vector<std::jthread> threads;
    for (int i = 1; i < options_.threads; ++i)
      threads.emplace_back([this] {
        name_thread("fm-audit");
        static_cast<void>(work());
      });
    static_cast<void>(work());
  }
  FM_TRY(failure_);

  AuditReport report;
  report.dataset = options_.dataset;
  report.made_at = second_of(env_.now());
  report.series = std::move(done_);
  const auto rank = [](const SeriesReport& series) {
    const auto all = audit_timeframes();
    return std::pair(std::ranges::find(all, series.timeframe) - all.begin(), series.root);
  };
  std::ranges::sort(report.series, {}, rank);
  FM_TRY(note_expiries(report));
  quality::note_uneven_ranges(report.series, registry_->universe(), registry_->calendar());
  for (const std::string& root : options_.roots)
    if (std::ranges::find(report.series, root, &SeriesReport::root) == report.series.end())
      report.absent_roots.push_back(root);
  report.seams = std::move(seams_);
  std::ranges::sort(report.seams, {}, &quality::Seam::root);
  FM_ASSIGN(report.kept, read_kept_tables(*lake_, options_.retention));
  FM_ASSIGN(report.backup, read_backup_account(env_, lake_->state_dir()));
  if (!options_.plan_schemas.empty()) {
    FM_TRY(plan(report));
    ask_costs(env_, options_, report);
  }
  report.seconds = static_cast<double>(env_.monotonic() - began) / 1e9;
  return report;
}

}  // namespace

std::vector<std::string> audit_timeframes() {
  std::vector<std::string> names;
  names.reserve(kBarTables.size() + 1);
  for (const BarTable& bars : kBarTables) names.emplace_back(bars.timeframe);
  names.emplace_back(kCandles);
  return names;
}

Result<AuditReport> run_audit(Env& env, const AuditOptions& options, Progress& progress) {
  return Audit(env, options, progress).run();
}

}  // namespace fm::jobs
