#include "bars/trade_days.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <map>
#include <tuple>

#include "bars/history.h"
#include "bars/testing_bars.h"
#include "bars/testing_few.h"
#include "table/catalogue.h"

namespace fm::bars {
namespace {

const market::Calendar& calendar() { return market::Calendar::builtin(); }

TEST(TradeDates, TellsTheDateInsideAndOutsideTheSession) {
  const Date monday(2025, 6, 16);
  const struct {
    const char* root;
    Second second;
    Date date;
  } cases[] = {
      {"ES", chicago_summer(monday - 1, 17), monday},  // Sunday's opening
      {"ES", chicago_summer(monday, 15, 59), monday},  // last minute
      {"ES", chicago_summer(monday, 16, 5), monday},   // behind the close
      {"ES", chicago_summer(monday, 16, 59), monday},  // the same hour
      {"ES", chicago_summer(monday, 17), monday + 1},  // the next session
      {"ES", chicago_summer(monday - 2, 12), monday},  // Saturday
      {"ZL", chicago_summer(monday, 8), monday},       // the morning's pause
      {"ZL", chicago_summer(monday, 13, 25), monday},  // behind the close
      {"ZL", chicago_summer(monday, 14), monday + 1},  // the hour after that
      {"ZL", chicago_summer(monday, 19), monday + 1},
      {"ZL", chicago_summer(Date(2025, 6, 18), 20), Date(2025, 6, 20)},  // closed on Juneteenth
  };
  for (const auto& c : cases)
    EXPECT_EQ(TradeDates(calendar(), c.root).of(c.second), c.date)
        << c.root << " " << iso_second(c.second);
}

TEST(TradeDates, NoHourHasMinutesOfTwoTradeDates) {
  EXPECT_TRUE(rc::check("one trade date an hour", [] {
    const auto roots = market::Universe::builtin().roots();
    const auto& root = roots[*rc::gen::inRange<std::size_t>(0, roots.size())];
    const Date day(2010, 6, 6);
    const Second hour = (day + *rc::gen::inRange(0, 5'600)).first_second() +
                        *rc::gen::inRange(0, 24) * kSecondsPerHour;
    TradeDates dates(calendar(), root.name);
    const Date date = dates.of(hour);
    for (int minute = 1; minute < 60; ++minute)
      RC_ASSERT(TradeDates(calendar(), root.name).of(hour + minute * 60) == date);
    RC_ASSERT(dates.of(hour + kSecondsPerHour) >= date);
  }));
}

// Minutes of two weeks, of two contracts and a spread, in random places.
std::vector<TestBar> random_minutes() {
  const Date first(2024, 12, 20);
  std::map<std::pair<Second, std::string>, TestBar> bars;
  const int count = *rc::gen::inRange(1, 120);
  for (int i = 0; i < count; ++i) {
    const Second time = first.first_second() + *rc::gen::inRange(0, 20 * 24 * 60) * 60;
    const std::string symbol = *rc::gen::element<std::string>("ESH5", "ESM5", "ESH5-ESM5");
    const double low = *rc::gen::inRange(-40, 40) * 0.25;
    const double high = low + *rc::gen::inRange(0, 9) * 0.25;
    bars[{time, symbol}] = {time, symbol, low, high, low, high, *rc::gen::inRange(1, 50)};
  }
  std::vector<TestBar> all;
  all.reserve(bars.size());
  for (auto& [key, bar] : bars) all.push_back(bar);
  return all;
}

Result<std::vector<TradeDay>> days_from(TradeDayStream& stream) {
  std::vector<TradeDay> days;
  TradeDay day;
  for (;;) {
    FM_ASSIGN(const bool more, stream.next(day));
    if (!more) return days;
    days.push_back(day);
  }
}

std::unique_ptr<TradeDayStream> rolled(const lake::Lake& lake, const table::Table& table,
                                       const char* source) {
  auto rows = lake.read(table, {});
  EXPECT_TRUE(rows);
  return std::make_unique<RolledDays>(*std::move(rows), calendar(), "ES", source,
                                      DateRange{Date(2000, 1, 1), Date(2100, 1, 1)});
}

// The slow way: every bar of a group looked at again for each value.
using Values = std::tuple<double, double, double, double, std::int64_t, std::int32_t>;
template <class KeyOf>
auto grouped(const std::vector<TestBar>& bars, KeyOf key_of) {
  std::map<decltype(key_of(bars.front())), std::vector<TestBar>> groups;
  for (const TestBar& bar : bars) groups[key_of(bar)].push_back(bar);
  std::map<decltype(key_of(bars.front())), Values> values;
  for (auto& [key, group] : groups) {
    std::ranges::sort(group, {}, &TestBar::time);
    std::int64_t volume = 0;
    for (const TestBar& bar : group) volume += bar.volume;
    values[key] = {group.front().open,
                   std::ranges::max(group, {}, &TestBar::high).high,
                   std::ranges::min(group, {}, &TestBar::low).low,
                   group.back().close,
                   volume,
                   static_cast<std::int32_t>(group.size())};
  }
  return values;
}
Values values_of(const Bar& bar) {
  return {bar.open, bar.high, bar.low, bar.close, bar.volume, bar.bars};
}

class TradeDays : public LakeTest {};

TEST_F(TradeDays, AreWhatASlowGroupingGives) {
  int run = 0;
  EXPECT_TRUE(holds_for_a_few("hours and days", [&] {
    const auto lake = open("lake" + std::to_string(run++));
    const auto minutes = random_minutes();
    store_bars(*lake, table::databento_futures_ohlcv_1m(), "ES", minutes);
    TradeDates dates(calendar(), "ES");
    auto expected_hours = grouped(minutes, [](const TestBar& bar) {
      return std::pair(bar.time - bar.time % kSecondsPerHour, bar.symbol);
    });
    auto expected_days = grouped(
        minutes, [&](const TestBar& bar) { return std::pair(dates.of(bar.time), bar.symbol); });
    const auto days = days_from(*rolled(*lake, table::databento_futures_ohlcv_1m(), "ohlcv-1m"));
    RC_ASSERT(days.has_value());
    for (const TradeDay& day : *days) {
      for (const HourBar& hour : day.hours) {
        RC_ASSERT(dates.of(hour.hour) == day.date);
        RC_ASSERT(expected_hours.at({hour.hour, hour.symbol}) == values_of(hour.bar));
        expected_hours.erase({hour.hour, hour.symbol});
      }
      for (const DayBar& bar : days_of(day)) {
        RC_ASSERT(expected_days.at({bar.date, bar.symbol}) == values_of(bar.bar));
        expected_days.erase({bar.date, bar.symbol});
      }
    }
    RC_ASSERT(expected_hours.empty());
    RC_ASSERT(expected_days.empty());
  }));
}

TEST_F(TradeDays, OfHoursAreThoseOfMinutes) {
  int run = 0;
  EXPECT_TRUE(holds_for_a_few("1m to 1d = 1h to 1d", [&] {
    const auto lake = open("lake" + std::to_string(run++));
    store_bars(*lake, table::databento_futures_ohlcv_1m(), "ES", random_minutes());
    auto history = History::look_at(*lake, calendar(), market::Universe::builtin(), {}, "{}");
    RC_ASSERT(history.has_value());
    for (const YearPlan& year : history->years()) RC_ASSERT(history->roll_up(year).has_value());

    const auto by_minutes =
        days_from(*rolled(*lake, table::databento_futures_ohlcv_1m(), "ohlcv-1m"));
    const auto by_hours = days_from(*rolled(*lake, table::bars_1h(), "ohlcv-1h"));
    RC_ASSERT(by_minutes.has_value() && by_hours.has_value());
    RC_ASSERT(by_minutes->size() == by_hours->size());
    for (std::size_t i = 0; i < by_minutes->size(); ++i) {
      auto one = days_of((*by_minutes)[i]);
      auto other = days_of((*by_hours)[i]);
      RC_ASSERT(one.size() == other.size());
      for (std::size_t j = 0; j < one.size(); ++j) {
        RC_ASSERT(one[j].symbol == other[j].symbol && one[j].date == other[j].date);
        RC_ASSERT(one[j].bar.open == other[j].bar.open && one[j].bar.high == other[j].bar.high);
        RC_ASSERT(one[j].bar.low == other[j].bar.low && one[j].bar.close == other[j].bar.close);
        RC_ASSERT(one[j].bar.volume == other[j].bar.volume);
      }
    }
  }));
}

TEST_F(TradeDays, OfOtherRootsAndDatesAreLeftOut) {
  const Date monday(2025, 6, 16);
  store_bars(*lake_, table::databento_futures_ohlcv_1h(), "NQ",
             {flat_bar(chicago_summer(monday, 10), "NQU5", 100)});
  EXPECT_TRUE(days_from(*rolled(*lake_, table::databento_futures_ohlcv_1h(), "ohlcv-1h"))->empty());

  store_bars(*lake_, table::databento_futures_ohlcv_1m(), "ES",
             {flat_bar(chicago_summer(monday, 10), "ESU5", 1),
              flat_bar(chicago_summer(monday, 17), "ESU5", 2)});
  auto rows = lake_->read(table::databento_futures_ohlcv_1m(), {});
  RolledDays days(*std::move(rows), calendar(), "ES", "ohlcv-1m", {monday, monday + 1});
  const auto all = days_from(days);
  ASSERT_EQ(all->size(), 1U);
  EXPECT_EQ(all->front().date, monday);
  EXPECT_EQ(all->front().hours.size(), 1U);
}

}  // namespace
}  // namespace fm::bars
