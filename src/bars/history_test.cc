#include "bars/history.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>

#include "bars/testing_bars.h"
#include "bars/testing_few.h"
#include "table/catalogue.h"

namespace fm::bars {
namespace {

const Date kMonday(2025, 6, 16);

class HistoryTest : public LakeTest {
 protected:
  // Rolls up what is due, and says which partitions that was.
  std::vector<std::string> roll_up(lake::Lake& lake, const Selection& selection = {}) {
    std::vector<std::string> done;
    auto history = History::look_at(lake, market::Calendar::builtin(), market::Universe::builtin(),
                                    selection, "{}");
    EXPECT_TRUE(history) << history.error().message();
    if (!history) return done;
    for (const YearPlan& year : history->years()) {
      if (!year.is_due()) continue;
      const auto report = history->roll_up(year);
      EXPECT_TRUE(report) << report.error().message();
      done.push_back(year.root + " " + std::to_string(year.year));
    }
    return done;
  }
  std::vector<std::string> days(std::initializer_list<std::string_view> columns) {
    return lines_of(*lake_, table::databento_futures_ohlcv_1d(), columns);
  }
  using Lines = std::vector<std::string>;
};

TEST_F(HistoryTest, MakesHoursAndDaysOfTheTradeDate) {
  store_bars(*lake_, table::databento_futures_ohlcv_1m(), "ES",
             {{chicago_summer(kMonday - 1, 17, 0), "ESU5", 10, 12, 9, 11, 2},
              {chicago_summer(kMonday - 1, 17, 1), "ESU5", 11, 15, 11, 14, 6},
              {chicago_summer(kMonday, 9, 30), "ESU5", 14, 14, 8, 13, 4},
              {chicago_summer(kMonday, 9, 30), "ESU5-ESZ5", 1, 1, -2, -1, 3},
              {chicago_summer(kMonday, 17, 0), "ESU5", 20, 20, 20, 20, 1}});
  EXPECT_EQ(roll_up(*lake_), Lines{"ES 2025"});
  EXPECT_EQ(lines_of(*lake_, table::bars_1h(),
                     {"ts_event", "symbol", "trade_date", "open", "high", "low", "close", "volume",
                      "vwap", "minutes", "is_spread", "delivery", "source"}),
            (Lines{"2025-06-15T22:00:00Z ESU5 2025-06-16 10 15 9 14 8 13.25 2 no 2025-09-01 "
                   "ohlcv-1m",
                   "2025-06-16T14:00:00Z ESU5 2025-06-16 14 14 8 13 4 13 1 no 2025-09-01 ohlcv-1m",
                   "2025-06-16T14:00:00Z ESU5-ESZ5 2025-06-16 1 1 -2 -1 3 -1 1 yes - ohlcv-1m",
                   "2025-06-16T22:00:00Z ESU5 2025-06-17 20 20 20 20 1 20 1 no 2025-09-01 "
                   "ohlcv-1m"}));
  EXPECT_EQ(days({"date", "symbol", "open", "high", "low", "close", "volume", "vwap", "bars",
                  "basis", "is_spread", "first_time", "last_time", "exchange", "currency"}),
            (Lines{"2025-06-16 ESU5 10 15 8 13 12 13.166666666666666 3 trade_date no "
                   "2025-06-15T22:00:00Z 2025-06-16T14:30:00Z CME USD",
                   "2025-06-16 ESU5-ESZ5 1 1 -2 -1 3 -1 1 trade_date yes 2025-06-16T14:30:00Z "
                   "2025-06-16T14:30:00Z CME USD",
                   "2025-06-17 ESU5 20 20 20 20 1 20 1 trade_date no 2025-06-16T22:00:00Z "
                   "2025-06-16T22:00:00Z CME USD"}));
}

TEST_F(HistoryTest, ATradeDateMayBeginInTheYearBefore) {
  // Thursday's session opens on New Year's evening; 2025-12-31 ends at 22:00 UTC.
  const Second eve = Date(2025, 12, 31).first_second();
  store_bars(*lake_, table::databento_futures_ohlcv_1m(), "ES",
             {flat_bar(eve + 21 * kSecondsPerHour, "ESH6", 1),
              flat_bar(eve + 47 * kSecondsPerHour + 1800, "ESH6", 2),
              flat_bar(eve + 48 * kSecondsPerHour, "ESH6", 3)});
  roll_up(*lake_);
  EXPECT_EQ(days({"date", "open", "close", "first_time"}),
            (Lines{"2025-12-31 1 1 2025-12-31T21:00:00Z", "2026-01-02 2 3 2026-01-01T23:30:00Z"}));
}

TEST_F(HistoryTest, TakesSettlementAndOpenInterestByTheirTradeDate) {
  store_bars(*lake_, table::databento_futures_ohlcv_1m(), "ES",
             {flat_bar(chicago_summer(kMonday, 9), "ESU5", 1),
              flat_bar(chicago_summer(kMonday + 1, 9), "ESU5", 2),
              flat_bar(chicago_summer(kMonday + 2, 9), "ESU5", 3)});
  constexpr std::int32_t kPreliminary = 0;
  constexpr std::int32_t kIntraday = 1 | 8;
  constexpr std::int32_t kDeleted = 2;
  const Second evening = chicago_summer(kMonday, 16);
  store_statistics(
      *lake_, "ES",
      {{evening, "ESU5", 3, kMonday, 100.25, {}},
       {evening + 60, "ESU5", 3, kMonday, 100.50, {}},               // a correction
       {evening + 120, "ESU5", 3, kMonday, 99.0, {}, kPreliminary},  // never after a final one
       {evening + 180, "ESU5", 3, kMonday, 98.0, {}, kIntraday},
       {evening + 240, "ESZ5", 3, kMonday, 101.0, {}},  // did not trade
       // Of Monday, but known on Tuesday.
       {chicago_summer(kMonday + 1, 10), "ESU5", 9, kMonday, {}, 5'000},
       {chicago_summer(kMonday + 1, 10), "ESU5", 6, kMonday, {}, 900},
       {chicago_summer(kMonday + 1, 16), "ESU5", 3, kMonday + 1, 102.0, {}},
       {chicago_summer(kMonday + 1, 17), "ESU5", 3, kMonday + 1, 102.0, {}, 1, kDeleted}});
  roll_up(*lake_);
  EXPECT_EQ(days({"date", "settle", "settle_time", "open_interest", "open_interest_time",
                  "cleared_volume"}),
            (Lines{"2025-06-16 100.5 2025-06-16T21:01:00Z 5000 2025-06-17T15:00:00Z 900",
                   "2025-06-17 - - - - -", "2025-06-18 - - - - -"}));
}

TEST_F(HistoryTest, UtcDaysStandWhereNothingFinerDoes) {
  const auto day = [](Date date, double price, std::int64_t volume) {
    return TestBar{date.first_second(), "ZLN5", price, price + 1, price - 1, price + 0.5, volume};
  };
  const Date sunday = kMonday - 1;
  store_bars(*lake_, table::databento_futures_ohlcv_1d_utc(), "ZL",
             {day(sunday - 3, 5, 1), day(sunday, 10, 2), day(kMonday, 12, 3),
              day(kMonday + 1, 20, 4), day(kMonday + 6, 30, 5)});
  store_bars(*lake_, table::databento_futures_ohlcv_1m(), "ZL",
             {flat_bar(chicago_summer(kMonday + 1, 9), "ZLN5", 7)});
  roll_up(*lake_);
  EXPECT_EQ(days({"date", "open", "high", "low", "close", "volume", "vwap", "basis", "source",
                  "merged_sunday", "bars"}),
            (Lines{"2025-06-12 5 6 4 5.5 1 - utc ohlcv-1d no 1",
                   "2025-06-16 10 13 9 12.5 5 - utc ohlcv-1d yes 2",
                   "2025-06-17 7 7 7 7 1 7 trade_date ohlcv-1m no 1",
                   "2025-06-23 30 31 29 30.5 5 - utc ohlcv-1d yes 1"}));
}

TEST_F(HistoryTest, VendorHoursStandWhereThereAreNoMinutes) {
  store_bars(*lake_, table::databento_futures_ohlcv_1h(), "ZL",
             {flat_bar(chicago_summer(kMonday, 9), "ZLN5", 1, 5),
              flat_bar(chicago_summer(kMonday + 1, 9), "ZLN5", 2, 6)});
  store_bars(*lake_, table::databento_futures_ohlcv_1m(), "ZL",
             {flat_bar(chicago_summer(kMonday + 1, 10), "ZLN5", 3, 7)});
  roll_up(*lake_);
  EXPECT_EQ(lines_of(*lake_, table::bars_1h(), {"trade_date", "close", "volume", "vwap", "source"}),
            (Lines{"2025-06-16 1 5 - ohlcv-1h", "2025-06-17 3 7 3 ohlcv-1m"}));
  EXPECT_EQ(days({"date", "close", "source"}),
            (Lines{"2025-06-16 1 ohlcv-1h", "2025-06-17 3 ohlcv-1m"}));
}

TEST_F(HistoryTest, MakesOnlyWhatIsDue) {
  const auto& minutes = table::databento_futures_ohlcv_1m();
  const Date before(2024, 6, 17);
  store_bars(*lake_, minutes, "ES", {flat_bar(chicago_summer(kMonday, 9), "ESU5", 1)});
  store_bars(*lake_, minutes, "ES", {flat_bar(chicago_summer(before, 9), "ESU4", 1)});
  store_bars(*lake_, minutes, "NQ", {flat_bar(chicago_summer(kMonday, 9), "NQU5", 1)});
  EXPECT_EQ(roll_up(*lake_), (Lines{"ES 2024", "ES 2025", "NQ 2025"}));
  EXPECT_EQ(roll_up(*lake_), Lines{});
  const auto stored = files_of_table(*lake_, table::databento_futures_ohlcv_1d());

  // Other statistics of one root and year: its days alone, and of the same rows the same file.
  store_statistics(*lake_, "NQ", {{chicago_summer(kMonday, 16), "NQZ5", 3, kMonday, 1.0, {}}});
  EXPECT_EQ(roll_up(*lake_), Lines{"NQ 2025"});
  EXPECT_EQ(files_of_table(*lake_, table::databento_futures_ohlcv_1d()), stored);
  EXPECT_EQ(roll_up(*lake_), Lines{});

  store_bars(*lake_, minutes, "NQ", {flat_bar(chicago_summer(kMonday, 9), "NQU5", 2)});
  store_bars(*lake_, minutes, "ES", {flat_bar(chicago_summer(kMonday, 9), "ESU5", 3)});
  EXPECT_EQ(roll_up(*lake_, {.roots = {"ES"}, .from = {}, .to = {}}), Lines{"ES 2025"});
  EXPECT_EQ(roll_up(*lake_, {.roots = {}, .from = Date(2026, 1, 1), .to = {}}), Lines{});
  EXPECT_EQ(roll_up(*lake_), Lines{"NQ 2025"});
}

TEST_F(HistoryTest, ThePiecesInWhichMinutesComeMakeNoDifference) {
  int run = 0;
  EXPECT_TRUE(holds_for_a_few("any order of runs = one run", [&] {
    std::map<Second, TestBar> minutes;
    const Date first(2024, 12, 26);
    for (int i = *rc::gen::inRange(1, 12); i > 0; --i) {
      const Second time = first.first_second() + *rc::gen::inRange(0, 10 * 24 * 60) * 60;
      minutes[time] = flat_bar(time, "ESH5", *rc::gen::inRange(1, 100), 1);
    }
    std::vector<TestBar> all;
    all.reserve(minutes.size());
    for (const auto& [time, bar] : minutes) all.push_back(bar);
    const auto whole = open("whole" + std::to_string(run));
    store_bars(*whole, table::databento_futures_ohlcv_1m(), "ES", all);
    roll_up(*whole);

    const auto pieces = open("pieces" + std::to_string(run++));
    std::vector<TestBar> so_far;
    const auto order =
        *rc::gen::container<std::vector<int>>(all.size(), rc::gen::inRange(0, 1'000));
    std::vector<std::size_t> places(all.size());
    for (std::size_t i = 0; i < places.size(); ++i) places[i] = i;
    std::ranges::stable_sort(places, {}, [&](std::size_t i) { return order[i]; });
    for (const std::size_t place : places) {
      so_far.push_back(all[place]);
      if (order[place] % 4 != 0) continue;
      store_bars(*pieces, table::databento_futures_ohlcv_1m(), "ES", so_far);
      roll_up(*pieces);
    }
    store_bars(*pieces, table::databento_futures_ohlcv_1m(), "ES", so_far);
    roll_up(*pieces);
    for (const auto* table : {&table::bars_1h(), &table::databento_futures_ohlcv_1d()})
      RC_ASSERT(files_of_table(*pieces, *table) == files_of_table(*whole, *table));
  }));
}

}  // namespace
}  // namespace fm::bars
