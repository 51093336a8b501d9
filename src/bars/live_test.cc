#include "bars/live.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>

#include "bars/testing_bars.h"
#include "bars/testing_few.h"
#include "lake/expired.h"
#include "table/catalogue.h"

namespace fm::bars {
namespace {

const Date kMonday(2025, 6, 16);

class LiveRollUp : public LakeTest {
 protected:
  // Trade dates that were made again.
  std::vector<std::string> roll_up(lake::Lake& lake) {
    std::vector<std::string> dates;
    const auto plans = plan_live(lake, market::Calendar::builtin(), {}, "{}");
    EXPECT_TRUE(plans) << plans.error().message();
    for (const LivePlan& plan : *plans) {
      for (const Date date : plan.days.due) dates.push_back(date.iso());
      const auto report = roll_up_live(lake, market::Calendar::builtin(), plan);
      EXPECT_TRUE(report) << report.error().message();
    }
    return dates;
  }
  using Lines = std::vector<std::string>;
};

TEST_F(LiveRollUp, MakesTheTradeDatesOfTheDaysThatChanged) {
  const auto& minutes = table::futures_ohlcv_1m_live();
  const TestBar sunday = flat_bar(chicago_summer(kMonday - 1, 17), "ESU5", 10);
  const TestBar monday = flat_bar(chicago_summer(kMonday, 9, 30), "ESU5", 12, 3);
  const TestBar evening = flat_bar(chicago_summer(kMonday, 18, 1), "ESU5", 20, 4);
  store_bars(*lake_, minutes, "ES", {sunday, monday, evening});
  EXPECT_EQ(roll_up(*lake_), (Lines{"2025-06-16", "2025-06-17"}));
  EXPECT_EQ(lines_of(*lake_, table::futures_ohlcv_1h_live(),
                     {"ts_hour", "trade_date", "symbol", "open", "close", "volume"}),
            (Lines{"2025-06-15T22:00:00Z 2025-06-16 ESU5 10 10 1",
                   "2025-06-16T14:00:00Z 2025-06-16 ESU5 12 12 3",
                   "2025-06-16T23:00:00Z 2025-06-17 ESU5 20 20 4"}));
  EXPECT_EQ(lines_of(*lake_, table::futures_ohlcv_1d_live(),
                     {"ts_day", "trade_date", "open", "close", "volume"}),
            (Lines{"2025-06-15T22:00:00Z 2025-06-16 10 12 4",
                   "2025-06-16T22:00:00Z 2025-06-17 20 20 4"}));
  EXPECT_EQ(roll_up(*lake_), Lines{});

  store_bars(*lake_, minutes, "ES",
             {monday, evening, flat_bar(chicago_summer(kMonday, 18, 2), "ESU5", 21)});
  EXPECT_EQ(roll_up(*lake_), (Lines{"2025-06-16", "2025-06-17"})) << "Sunday's stay as they were";
  EXPECT_EQ(lines_of(*lake_, table::futures_ohlcv_1d_live(), {"open", "close", "volume"}),
            (Lines{"10 12 4", "20 21 5"}));
  store_bars(*lake_, minutes, "ES", {flat_bar(chicago_summer(kMonday + 3, 9), "ESU5", 30)});
  EXPECT_EQ(roll_up(*lake_), Lines{"2025-06-20"}) << "Juneteenth's session counts for Friday";
  EXPECT_EQ(lines_of(*lake_, table::futures_ohlcv_1d_live(), {"close"}), (Lines{"12", "21", "30"}));
}

TEST_F(LiveRollUp, ExpiredMinutesLeaveTheirBarsAsTheyAre) {
  const auto& minutes = table::futures_ohlcv_1m_live();
  const auto noon = [](int day, double price) {
    return flat_bar(chicago_summer(kMonday + day, 12), "ESU5", price);
  };
  for (int day = 0; day < 3; ++day) store_bars(*lake_, minutes, "ES", {noon(day, 10 + day)});
  roll_up(*lake_);
  const auto days = [&] { return lines_of(*lake_, table::futures_ohlcv_1d_live(), {"close"}); };
  ASSERT_EQ(days(), (Lines{"10", "11", "12"}));
  table::EmptyStream none(minutes);
  ASSERT_TRUE(lake_->replace(minutes, {.root = "ES", .date = kMonday}, none,
                             {.parameters = std::string(lake::kExpiredParameters)}));
  EXPECT_EQ(roll_up(*lake_), Lines{});
  EXPECT_EQ(days(), (Lines{"10", "11", "12"}));
  // Others go on; lost rows that nobody has expired are still seen.
  store_bars(*lake_, minutes, "ES", {noon(2, 13)});
  roll_up(*lake_);
  EXPECT_EQ(days(), (Lines{"10", "11", "13"}));
  ASSERT_TRUE(lake_->replace(minutes, {.root = "ES", .date = kMonday + 2}, none, {}));
  roll_up(*lake_);
  EXPECT_EQ(days(), (Lines{"10", "11"}));
}

TEST_F(LiveRollUp, TheOrderInWhichDaysComeMakesNoDifference) {
  int run = 0;
  EXPECT_TRUE(holds_for_a_few("any order of days = all at once", [&] {
    const Date first(2024, 12, 30);
    std::map<Date, std::map<Second, TestBar>> days;
    for (int i = *rc::gen::inRange(1, 9); i > 0; --i) {
      const Second time = first.first_second() + *rc::gen::inRange(0, 4 * 24 * 60) * 60;
      days[Date::of_second(time)][time] = flat_bar(time, "ESH5", *rc::gen::inRange(1, 9));
    }
    const auto whole = open("whole" + std::to_string(run));
    const auto pieces = open("pieces" + std::to_string(run++));
    std::vector<std::vector<TestBar>> parts;
    for (const auto& [date, bars] : days) {
      parts.emplace_back();
      for (const auto& [time, bar] : bars) parts.back().push_back(bar);
      store_bars(*whole, table::futures_ohlcv_1m_live(), "ES", parts.back());
    }
    roll_up(*whole);
    const auto order = *rc::gen::container<std::vector<int>>(parts.size(), rc::gen::inRange(0, 99));
    std::vector<std::size_t> places(parts.size());
    for (std::size_t i = 0; i < places.size(); ++i) places[i] = i;
    std::ranges::stable_sort(places, {}, [&](std::size_t i) { return order[i]; });
    for (const std::size_t place : places) {
      store_bars(*pieces, table::futures_ohlcv_1m_live(), "ES", parts[place]);
      if (order[place] % 3 == 0) roll_up(*pieces);
    }
    roll_up(*pieces);
    for (const auto* table : {&table::futures_ohlcv_1h_live(), &table::futures_ohlcv_1d_live()})
      RC_ASSERT(files_of_table(*pieces, *table) == files_of_table(*whole, *table));
  }));
}

}  // namespace
}  // namespace fm::bars
