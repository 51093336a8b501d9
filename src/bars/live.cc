#include "bars/live.h"

#include <algorithm>
#include <map>
#include <utility>

#include "bars/bar_rows.h"
#include "bars/trade_days.h"
#include "lake/expired.h"
#include "table/catalogue.h"

namespace fm::bars {
namespace {

// What is read in one go, so that sorting it needs little memory.
constexpr int kReadDaysMax = 31;
constexpr int kLeadDays = 8;

using DayMap = std::map<Date, std::string>;

Result<std::map<std::string, DayMap>> source_days(const lake::Lake& lake) {
  FM_ASSIGN(const auto manifests, lake.partitions(table::futures_ohlcv_1m_live()));
  std::map<std::string, DayMap> days;
  for (const lake::Manifest& manifest : manifests)
    if (!lake::is_expired(manifest)) days[root_of(manifest)][date_of(manifest)] = manifest.hash;
  return days;
}

// UTC days whose minutes have gone because a retention said so.
Result<std::set<Date>> expired_days(const lake::Lake& lake, const std::string& root) {
  FM_ASSIGN(const auto manifests, lake.partitions(table::futures_ohlcv_1m_live(), root));
  std::set<Date> days;
  for (const lake::Manifest& manifest : manifests)
    if (lake::is_expired(manifest)) days.insert(date_of(manifest));
  return days;
}

// Trade dates of a year that have minutes of these UTC days.
std::set<Date> trade_dates_of(const std::set<Date>& days, TradeDates& dates, int year) {
  std::set<Date> due;
  for (const Date day : days) {
    const Date last = dates.of(day.first_second() + kSecondsPerDay - 1);
    for (Date date = dates.of(day.first_second()); date <= last; date = date + 1)
      if (date.year() == year && (date == last || dates.is_trade_date(date))) due.insert(date);
  }
  return due;
}

Result<DatesPlan> plan_dates(const lake::Lake& lake, const table::Table& table,
                             const std::string& root, int year, const DayMap& days,
                             TradeDates& dates, const std::string& parameters) {
  DatesPlan plan;
  plan.root = root;
  plan.year = year;
  const Date first = Date(year, 1, 1) - kLeadDays;
  std::vector<DaySource> sources;
  for (const auto& [day, hash] : days)
    if (first <= day && day.year() <= year) sources.push_back({day, hash});
  plan.info = {.sources = encode_days(sources), .parameters = parameters};
  FM_ASSIGN(const auto stored, lake.find(table, {.root = root, .date = Date(year, 1, 1)}));
  if (is_current(stored, plan.info)) return plan;
  std::vector<DaySource> before;
  if (stored && stored->parameters == plan.info.parameters &&
      stored->engine_version == plan.info.engine_version) {
    FM_ASSIGN(before, decode_days(stored->sources));
  }
  plan.due = trade_dates_of(changed_days(before, sources), dates, year);
  if (plan.due.empty()) return plan;
  // Trade dates some of whose minutes have gone stay as they are.
  FM_ASSIGN(const auto expired, expired_days(lake, root));
  for (const Date date : trade_dates_of(expired, dates, year)) plan.due.erase(date);
  return plan;
}

// Of dates that lie near each other, the first and the last.
std::vector<std::pair<Date, Date>> stretches(const std::set<Date>& dates) {
  std::vector<std::pair<Date, Date>> all;
  for (const Date date : dates) {
    if (!all.empty() && date - all.back().second <= kLeadDays &&
        date - all.back().first < kReadDaysMax)
      all.back().second = date;
    else
      all.emplace_back(date, date);
  }
  return all;
}

}  // namespace

Result<std::vector<LivePlan>> plan_live(const lake::Lake& lake, const market::Calendar& calendar,
                                        const Selection& selection, const std::string& parameters) {
  FM_ASSIGN(const auto sources, source_days(lake));
  std::vector<LivePlan> plans;
  for (const auto& [root, days] : sources) {
    if (!selection.takes(root)) continue;
    TradeDates dates(calendar, root);
    std::set<int> years;
    for (const auto& [day, hash] : days)
      for (const Date date :
           {dates.of(day.first_second()), dates.of(day.first_second() + kSecondsPerDay - 1)})
        years.insert(date.year());
    for (const int year : years) {
      if (!selection.takes(Date(year, 1, 1), Date(year + 1, 1, 1))) continue;
      LivePlan plan;
      FM_ASSIGN(plan.hours, plan_dates(lake, table::futures_ohlcv_1h_live(), root, year, days,
                                       dates, parameters));
      FM_ASSIGN(plan.days, plan_dates(lake, table::futures_ohlcv_1d_live(), root, year, days, dates,
                                      parameters));
      if (plan.is_due()) plans.push_back(std::move(plan));
    }
  }
  return plans;
}

Result<LiveReport> roll_up_live(lake::Lake& lake, const market::Calendar& calendar,
                                const LivePlan& plan) {
  const std::string& root = plan.hours.root;
  const TradeDates dates(calendar, root);
  std::set<Date> due = plan.hours.due;
  due.insert(plan.days.due.begin(), plan.days.due.end());
  RowList hours(table::futures_ohlcv_1h_live());
  RowList days(table::futures_ohlcv_1d_live());
  for (const auto& [first, last] : stretches(due)) {
    lake::ReadRange range;
    range.root = root;
    range.from = dates.before(first, 1);
    range.before = last + 1;
    range.columns = bar_columns();
    FM_ASSIGN(auto rows, lake.read(table::futures_ohlcv_1m_live(), range));
    RolledDays rolled(std::move(rows), calendar, root, std::string(kMinuteSource),
                      {first, last + 1});
    TradeDay day;
    for (;;) {
      FM_ASSIGN(const bool more, rolled.next(day));
      if (!more) break;
      if (plan.hours.due.contains(day.date))
        for (const HourBar& hour : day.hours) append_live_hour(day, hour, root, hours.space());
      if (plan.days.due.contains(day.date))
        for (const DayBar& bar : days_of(day))
          append_live_day(bar, dates.open_of(day.date), root, days.space());
    }
  }
  LiveReport report;
  const lake::PartitionKey partition{.root = root, .date = Date(plan.hours.year, 1, 1)};
  if (!plan.hours.due.empty()) {
    const auto rows = hours.stream();
    FM_ASSIGN(const auto commit, replace_changed(lake, table::futures_ohlcv_1h_live(), partition,
                                                 *rows, plan.hours.due, plan.hours.info));
    report.hours = commit.rows;
    report.hours_changed = !commit.unchanged;
  }
  if (!plan.days.due.empty()) {
    const auto rows = days.stream();
    FM_ASSIGN(const auto commit, replace_changed(lake, table::futures_ohlcv_1d_live(), partition,
                                                 *rows, plan.days.due, plan.days.info));
    report.days = commit.rows;
    report.days_changed = !commit.unchanged;
  }
  return report;
}

}  // namespace fm::bars
