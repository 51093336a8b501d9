// Which bars of candles are due, and making them.
#include <algorithm>
#include <map>
#include <utility>

#include "bars/bar_rows.h"
#include "bars/candle_bars.h"
#include "bars/days_in_parts.h"
#include "bars/trade_dates.h"
#include "base/assert.h"
#include "base/hash.h"
#include "lake/expired.h"
#include "table/catalogue.h"

namespace fm::bars {
namespace {

// What the bars of a ticker's trade dates are made from: the hash of a date's seconds and stints.
using DayMap = std::map<Date, std::string>;

Result<std::map<Date, std::string>> stints_of(const lake::Lake& lake, const std::string& ticker,
                                              std::optional<Date> from = {},
                                              std::optional<Date> before = {}) {
  const table::Table& table = table::candle_sessions();
  lake::ReadRange range;
  range.root = ticker;
  range.from = from;
  range.before = before;
  range.columns = {"trade_date", "stints"};
  FM_ASSIGN(const auto rows, lake.read(table, range));
  std::map<Date, std::string> stints;
  table::RowBatch batch(table);
  const std::size_t date = table.column_index("trade_date");
  const std::size_t text = table.column_index("stints");
  for (;;) {
    FM_ASSIGN(const bool more, rows->next(batch));
    if (!more) return stints;
    for (std::size_t row = 0; row < batch.size(); ++row)
      stints[Date::from_days(std::as_const(batch).int32s(date)[row])] = batch.text(text, row);
  }
}

Result<std::map<std::string, DayMap>> source_days(const lake::Lake& lake,
                                                  const Selection& selection) {
  FM_ASSIGN(const auto manifests, lake.partitions(table::candles_1s()));
  std::map<std::string, DayMap> seconds;
  for (const lake::Manifest& manifest : manifests)
    if (selection.takes(root_of(manifest)) && !lake::is_expired(manifest))
      seconds[root_of(manifest)][date_of(manifest)] = manifest.hash;
  std::map<std::string, DayMap> days;
  for (const auto& [ticker, dates] : seconds) {
    FM_ASSIGN(const auto stints, stints_of(lake, ticker));
    for (const auto& [date, hash] : dates)
      if (const auto found = stints.find(date); found != stints.end())
        days[ticker][date] = hash + "-" + hash_of(found->second).hex();
  }
  return days;
}

bool is_by_day(const table::Table& table) { return table.layout == table::LakeLayout::kRootDay; }

// Trade dates whose seconds, or bars, have gone because a retention said so: their bars stay as
// they are.
Result<std::set<Date>> expired_dates(const lake::Lake& lake, const table::Table& table,
                                     const std::string& ticker) {
  std::set<Date> dates;
  for (const table::Table* looked_at : {&table::candles_1s(), &table}) {
    FM_ASSIGN(const auto manifests, lake.partitions(*looked_at, ticker));
    for (const lake::Manifest& manifest : manifests)
      if (is_by_day(*looked_at) && lake::is_expired(manifest)) dates.insert(date_of(manifest));
  }
  return dates;
}

// For a table by day, the trade dates whose partitions are not current; for one by year, those that
// changed since the year's partition was made.
Result<DatesPlan> plan_year(const lake::Lake& lake, const table::Table& table,
                            const std::string& ticker, int year, const DayMap& days,
                            const std::string& parameters) {
  DatesPlan plan;
  plan.root = ticker;
  plan.year = year;
  std::vector<DaySource> sources;
  for (const auto& [day, hash] : days)
    if (day.year() == year) sources.push_back({day, hash});
  plan.info = {.sources = encode_days(sources), .parameters = parameters};
  std::vector<DaySource> before;
  const auto take = [&](const lake::Manifest& stored) -> Status {
    if (stored.parameters != parameters || stored.engine_version != plan.info.engine_version)
      return {};
    FM_ASSIGN(const auto made_from, decode_days(stored.sources));
    before.insert(before.end(), made_from.begin(), made_from.end());
    return {};
  };
  FM_ASSIGN(const auto manifests, lake.partitions(table, ticker));
  for (const lake::Manifest& manifest : manifests)
    if (date_of(manifest).year() == year) FM_TRY(take(manifest));
  plan.due = changed_days(before, sources);
  if (plan.due.empty()) return plan;
  FM_ASSIGN(const auto expired, expired_dates(lake, table, ticker));
  for (const Date date : expired) plan.due.erase(date);
  return plan;
}

}  // namespace

std::array<CandleBarKind, 5> candle_bar_kinds() {
  return {{{&table::candle_bars_1m(), 60},
           {&table::candle_bars_5m(), 5 * 60},
           {&table::candle_bars_15m(), 15 * 60},
           {&table::candle_bars_1h(), kSecondsPerHour},
           {&table::candle_bars_1d(), 0}}};
}

Result<std::vector<CandleBarPlan>> plan_candle_bars(const lake::Lake& lake,
                                                    const Selection& selection,
                                                    const std::string& parameters) {
  FM_ASSIGN(const auto sources, source_days(lake, selection));
  std::vector<CandleBarPlan> plans;
  for (const auto& [ticker, days] : sources) {
    std::set<int> years;
    for (const auto& [day, hash] : days)
      if (selection.takes(Date(day.year(), 1, 1), Date(day.year() + 1, 1, 1)))
        years.insert(day.year());
    for (const int year : years) {
      CandleBarPlan plan;
      plan.ticker = ticker;
      plan.year = year;
      for (std::size_t kind = 0; kind < plan.kinds.size(); ++kind) {
        FM_ASSIGN(plan.kinds[kind],
                  plan_year(lake, *candle_bar_kinds()[kind].table, ticker, year, days, parameters));
      }
      if (plan.is_due()) plans.push_back(std::move(plan));
    }
  }
  return plans;
}

bool CandleBarPlan::is_due() const {
  return std::ranges::any_of(kinds, [](const DatesPlan& kind) { return !kind.due.empty(); });
}

namespace {

// The bars of one ticker and year on their way into the lake.
class YearOfBars {
 public:
  YearOfBars(lake::Lake& lake, const market::Calendar& calendar, const CandleBarPlan& plan)
      : lake_(lake), plan_(plan), dates_(calendar, plan.ticker) {
    for (const CandleBarKind& kind : candle_bar_kinds()) rows_.emplace_back(*kind.table);
  }

  Result<CandleBarReport> make() {
    std::set<Date> due;
    for (const DatesPlan& kind : plan_.kinds) due.insert(kind.due.begin(), kind.due.end());
    FM_ASSERT(!due.empty());
    FM_ASSIGN(const auto stints, stints_of(lake_, plan_.ticker, *due.begin(), *due.rbegin() + 1));
    for (const Date date : due) {
      // Gone with its account: it has no bars any more.
      const auto found = stints.find(date);
      FM_TRY(add(date, found != stints.end() ? found->second : "[]"));
    }
    for (std::size_t kind = 0; kind < rows_.size(); ++kind) FM_TRY(commit_year(kind));
    return report_;
  }

 private:
  Status add(Date date, const std::string& stints_json) {
    FM_ASSIGN(const std::vector<Stint> stints, decode_stints(stints_json));
    lake::ReadRange range;
    range.root = plan_.ticker;
    range.from = date;
    range.before = date + 1;
    FM_ASSIGN(const auto stored, lake_.read(table::candles_1s(), range));
    FM_ASSIGN(const auto seconds, front_seconds(*stored, stints));
    for (std::size_t kind = 0; kind < rows_.size(); ++kind) {
      if (!plan_.kinds[kind].due.contains(date)) continue;
      const CandleBarKind what = candle_bar_kinds()[kind];
      for (const CandleBar& bar : candle_bars(seconds, what.seconds, dates_.open_of(date)))
        append_candle_bar(bar, stints, plan_.ticker, date, rows_[kind].space());
      if (is_by_day(*what.table)) FM_TRY(commit_day(kind, date));
    }
    return {};
  }

  Status commit_day(std::size_t kind, Date date) {
    FM_ASSIGN(const auto sources, decode_days(plan_.kinds[kind].info.sources));
    std::vector<DaySource> source;
    for (const DaySource& day : sources)
      if (day.day == date) source.push_back(day);
    lake::CommitInfo info = plan_.kinds[kind].info;
    info.sources = encode_days(source);
    const table::Table& table = *candle_bar_kinds()[kind].table;
    const auto rows = rows_[kind].stream();
    FM_ASSIGN(const auto committed,
              lake_.replace(table, {.root = plan_.ticker, .date = date}, *rows, info));
    note(kind, committed);
    rows_[kind] = RowList(table);
    return {};
  }

  Status commit_year(std::size_t kind) {
    const table::Table& table = *candle_bar_kinds()[kind].table;
    if (is_by_day(table) || plan_.kinds[kind].due.empty()) return {};
    const auto rows = rows_[kind].stream();
    FM_ASSIGN(const auto committed,
              replace_changed(lake_, table, {.root = plan_.ticker, .date = Date(plan_.year, 1, 1)},
                              *rows, plan_.kinds[kind].due, plan_.kinds[kind].info));
    note(kind, committed);
    return {};
  }

  void note(std::size_t kind, const lake::CommitReport& committed) {
    report_.kinds[kind].rows += committed.rows;
    report_.kinds[kind].changed = report_.kinds[kind].changed || !committed.unchanged;
  }

  lake::Lake& lake_;
  const CandleBarPlan& plan_;
  TradeDates dates_;
  std::vector<RowList> rows_;  // by kind
  CandleBarReport report_;
};

}  // namespace

Result<CandleBarReport> make_candle_bars(lake::Lake& lake, const market::Calendar& calendar,
                                         const CandleBarPlan& plan) {
  return YearOfBars(lake, calendar, plan).make();
}

}  // namespace fm::bars
