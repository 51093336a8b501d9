#include "bars/history.h"

#include <algorithm>
#include <utility>

#include "bars/bar_rows.h"
#include "bars/sources.h"
#include "bars/statistics.h"
#include "bars/utc_days.h"
#include "base/assert.h"
#include "table/catalogue.h"

namespace fm::bars {
namespace {

using lake::Manifest;

// Bars of a year's first trade dates may begin this many days before it: a weekend and holidays.
constexpr int kLeadDays = 8;
// Settlements and open interest of a year's last dates, and their corrections, arrive in the next.
constexpr unsigned kStatisticsUntilMonth = 3;

DateRange dates_of(int year) { return {Date(year, 1, 1), Date(year + 1, 1, 1)}; }

// Partitions of one kind of source by root and year; of a table of all roots, for each root that
// occurs in it.
using ByYear = std::map<int, Manifest>;
using ByRoot = std::map<std::string, ByYear>;

Result<ByRoot> partitions_by_root(const lake::Lake& lake, const table::Table& table) {
  FM_ASSIGN(const auto manifests, lake.partitions(table));
  ByRoot by_root;
  for (const Manifest& manifest : manifests)
    if (manifest.rows > 0) by_root[root_of(manifest)].emplace(date_of(manifest).year(), manifest);
  return by_root;
}

Result<std::set<std::string>> roots_in(const lake::Lake& lake, const table::Table& table,
                                       int year) {
  std::set<std::string> roots;
  const auto rows = read_years(lake, table, "", Date(year, 1, 1), Date(year + 1, 1, 1), {"root"});
  table::RowBatch batch(table);
  const std::size_t column = table.column_index("root");
  for (;;) {
    FM_ASSIGN(const bool more, rows->next(batch));
    if (!more) return roots;
    for (std::size_t code = 0; code < batch.text_count(column); ++code)
      roots.emplace(batch.text_of_code(column, static_cast<std::int32_t>(code)));
  }
}

Result<ByRoot> partitions_of_all_roots(const lake::Lake& lake, const table::Table& table) {
  FM_ASSIGN(const ByRoot all, partitions_by_root(lake, table));
  ByRoot by_root;
  for (const auto& [none, years] : all) {
    for (const auto& [year, manifest] : years) {
      FM_ASSIGN(const auto roots, roots_in(lake, table, year));
      for (const std::string& root : roots) by_root[root].emplace(year, manifest);
    }
  }
  return by_root;
}

const Manifest* find(const ByRoot& by_root, const std::string& root, int year) {
  const auto years = by_root.find(root);
  if (years == by_root.end()) return nullptr;
  const auto found = years->second.find(year);
  return found == years->second.end() ? nullptr : &found->second;
}

// Adds the sources of a year: its own bars, and those of its first trade dates' beginning.
void add_years(const ByRoot& by_root, const std::string& root, int year, Sources& sources) {
  for (const int source : {year - 1, year})
    if (const Manifest* manifest = find(by_root, root, source)) sources.add(*manifest);
}

using Targets = std::map<std::string, std::set<int>>;

bool has(const Targets& targets, const std::string& root, int year) {
  const auto years = targets.find(root);
  return years != targets.end() && years->second.contains(year);
}

// A year's last evening may belong to the next year's first trade date.
Targets target_years(const ByRoot& by_root, const market::Calendar& calendar) {
  Targets targets;
  for (const auto& [root, years] : by_root) {
    TradeDates dates(calendar, root);
    for (const auto& [year, manifest] : years) {
      targets[root].insert(year);
      const auto last = std::ranges::max_element(manifest.files, {}, &lake::DataFile::last_second);
      if (last != manifest.files.end() && last->last_second)
        targets[root].insert(dates.of(*last->last_second).year());
    }
  }
  return targets;
}

// Hours as rows; the days that go with them are handed on.
class HourRows final : public table::RowStream {
 public:
  HourRows(TradeDayStream& days, std::string root, std::vector<DayRow>& day_rows)
      : days_(&days), root_(std::move(root)), day_rows_(&day_rows) {}

  const table::Table& table() const override { return table::bars_1h(); }

  Result<bool> next(table::RowBatch& batch) override {
    batch.clear();
    while (!batch.full()) {
      if (next_ == day_.hours.size()) {
        next_ = 0;
        FM_ASSIGN(const bool more, days_->next(day_));
        if (!more) {
          day_.hours.clear();
          break;
        }
        for (DayBar& day : days_of(day_))
          day_rows_->push_back({.day = std::move(day), .source = day_.source});
      }
      append_hour(day_, day_.hours[next_++], root_, batch);
    }
    return batch.size() > 0;
  }

 private:
  TradeDayStream* days_;
  std::string root_;
  std::vector<DayRow>* day_rows_;
  TradeDay day_;
  std::size_t next_ = 0;
};

Status drain(table::RowStream& rows) {
  table::RowBatch batch(rows.table());
  for (;;) {
    FM_ASSIGN(const bool more, rows.next(batch));
    if (!more) return {};
  }
}

// Dates that no finer bars have, from the bars of UTC days.
void add_utc_days(std::vector<UtcDayBar> utc, std::vector<DayRow>& rows) {
  std::set<Date> dates;
  for (const DayRow& row : rows) dates.insert(row.day.date);
  for (UtcDayBar& day : utc)
    if (!dates.contains(day.day.date))
      rows.push_back({.day = std::move(day.day),
                      .source = std::string(kDaySource),
                      .basis_is_utc = true,
                      .merged_sunday = day.merged_sunday});
  std::ranges::sort(rows, {}, [](const DayRow& row) {
    return std::pair<Date, std::string_view>(row.day.date, row.day.symbol);
  });
}

}  // namespace

Result<History> History::look_at(lake::Lake& lake, const market::Calendar& calendar,
                                 const market::Universe& universe, const Selection& selection,
                                 const std::string& parameters) {
  FM_ASSIGN(const ByRoot minutes, partitions_by_root(lake, table::databento_futures_ohlcv_1m()));
  FM_ASSIGN(const ByRoot hours, partitions_of_all_roots(lake, table::databento_futures_ohlcv_1h()));
  FM_ASSIGN(const ByRoot days,
            partitions_of_all_roots(lake, table::databento_futures_ohlcv_1d_utc()));
  FM_ASSIGN(const ByRoot statistics, partitions_by_root(lake, table::databento_statistics()));
  FM_ASSIGN(const ByRoot stored_hours, partitions_by_root(lake, table::bars_1h()));
  FM_ASSIGN(const ByRoot stored_days,
            partitions_by_root(lake, table::databento_futures_ohlcv_1d()));

  const Targets of_minutes = target_years(minutes, calendar);
  const Targets of_hours = target_years(hours, calendar);
  const Targets of_days = target_years(days, calendar);
  Targets targets;
  for (const Targets* source : {&of_minutes, &of_hours, &of_days})
    for (const auto& [root, years] : *source) targets[root].insert(years.begin(), years.end());

  const auto stored = [](const ByRoot& by_root, const std::string& root, int year) {
    const Manifest* manifest = find(by_root, root, year);
    return manifest != nullptr ? std::optional(*manifest) : std::nullopt;
  };
  History history(lake, calendar, universe);
  for (const auto& [root, years] : targets) {
    if (!selection.takes(root)) continue;
    for (const int year : years) {
      if (!selection.takes(dates_of(year).first, dates_of(year).end)) continue;
      YearPlan plan;
      plan.root = root;
      plan.year = year;
      plan.has_minutes = has(of_minutes, root, year);
      plan.has_hours = has(of_hours, root, year);
      plan.has_days = has(of_days, root, year);
      Sources sources;
      add_years(minutes, root, year, sources);
      add_years(hours, root, year, sources);
      plan.hours_info = {.sources = sources.json(), .parameters = parameters};
      add_years(days, root, year, sources);
      for (const int known : {year, year + 1})
        if (const Manifest* manifest = find(statistics, root, known)) sources.add(*manifest);
      plan.days_info = {.sources = sources.json(), .parameters = parameters};
      plan.hours_due = (plan.has_minutes || plan.has_hours) &&
                       !is_current(stored(stored_hours, root, year), plan.hours_info);
      plan.days_due = !is_current(stored(stored_days, root, year), plan.days_info);
      history.years_.push_back(std::move(plan));
    }
  }
  return history;
}

std::unique_ptr<TradeDayStream> History::trade_days(const YearPlan& plan) const {
  const DateRange dates = dates_of(plan.year);
  const auto rolled = [&](const table::Table& table, std::string_view source) {
    std::vector<std::string_view> columns = bar_columns();
    if (table.root_column.empty()) columns.push_back("root");
    return std::make_unique<RolledDays>(
        read_years(*lake_, table, plan.root, dates.first - kLeadDays, dates.end,
                   std::move(columns)),
        *calendar_, plan.root, std::string(source), dates);
  };
  auto minutes = rolled(table::databento_futures_ohlcv_1m(), kMinuteSource);
  if (!plan.has_hours) return minutes;
  auto hours = rolled(table::databento_futures_ohlcv_1h(), kHourSource);
  if (!plan.has_minutes) return hours;
  return std::make_unique<PreferredDays>(std::move(minutes), std::move(hours));
}

Result<YearReport> History::roll_up(const YearPlan& plan) const {
  const DateRange dates = dates_of(plan.year);
  YearReport report;
  std::vector<DayRow> day_rows;
  if (plan.has_minutes || plan.has_hours) {
    const auto days = trade_days(plan);
    HourRows hours(*days, plan.root, day_rows);
    if (plan.hours_due) {
      FM_ASSIGN(const lake::CommitReport commit,
                lake_->replace(table::bars_1h(), {.root = plan.root, .date = dates.first}, hours,
                               plan.hours_info));
      report.hours = commit.rows;
      report.hours_changed = !commit.unchanged;
    } else {
      FM_TRY(drain(hours));
    }
  }
  if (!plan.days_due) return report;
  if (plan.has_days) {
    std::vector<std::string_view> columns = bar_columns();
    columns.push_back("root");
    const auto rows = read_years(*lake_, table::databento_futures_ohlcv_1d_utc(), "",
                                 dates.first - kLeadDays, dates.end, std::move(columns));
    FM_ASSIGN(auto utc, utc_days(*rows, plan.root, dates));
    add_utc_days(std::move(utc), day_rows);
  }
  StatisticsBook statistics;
  const auto statistic_rows =
      read_years(*lake_, table::databento_statistics(), plan.root, dates.first,
                 Date(plan.year + 1, kStatisticsUntilMonth, 1), statistics_columns());
  FM_TRY(statistics.read(*statistic_rows));

  RowList rows(table::databento_futures_ohlcv_1d());
  const market::Root* info = universe_->find(plan.root);
  for (const DayRow& row : day_rows) {
    append_day(row, plan.root, statistics.find(row.day.symbol, row.day.date), info, rows.space());
    report.utc_days += row.basis_is_utc ? 1 : 0;
    report.merged_sundays += row.merged_sunday ? 1 : 0;
  }
  const auto stream = rows.stream();
  FM_ASSIGN(const lake::CommitReport commit,
            lake_->replace(table::databento_futures_ohlcv_1d(),
                           {.root = plan.root, .date = dates.first}, *stream, plan.days_info));
  report.days = commit.rows;
  report.days_changed = !commit.unchanged;
  return report;
}

}  // namespace fm::bars
