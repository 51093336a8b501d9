#include "bars/candle_bars.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>

#include "bars/testing_bars.h"
#include "lake/expired.h"
#include "table/catalogue.h"

namespace fm::bars {
namespace {

const Date kMonday(2025, 6, 16);
constexpr Second kOpen = 1'750'021'200;  // 2025-06-15T21:00:00Z, made up

// A second of one trade a contract: price, size bought (or, below 0, sold), delta before it.
struct TestSecond {
  Second time = 0;
  std::string symbol;
  double price = 0;
  std::int64_t size = 0;
  std::int64_t delta_before = 0;
};

// Rows of candles_1s in the order of that table.
table::RowBatch seconds_of(std::vector<TestSecond> seconds) {
  std::ranges::sort(seconds, {}, [](const TestSecond& s) { return std::pair(s.symbol, s.time); });
  table::RowBatch batch(table::candles_1s());
  table::RowAppender row(batch);
  for (const TestSecond& s : seconds) {
    const std::int64_t volume = std::abs(s.size);
    const std::int64_t after = s.delta_before + s.size;
    row.text("ES").text(s.symbol).timestamp(s.time * kMicrosPerSecond).date(kMonday);
    row.number(s.price).number(s.price).number(s.price).number(s.price).int64(volume);
    row.int64(std::max<std::int64_t>(s.size, 0)).int64(std::max<std::int64_t>(-s.size, 0)).int64(0);
    row.int64(1).int64(volume).int64(0).int64(0).int64(30).int64(10);
    row.number(s.price * static_cast<double>(volume));
    row.int64(s.delta_before).int64(std::max(s.delta_before, after));
    row.int64(std::min(s.delta_before, after)).int64(after).end();
  }
  return batch;
}

std::vector<FrontSecond> front_of(const std::vector<TestSecond>& seconds,
                                  const std::vector<Stint>& stints) {
  const table::RowBatch batch = seconds_of(seconds);
  table::BatchStream rows(batch);
  return front_seconds(rows, stints).value();
}

TEST(CandleBars, StintsAreReadAsTheyAreStored) {
  EXPECT_EQ(decode_stints(R"([[10,"ESM5",0],[60,"ESU5",-7]])").value(),
            (std::vector<Stint>{{10, "ESM5", 0}, {60, "ESU5", -7}}));
  EXPECT_TRUE(decode_stints("[]")->empty());
  for (const char* broken : {"", "{}", "[1]", R"([[1,"ESM5"]])", R"([["1","ESM5",0]])",
                             R"([[60,"ESM5",0],[60,"ESU5",0]])"})
    EXPECT_EQ(decode_stints(broken).error().code(), Code::kCorrupt) << broken;
}

TEST(CandleBars, FollowTheFrontMonthAndTheTickersDelta) {
  // ESM5 until second 120, ESU5 from there on; the offset makes the delta go on at 5.
  const std::vector<Stint> stints{{30, "ESM5", 0}, {120, "ESU5", 6}};
  const auto seconds = front_of({{29, "ESM5", 100, 2, 0},  // late, before the first stint began
                                 {61, "ESM5", 101, 3, 2},
                                 {61, "ESU5", 50, 9, 0},  // not the front month yet
                                 {119, "ESM5", 99, -1, 5},
                                 {121, "ESU5", 201, 4, -1},
                                 {130, "ESM5", 98, 7, 4}},
                                stints);
  ASSERT_EQ(seconds.size(), 4U);

  const auto minutes = candle_bars(seconds, 60, kOpen);
  ASSERT_EQ(minutes.size(), 3U);
  EXPECT_EQ(minutes[1].row.time, 60);
  EXPECT_EQ(minutes[1].row.open, 101 * kPriceScale);
  EXPECT_EQ(minutes[1].row.close, 99 * kPriceScale);
  EXPECT_EQ(minutes[1].row.volume, 4);
  EXPECT_EQ(minutes[1].row.cvd_open, 2);
  EXPECT_EQ(minutes[1].row.cvd_high, 5);
  EXPECT_EQ(minutes[1].row.cvd_close, 4);
  EXPECT_EQ(minutes[1].row.vd(), 2);
  EXPECT_EQ(minutes[1].switches, 0);
  EXPECT_EQ(minutes[2].row.cvd_open, 5);
  EXPECT_EQ(stints[minutes[2].stint].symbol, "ESU5");
  EXPECT_EQ(minutes[2].switches, 0) << "the change lies between two bars";

  const auto day = candle_bars(seconds, 0, kOpen);
  ASSERT_EQ(day.size(), 1U);
  EXPECT_EQ(day[0].row.time, kOpen);
  EXPECT_EQ(day[0].row.volume, 10);
  EXPECT_EQ(day[0].row.seconds_traded, 4);
  EXPECT_EQ(day[0].switches, 1);
  EXPECT_EQ(stints[day[0].stint].symbol, "ESU5");
}

TEST(CandleBars, LongerBarsAreWhatTheirMinutesAdd) {
  EXPECT_TRUE(rc::check("sums and extremes of minutes", [] {
    const std::vector<Stint> stints{{0, "ESM5", 0}, {3'600, "ESU5", 10}};
    std::map<Second, TestSecond> all;
    std::int64_t delta[2] = {0, 0};
    for (int i = *rc::gen::inRange(1, 60); i > 0; --i) {
      const Second time = *rc::gen::inRange(0, 7'200);
      all[time] = {time, time < 3'600 ? "ESM5" : "ESU5", *rc::gen::inRange(1, 9) * 0.25,
                   *rc::gen::inRange(-5, 6), 0};
    }
    std::vector<TestSecond> rows;
    for (auto& [time, second] : all) {
      std::int64_t& now = delta[time < 3'600 ? 0 : 1];
      second.delta_before = now;
      now += second.size;
      rows.push_back(second);
    }
    const auto seconds = front_of(rows, stints);
    RC_ASSERT(seconds.size() == rows.size());
    const auto minutes = candle_bars(seconds, 60, 0);
    const auto day = candle_bars(seconds, 0, 0);
    RC_ASSERT(day.size() == 1U);
    candles::CandleRow sum = minutes.front().row;
    for (const CandleBar& minute : minutes) {
      if (&minute == &minutes.front()) continue;
      sum.volume += minute.row.volume;
      sum.trades += minute.row.trades;
      sum.sum_price_volume += minute.row.sum_price_volume;
      sum.high = std::max(sum.high, minute.row.high);
      sum.cvd_low = std::min(sum.cvd_low, minute.row.cvd_low);
    }
    RC_ASSERT(sum.volume == day[0].row.volume && sum.trades == day[0].row.trades);
    RC_ASSERT(sum.sum_price_volume == day[0].row.sum_price_volume);
    RC_ASSERT(sum.high == day[0].row.high && sum.cvd_low == day[0].row.cvd_low);
    RC_ASSERT(minutes.back().row.close == day[0].row.close);
    RC_ASSERT(minutes.back().row.cvd_close == day[0].row.cvd_close);
  }));
}

class CandleBarTables : public LakeTest {
 protected:
  void store_seconds(const std::vector<TestSecond>& seconds) {
    const table::RowBatch batch = seconds_of(seconds);
    table::BatchStream rows(batch);
    ASSERT_TRUE(lake_->replace(table::candles_1s(), {.root = "ES", .date = kMonday}, rows, {}));
  }
  void store_session(const std::string& stints) {
    table::RowBatch batch(table::candle_sessions());
    const table::Table& table = batch.table();
    for (std::size_t c = 0; c < table.columns.size(); ++c) {
      if (table.columns[c].type == table::Type::kText) batch.set_text(c, 0, "");
      if (table.columns[c].nullable) batch.set_null(c, 0);
    }
    batch.set_text(table.column_index("ticker"), 0, "ES");
    batch.set_text(table.column_index("stints"), 0, stints);
    batch.int32s(table.column_index("trade_date"))[0] = kMonday.days_since_1970();
    batch.set_size(1);
    table::BatchStream rows(batch);
    ASSERT_TRUE(lake_->replace_dates(table, "ES", rows, {}));
  }
  std::uint64_t make() {
    const auto plans = plan_candle_bars(*lake_, {}, "{}");
    EXPECT_TRUE(plans) << plans.error().message();
    std::uint64_t changed = 0;
    for (const CandleBarPlan& plan : *plans) {
      const auto report = make_candle_bars(*lake_, market::Calendar::builtin(), plan);
      EXPECT_TRUE(report) << report.error().message();
      if (!report) continue;
      for (const MadeBars& made : report->kinds) changed += made.changed ? 1 : 0;
    }
    return changed;
  }
};

TEST_F(CandleBarTables, AreMadeOnceAndAgainWhenSecondsOrStintsChange) {
  const Second time = chicago_summer(kMonday, 9, 31);
  store_seconds({{time, "ESM5", 100, 2, 0}, {time + 70, "ESM5", 101, -1, 2}});
  EXPECT_EQ(make(), 0U) << "without an account the date is not over";
  const std::string from = std::to_string(time);
  store_session("[[" + from + ",\"ESM5\",0]]");
  EXPECT_EQ(make(), 5U);
  EXPECT_EQ(make(), 0U);
  EXPECT_EQ(lines_of(*lake_, table::candle_bars_1m(),
                     {"time", "symbol", "close", "volume", "cvd_close", "book_imbalance"}),
            (std::vector<std::string>{"2025-06-16T14:31:00Z ESM5 100 2 2 0.5",
                                      "2025-06-16T14:32:00Z ESM5 101 1 1 0.5"}));
  EXPECT_EQ(
      lines_of(*lake_, table::candle_bars_1d(),
               {"time", "trade_date", "open", "close", "volume", "vwap", "seconds_traded"}),
      std::vector<std::string>{"2025-06-15T22:00:00Z 2025-06-16 100 101 3 100.33333333333333 2"});

  store_session("[[" + from + ",\"ESM5\",40]]");
  EXPECT_EQ(make(), 5U);
  EXPECT_EQ(lines_of(*lake_, table::candle_bars_1h(), {"cvd_open", "cvd_close"}),
            std::vector<std::string>{"40 41"});
  store_seconds({{time, "ESM5", 100, 2, 0}});
  EXPECT_EQ(make(), 5U);
  EXPECT_EQ(lines_of(*lake_, table::candle_bars_5m(), {"cvd_open", "cvd_close"}),
            std::vector<std::string>{"40 42"});
}

TEST_F(CandleBarTables, StayWhenTheirSecondsExpire) {
  const Second time = chicago_summer(kMonday, 9, 31);
  store_seconds({{time, "ESM5", 100, 2, 0}, {time + 70, "ESM5", 101, -1, 2}});
  store_session("[[" + std::to_string(time) + ",\"ESM5\",0]]");
  ASSERT_EQ(make(), 5U);
  const auto expire = [&](const table::Table& table) {
    table::EmptyStream none(table);
    ASSERT_TRUE(lake_->replace(table, {.root = "ES", .date = kMonday}, none,
                               {.parameters = std::string(lake::kExpiredParameters)}));
  };
  expire(table::candles_1s());
  EXPECT_EQ(make(), 0U);
  EXPECT_EQ(lines_of(*lake_, table::candle_bars_1d(), {"close"}), std::vector<std::string>{"101"});
  EXPECT_EQ(lines_of(*lake_, table::candle_bars_1m(), {"close"}).size(), 2U);

  // Bars that have expired are not made again while their seconds are there.
  store_seconds({{time, "ESM5", 100, 2, 0}, {time + 70, "ESM5", 101, -1, 2}});
  make();
  expire(table::candle_bars_1m());
  make();
  EXPECT_TRUE(lines_of(*lake_, table::candle_bars_1m(), {"close"}).empty());
  EXPECT_EQ(lines_of(*lake_, table::candle_bars_1d(), {"close"}), std::vector<std::string>{"101"});
}

}  // namespace
}  // namespace fm::bars
