// The whole way of docs/continuous.md: minutes of a week, rolled up, stitched, adjusted. The
// numbers there are those here.
#include "bars/continuous.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "bars/history.h"
#include "bars/testing_bars.h"
#include "table/catalogue.h"

namespace fm::bars {
namespace {

const Date kMonday(2025, 6, 9);

TestBar minute(int day, const char* symbol, double close, std::int64_t volume, int hour = 10) {
  return flat_bar(chicago_summer(kMonday + day, hour), symbol, close, volume);
}

std::vector<TestBar> week() {
  return {minute(0, "ESM5", 100, 90), minute(0, "ESU5", 110, 10), minute(1, "ESM5", 101, 80),
          minute(1, "ESU5", 111, 30), minute(2, "ESM5", 102, 40), minute(2, "ESU5", 113, 60),
          minute(3, "ESM5", 103, 70), minute(3, "ESU5", 114, 50), minute(4, "ESM5", 104, 30),
          minute(4, "ESU5", 116, 90), minute(7, "ESU5", 117, 99), minute(7, "ESU5", 118, 1, 11),
          // A spread is no contract of any series.
          minute(1, "ESM5-ESU5", -10, 500)};
}

class ContinuousTest : public LakeTest {
 protected:
  using Lines = std::vector<std::string>;

  void prepare(lake::Lake& lake, const std::vector<TestBar>& minutes = week()) {
    store_bars(lake, table::databento_futures_ohlcv_1m(), "ES", minutes);
    store_definitions(lake, "ES",
                      {{kMonday.first_second(), "ESM5", chicago_summer(kMonday + 4, 8, 30)},
                       {kMonday.first_second(), "ESU5", chicago_summer(Date(2025, 9, 19), 8, 30)},
                       {kMonday.first_second(), "ESM5-ESU5", 0, "S"}});
    store_statistics(lake, "ES",
                     {{chicago_summer(kMonday, 16), "ESM5", 3, kMonday, 100.5, {}},
                      {chicago_summer(kMonday, 16), "ESU5", 3, kMonday, 110.25, {}},
                      {chicago_summer(kMonday, 16), "ESZ5", 3, kMonday, 120.0, {}},
                      {chicago_summer(kMonday + 1, 10), "ESM5", 9, kMonday, {}, 300},
                      {chicago_summer(kMonday + 1, 10), "ESU5", 9, kMonday, {}, 400}});
    roll_up(lake);
  }
  void roll_up(lake::Lake& lake) {
    auto history =
        History::look_at(lake, market::Calendar::builtin(), market::Universe::builtin(), {}, "{}");
    ASSERT_TRUE(history);
    for (const YearPlan& year : history->years()) ASSERT_TRUE(history->roll_up(year));
  }
  ContinuousReport make(lake::Lake& lake, const std::vector<const char*>& rules,
                        bool only_these = false, const std::string& root = "ES") {
    ContinuousRequest request;
    request.root = root;
    request.facts = market::Universe::builtin().find(root);
    request.only_these = only_these;
    request.wants = [](const table::Table&) { return true; };
    for (const char* rule : rules) request.rules.push_back(parse_roll_rule(rule).value());
    const auto expirations = read_expirations(lake);
    EXPECT_TRUE(expirations);
    const auto known = expirations->find(root);
    auto report =
        make_continuous(lake, market::Calendar::builtin(),
                        known != expirations->end() ? known->second : Expirations{}, request);
    EXPECT_TRUE(report) << report.error().message();
    return report ? *report : ContinuousReport{};
  }
  static void expect_same(const lake::Lake& one, const lake::Lake& other) {
    for (const table::Table* table : continuous_tables())
      EXPECT_EQ(files_of_table(one, *table), files_of_table(other, *table)) << table->name;
  }
};

TEST_F(ContinuousTest, StitchesAndAdjustsDays) {
  prepare(*lake_);
  const ContinuousReport report = make(*lake_, {"volume_forward"});
  ASSERT_EQ(report.series.size(), 1U);
  EXPECT_EQ(report.series[0].rolls, 1U);
  EXPECT_EQ(report.series[0].dates_without_choice, 1U) << "nothing is known before Monday";
  EXPECT_EQ(
      lines_of(*lake_, table::databento_futures_continuous_1d(),
               {"date", "cont_id", "close", "volume", "back_adj", "roll_flag", "active_contract",
                "adjustment"}),
      (Lines{"2025-06-10 ES_CONT_VOLFWD 101 80 0 no ESM5 none",
             "2025-06-10 ES_CONT_VOLFWD_BACKADJ 112 80 11 no ESM5 difference",
             "2025-06-10 ES_CONT_VOLFWD_RATIOADJ 111.892156863 80 1.107843137254902 no ESM5 ratio",
             "2025-06-11 ES_CONT_VOLFWD 102 40 0 no ESM5 none",
             "2025-06-11 ES_CONT_VOLFWD_BACKADJ 113 40 11 no ESM5 difference",
             "2025-06-11 ES_CONT_VOLFWD_RATIOADJ 113 40 1.107843137254902 no ESM5 ratio",
             "2025-06-12 ES_CONT_VOLFWD 114 50 0 yes ESU5 none",
             "2025-06-12 ES_CONT_VOLFWD_BACKADJ 114 50 0 yes ESU5 difference",
             "2025-06-12 ES_CONT_VOLFWD_RATIOADJ 114 50 1 yes ESU5 ratio",
             "2025-06-13 ES_CONT_VOLFWD 116 90 0 no ESU5 none",
             "2025-06-13 ES_CONT_VOLFWD_BACKADJ 116 90 0 no ESU5 difference",
             "2025-06-13 ES_CONT_VOLFWD_RATIOADJ 116 90 1 no ESU5 ratio",
             "2025-06-16 ES_CONT_VOLFWD 118 100 0 no ESU5 none",
             "2025-06-16 ES_CONT_VOLFWD_BACKADJ 118 100 0 no ESU5 difference",
             "2025-06-16 ES_CONT_VOLFWD_RATIOADJ 118 100 1 no ESU5 ratio"}));
}

TEST_F(ContinuousTest, WritesTheRollCalendar) {
  prepare(*lake_);
  make(*lake_, {"calendar", "volume_forward"});
  EXPECT_EQ(lines_of(*lake_, table::roll_calendar(),
                     {"roll_date", "method", "rank", "contract", "previous_contract",
                      "first_notice_date", "last_trade_date", "volume_roll_date", "oi_roll_date",
                      "gap_date", "back_adjustment", "ratio"}),
            (Lines{"2025-06-09 calendar 0 ESM5 - - 2025-06-13 2025-06-10 - - - -",
                   "2025-06-10 volume_forward 0 ESM5 - - 2025-06-13 2025-06-10 - - - -",
                   "2025-06-12 volume_forward 0 ESU5 ESM5 - 2025-09-19 2025-06-12 2025-06-11 "
                   "2025-06-11 11 1.107843137254902",
                   "2025-06-16 calendar 0 ESU5 ESM5 - 2025-09-19 2025-06-12 2025-06-11 2025-06-13 "
                   "12 1.1153846153846154"}));
}

// The second worked roll of docs/continuous.md: corn, whose rules are in the registry.
TEST_F(ContinuousTest, RollsByRuleWhereNoDefinitionIsLoaded) {
  const auto corn = [](int day, const char* symbol, double close) {
    return flat_bar(chicago_summer(Date(2025, 5, 9) + day, 10), symbol, close, 10);
  };
  store_bars(*lake_, table::databento_futures_ohlcv_1m(), "ZC",
             {corn(0, "ZCK5", 440), corn(0, "ZCN5", 450), corn(3, "ZCK5", 441),
              corn(3, "ZCN5", 452), corn(4, "ZCK5", 438), corn(4, "ZCN5", 448),
              corn(5, "ZCK5", 436), corn(5, "ZCN5", 445), corn(6, "ZCN5", 447)});
  roll_up(*lake_);
  make(*lake_, {"calendar", "days:2"}, false, "ZC");
  EXPECT_EQ(lines_of(*lake_, table::roll_calendar(),
                     {"roll_date", "method", "contract", "previous_contract", "first_notice_date",
                      "last_trade_date", "back_adjustment"}),
            (Lines{"2025-05-09 calendar ZCK5 - 2025-04-30 2025-05-14 -",
                   "2025-05-09 days:2 ZCK5 - 2025-04-30 2025-05-14 -",
                   "2025-05-13 days:2 ZCN5 ZCK5 2025-06-30 2025-07-14 11",
                   "2025-05-15 calendar ZCN5 ZCK5 2025-06-30 2025-07-14 9"}));

  // A definition wins over the rule.
  store_definitions(
      *lake_, "ZC",
      {{Date(2025, 5, 9).first_second(), "ZCK5", chicago_summer(Date(2025, 5, 13), 12)}});
  make(*lake_, {}, false, "ZC");
  EXPECT_EQ(lines_of(*lake_, table::roll_calendar(), {"roll_date", "method", "contract"}),
            (Lines{"2025-05-09 calendar ZCK5", "2025-05-09 days:2 ZCK5", "2025-05-12 days:2 ZCN5",
                   "2025-05-14 calendar ZCN5"}));
  const auto different =
      different_expiries(read_expirations(*lake_)->at("ZC"),
                         {market::Universe::builtin().find("ZC"), &market::Calendar::builtin()});
  ASSERT_EQ(different.size(), 1U);
  EXPECT_EQ(different[0].symbol, "ZCK5");
  EXPECT_EQ(different[0].defined, Date(2025, 5, 13));
  EXPECT_EQ(different[0].by_rule, Date(2025, 5, 14));
}

TEST_F(ContinuousTest, HoursAndMinutesFollowTheDays) {
  prepare(*lake_);
  make(*lake_, {"calendar"});
  EXPECT_EQ(
      lines_of(*lake_, table::databento_futures_continuous_1m(),
               {"ts_event", "cont_id", "date", "close", "back_adj", "roll_flag", "active_contract"})
          .size(),
      21U);
  auto rows = lines_of(
      *lake_, table::databento_futures_continuous_1h(),
      {"ts_event", "cont_id", "close", "volume", "back_adj", "roll_flag", "active_contract"});
  rows.erase(rows.begin(), rows.end() - 9);
  EXPECT_EQ(rows,
            (Lines{"2025-06-13T15:00:00Z ES_CONT_CAL 104 30 0 no ESM5",
                   "2025-06-13T15:00:00Z ES_CONT_CAL_BACKADJ 116 30 12 no ESM5",
                   "2025-06-13T15:00:00Z ES_CONT_CAL_RATIOADJ 116 30 1.1153846153846154 no ESM5",
                   "2025-06-16T15:00:00Z ES_CONT_CAL 117 99 0 yes ESU5",
                   "2025-06-16T15:00:00Z ES_CONT_CAL_BACKADJ 117 99 0 yes ESU5",
                   "2025-06-16T15:00:00Z ES_CONT_CAL_RATIOADJ 117 99 1 yes ESU5",
                   "2025-06-16T16:00:00Z ES_CONT_CAL 118 1 0 no ESU5",
                   "2025-06-16T16:00:00Z ES_CONT_CAL_BACKADJ 118 1 0 no ESU5",
                   "2025-06-16T16:00:00Z ES_CONT_CAL_RATIOADJ 118 1 1 no ESU5"}));
}

TEST_F(ContinuousTest, TheCurveHoldsWhatTradedOrWasSettled) {
  prepare(*lake_);
  make(*lake_, {"volume"});
  auto curve = lines_of(*lake_, table::futures_curve_1d(),
                        {"date", "contract", "rank", "month_code", "months_to_expiry", "settle",
                         "close", "volume", "open_interest", "last_trade_date"});
  curve.resize(3);
  EXPECT_EQ(curve, (Lines{"2025-06-09 ESM5 0 M 0 100.5 100 90 300 2025-06-13",
                          "2025-06-09 ESU5 1 U 3 110.25 110 10 400 2025-09-19",
                          "2025-06-09 ESZ5 2 Z 6 120 - - - 2025-12-19"}));
  auto spreads = lines_of(
      *lake_, table::calendar_spreads_1d(),
      {"date", "spread_tenor", "spread_close", "spread_settle", "m1_contract", "m2_contract"});
  spreads.resize(4);
  EXPECT_EQ(spreads,
            (Lines{"2025-06-09 m1_m2 -10 -9.75 ESM5 ESU5", "2025-06-09 m1_m3 - -19.5 ESM5 ESZ5",
                   "2025-06-09 m2_m3 - -9.75 ESU5 ESZ5", "2025-06-10 m1_m2 -10 - ESM5 ESU5"}));
}

TEST_F(ContinuousTest, SameInputsSameBytesHoweverTheyCome) {
  prepare(*lake_);
  make(*lake_, {"volume", "calendar", "days:2", "open_interest"});
  EXPECT_TRUE(make(*lake_, {}).partitions.empty()) << "nothing is due";

  const auto other = open("other");
  const auto minutes = week();
  prepare(*other, {minutes.begin(), minutes.begin() + 6});
  make(*other, {"calendar", "volume"});
  prepare(*other);
  make(*other, {"open_interest"});
  make(*other, {"days:2"});
  expect_same(*lake_, *other);

  // Another rule goes when it is not named, and nothing of it stays.
  make(*other, {"volume"}, true);
  const auto only = open("only");
  prepare(*only);
  make(*only, {"volume"});
  expect_same(*only, *other);
}

TEST_F(ContinuousTest, LaterDataChangesNoEarlierUnadjustedRow) {
  const auto minutes = week();
  prepare(*lake_, {minutes.begin(), minutes.begin() + 6});
  make(*lake_, {"volume"});
  const auto unadjusted = [&] {
    auto lines = lines_of(*lake_, table::databento_futures_continuous_1d(),
                          {"adjustment", "date", "close", "active_contract", "roll_flag"});
    std::erase_if(lines, [](const std::string& line) { return !line.starts_with("none"); });
    return lines;
  };
  const auto before = unadjusted();
  prepare(*lake_);
  make(*lake_, {});
  auto after = unadjusted();
  ASSERT_GT(after.size(), before.size());
  after.resize(before.size());
  EXPECT_EQ(after, before);
}

TEST_F(ContinuousTest, ARootWithoutDaysSaysWhatToDo) {
  ContinuousRequest request;
  request.root = "NQ";
  request.wants = [](const table::Table&) { return true; };
  const auto report = make_continuous(*lake_, market::Calendar::builtin(), {}, request);
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code(), Code::kNotFound);
  EXPECT_NE(report.error().advice().find("frontmonth rollup"), std::string::npos);
}

TEST(RollRules, NamesAreReadBack) {
  for (const char* text : {"calendar", "volume", "open_interest", "volume_forward",
                           "open_interest_forward", "days:1", "days:250"})
    EXPECT_EQ(name(parse_roll_rule(text).value()), text);
  for (const char* text : {"", "c", "days", "days:", "days:0", "days:251", "days:5x", "days:-1"})
    EXPECT_EQ(parse_roll_rule(text).error().code(), Code::kInvalidArgument) << text;
  EXPECT_EQ(cont_id("ZL", {.method = RollMethod::kVolume}, Adjustment::kDifference),
            "ZL_CONT_VOL_BACKADJ");
  EXPECT_EQ(cont_id("ES", {.method = RollMethod::kDays, .days = 8, .rank = 1}, Adjustment::kRatio),
            "ES_CONT_D8_1_RATIOADJ");
}

}  // namespace
}  // namespace fm::bars
