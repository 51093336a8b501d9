// The audit of a lake as a user sees it: what is counted, what is found, what is said.
#include "jobs/audit.h"

#include <gtest/gtest.h>
#include <simdjson.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "dbn/enums.h"
#include "jobs/rollup.h"
#include "jobs/testing_candles.h"
#include "jobs/testing_load.h"
#include "lake/lake.h"
#include "lake/testing_rows.h"
#include "table/row_batch.h"

namespace fm::jobs {
namespace {

using quality::AuditReport;
using quality::Check;
using quality::Finding;
using quality::SeriesReport;
using quality::SlotState;
using Bars = std::vector<TestBar>;

class AuditTest : public LoadFixture {
 protected:
  AuditReport audit(AuditOptions options = {}) {
    options.lake = options_.lake;
    NoProgress progress;
    auto report = run_audit(Env::posix(), options, progress);
    EXPECT_TRUE(report) << report.error().message();
    return report ? *std::move(report) : AuditReport{};
  }

  // The poller's rows of a day.
  void store_live(const Bars& bars) {
    const table::Table& table = table::futures_ohlcv_1m_live();
    table::RowBatch batch(table);
    table::RowAppender row(batch);
    for (const TestBar& bar : bars) {
      const auto micros = static_cast<std::int64_t>(bar.time / 1'000);
      row.timestamp(micros).text("ES").text(bar.symbol).int64(1).int64(1);
      for (int price = 0; price < 4; ++price) row.number(bar.close);
      row.int64(static_cast<std::int64_t>(bar.volume))
          .date(Date::of_second(second_of(bar.time)))
          .end();
    }
    table::BatchStream rows(batch);
    auto lake = lake::Lake::open(Env::posix(), options_.lake);
    ASSERT_TRUE(lake);
    const lake::PartitionKey key{.root = "ES",
                                 .date = Date::of_second(second_of(bars.front().time))};
    const auto stored = (*lake)->replace(table, key, rows, {});
    ASSERT_TRUE(stored) << stored.error().message();
  }
};

const SeriesReport* find(const AuditReport& report, std::string_view timeframe,
                         std::string_view root = "ES") {
  for (const SeriesReport& series : report.series)
    if (series.timeframe == timeframe && series.root == root) return &series;
  return nullptr;
}

const Finding* find(const SeriesReport& series, Check check) {
  const auto found = std::ranges::find(series.findings, check, &Finding::check);
  return found == series.findings.end() ? nullptr : &*found;
}

Bars minutes(int from, int to, const std::string& symbol = "ESU5") {
  Bars bars;
  for (int minute = from; minute < to; ++minute) bars.push_back(minute_bar(minute, symbol, 6'000));
  return bars;
}

TEST_F(AuditTest, EveryMinuteIsAccountedFor) {
  Bars bars = minutes(0, 60);
  bars.erase(bars.begin() + 7, bars.begin() + 10);
  bars.push_back(minute_bar(3, "ESU5-ESZ5", -50.25));
  write_bars(in("a.dbn"), bars);
  write_bars(in("b.dbn"), minutes(90, 100));
  load_all();
  const AuditReport report = audit();
  ASSERT_EQ(report.series.size(), 1U);
  const SeriesReport& es = report.series.front();
  EXPECT_EQ(es.rows, 68U);
  EXPECT_EQ(es.spread_rows, 1U);
  EXPECT_EQ(es.contracts, 1U);
  EXPECT_EQ(es.expected(), 100U) << "from the first bar to the last";
  EXPECT_EQ(es.count(SlotState::kTraded), 67U);
  EXPECT_EQ(es.count(SlotState::kNoTrade), 3U);
  EXPECT_EQ(es.count(SlotState::kNotLoaded), 30U) << "between the files";
  EXPECT_TRUE(es.coverage_known);
  EXPECT_FALSE(es.halts_known);
  ASSERT_NE(find(es, Check::kNotLoaded), nullptr);
  EXPECT_TRUE(report.is_wrong());
}

TEST_F(AuditTest, WhatWasAskedForMustBeThere) {
  write_bars(in("a.dbn"), minutes(0, 60));
  load_all();
  EXPECT_FALSE(audit().is_wrong());
  const Date date(2025, 6, 16);
  const AuditReport report = audit({.from = date, .to = date + 1});
  ASSERT_EQ(report.series.size(), 1U);
  EXPECT_EQ(report.series[0].expected(), 2 * 23 * 60U);
  EXPECT_EQ(report.series[0].count(SlotState::kNotLoaded), 2 * 23 * 60U - 60);
  EXPECT_TRUE(report.is_wrong());
  const AuditReport other = audit({.from = date + 1, .to = date + 1});
  ASSERT_EQ(other.series.size(), 1U);
  EXPECT_EQ(other.series[0].rows, 0U);
  EXPECT_EQ(find(other.series[0], Check::kOffSession), nullptr) << "bars of another date";
  EXPECT_TRUE(audit({.roots = {"NQ"}}).series.empty());
  EXPECT_TRUE(audit({.timeframes = {"1d"}}).series.empty());
}

TEST_F(AuditTest, FindsWhatIsWrongWithBars) {
  Bars bars = minutes(0, 30);
  bars[4].close = 6'000.1;
  bars[9].close = 9'000;
  // 21:30 UTC: the daily break.
  bars.push_back(minute_bar(21 * 60 + 30, "ESU5", 6'000));
  write_bars(in("a.dbn"), bars);
  load_all();
  const AuditReport report = audit();
  ASSERT_EQ(report.series.size(), 1U);
  for (const Check check : {Check::kOffTick, Check::kOutlier, Check::kOffSession}) {
    const Finding* const finding = find(report.series[0], check);
    ASSERT_NE(finding, nullptr) << name(check);
    EXPECT_EQ(finding->count, 1U) << name(check);
  }
  EXPECT_FALSE(report.is_wrong()) << "warnings only";
  EXPECT_EQ(report.findings(quality::Weight::kWarning), 3U);
}

TEST_F(AuditTest, FilesThatOverlapAreNamed) {
  write_bars(in("a.dbn"), minutes(0, 60));
  write_bars(in("b.dbn"), minutes(30, 90));
  load_all();
  const AuditReport report = audit();
  const Finding* const finding = find(report.series.at(0), Check::kOverlap);
  ASSERT_NE(finding, nullptr);
  EXPECT_EQ(finding->count, 1U);
  EXPECT_NE(finding->examples[0].find("a.dbn and "), std::string::npos) << finding->examples[0];
  EXPECT_FALSE(report.is_wrong());
}

TEST_F(AuditTest, AFileNamedByItsDateCoversThatDate) {
  // Two days of a quiet contract, as the vendor names and cuts them.
  write_bars(in("glbx-mdp3-20250616.ohlcv-1m.dbn"), minutes(60, 70));
  write_bars(in("glbx-mdp3-20250617.ohlcv-1m.dbn"), minutes(24 * 60 + 600, 24 * 60 + 610));
  load_all();
  const AuditReport report = audit();
  ASSERT_EQ(report.series.size(), 1U);
  EXPECT_EQ(report.series[0].count(SlotState::kNotLoaded), 0U);
  EXPECT_EQ(report.series[0].count(SlotState::kTraded), 20U);
  EXPECT_FALSE(report.is_wrong());
}

TEST_F(AuditTest, LiveBarsMustContinueHistory) {
  write_bars(in("a.dbn"), minutes(0, 60));
  load_all();
  Bars live = minutes(50, 70);
  live[3].volume = 7;            // minute 53
  live.erase(live.begin() + 5);  // minute 55
  store_live(live);
  const AuditReport report = audit();
  const SeriesReport* const series = find(report, "1m_live");
  ASSERT_NE(series, nullptr);
  const Finding* const seam = find(*series, Check::kSeam);
  ASSERT_NE(seam, nullptr);
  ASSERT_EQ(seam->count, 2U);
  EXPECT_EQ(seam->examples[0], "2025-06-16T00:53:00Z ESU5: volume 7, historical 1");
  EXPECT_EQ(seam->examples[1], "2025-06-16T00:55:00Z ESU5: only history has a bar");
  EXPECT_TRUE(report.is_wrong());
}

TEST_F(AuditTest, TradeDatesBetweenHistoryAndLiveAreMissing) {
  write_bars(in("a.dbn"), minutes(0, 60));
  load_all();
  store_live(minutes(3 * 24 * 60, 3 * 24 * 60 + 10));  // the 19th; the 17th and 18th are missing
  const AuditReport report = audit();
  const Finding* const hole = find(*find(report, "1m_live"), Check::kSeamHole);
  ASSERT_NE(hole, nullptr);
  EXPECT_EQ(hole->examples, (std::vector<std::string>{"2025-06-17", "2025-06-18"}));
}

TEST_F(AuditTest, TheVendorsOwnWordCounts) {
  // A job's folder, whose condition.json calls the 16th degraded and the 17th missing.
  Bars bars = minutes(0, 60);
  bars.erase(bars.begin() + 20, bars.begin() + 30);
  const Bars later = minutes(2 * 24 * 60, 2 * 24 * 60 + 10);
  bars.insert(bars.end(), later.begin(), later.end());
  ASSERT_TRUE(Env::posix().make_directories(in("GLBX-20250620-AAAAAAAAAA")));
  write_bars(in("GLBX-20250620-AAAAAAAAAA/a.dbn"), bars);
  write_whole(
      in("GLBX-20250620-AAAAAAAAAA/metadata.json"),
      R"({"version":1,"job_id":"GLBX-20250620-AAAAAAAAAA","query":{"dataset":"GLBX.MDP3"}})");
  write_whole(in("GLBX-20250620-AAAAAAAAAA/condition.json"),
              R"([{"date":"2025-06-16","condition":"degraded","last_modified_date":"2025-06-20"},)"
              R"({"date":"2025-06-17","condition":"missing","last_modified_date":null}])");
  load_all();
  const AuditReport report = audit();
  ASSERT_EQ(report.series.size(), 1U);
  const SeriesReport& es = report.series[0];
  EXPECT_EQ(es.count(SlotState::kDegraded), 10U + (21 * 60 - 60) + 2 * 60)
      << "ten, the rest of the day, and its evening";
  EXPECT_EQ(es.count(SlotState::kGap), 23 * 60U) << "the 17th in UTC";
  ASSERT_NE(find(es, Check::kGap), nullptr);
  EXPECT_TRUE(report.is_wrong());
}

TEST_F(AuditTest, OneRangeForTheUniverse) {
  const std::vector<std::string> symbols{"ESU5", "NQU5", "CLQ5", "GCQ5"};
  for (const std::string& symbol : symbols) {
    Bars bars;
    for (int day = symbol == "GCQ5" ? 1 : 0; day < 3; ++day)
      bars.push_back(minute_bar(day * 24 * 60 + 60, symbol, 100));
    write_bars(in(symbol + ".dbn"), bars);
  }
  load_all();
  const AuditReport report = audit();
  ASSERT_EQ(report.series.size(), 4U);
  const Finding* const uneven = find(*find(report, "1m", "GC"), Check::kUneven);
  ASSERT_NE(uneven, nullptr);
  EXPECT_EQ(uneven->examples,
            (std::vector<std::string>{"first bar of 2025-06-17, most roots' of 2025-06-16"}));
  EXPECT_EQ(find(*find(report, "1m", "ES"), Check::kUneven), nullptr);
}

TEST_F(AuditTest, SaysTheSameAsTextJsonAndPage) {
  Bars bars = minutes(0, 60);
  bars[4].close = 6'000.1;
  write_bars(in("a.dbn"), bars);
  write_bars(in("b.dbn"), minutes(90, 100));
  load_all();
  const AuditReport report =
      audit({.plan_schemas = {"ohlcv-1m"}, .plan_from = {2025, 6, 15}, .plan_to = {2025, 6, 17}});
  const std::string text = to_text(report);
  EXPECT_NE(text.find("1m     ES    2025-06-16  2025-06-16    70       100      70"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("wrong    1m: 30 expected slots between"), std::string::npos) << text;
  EXPECT_NE(text.find("6000.1 is no multiple of 0.25"), std::string::npos) << text;
  EXPECT_NE(text.find("Something is wrong: 1 wrong, 1 warning"), std::string::npos) << text;

  simdjson::dom::parser parser;
  simdjson::dom::element json;
  ASSERT_FALSE(parser.parse(to_json(report)).get(json)) << to_json(report);
  EXPECT_TRUE(json["wrong"].get_bool().value());
  EXPECT_EQ(json["series"].at(0)["slots"]["not_loaded"].get_int64().value(), 30);
  EXPECT_EQ(json["series"].at(0)["findings"].at(0)["check"].get_string().value(), "not_loaded");

  simdjson::dom::element plan;
  ASSERT_FALSE(parser.parse(plan_to_json(report)).get(plan)) << plan_to_json(report);
  bool asks_for_es = false;
  for (const auto request : plan["requests"].get_array())
    for (const auto symbol : request["symbols"].get_array())
      asks_for_es = asks_for_es || symbol.get_string().value() == "ES.FUT";
  EXPECT_TRUE(asks_for_es);

  const std::string page = to_html(report);
  EXPECT_NE(page.find("<title>ES 2025-06: 70 traded, 30 not loaded</title>"), std::string::npos);
  EXPECT_NE(page.find("class=cn>"), std::string::npos);
  EXPECT_EQ(page.find("http://"), page.find("http://www.w3.org")) << "needs nothing but itself";
}

TEST_F(AuditTest, AHaltIsToldFromAQuietMarket) {
  Bars bars = minutes(0, 60);
  bars.erase(bars.begin() + 20, bars.begin() + 30);
  write_bars(in("a.dbn"), bars);
  load_all();
  const table::Table& table = table::databento_status();
  table::RowBatch batch(table);
  const auto status = [&](int minute, dbn::StatusAction action) {
    const std::int64_t micros = static_cast<std::int64_t>(kBarDay / 1'000) + minute * 60'000'000LL;
    table::RowAppender row(batch);
    row.int64(micros * 1'000).text("ESU5").int32(static_cast<std::int32_t>(action)).int32(0);
    row.int32(0).timestamp(micros).timestamp(micros).text("ES").int64(1).int64(1);
    row.text("Y").text("Y").text("~").date(Date::of_second(micros / 1'000'000));
    row.timestamp(1).text("0").timestamp(1).end();
  };
  status(22, dbn::StatusAction::kHalt);
  status(24, dbn::StatusAction::kShortSaleRestrictionChange);
  status(27, dbn::StatusAction::kTrading);
  table::BatchStream rows(batch);
  auto lake = lake::Lake::open(Env::posix(), options_.lake);
  ASSERT_TRUE(lake);
  const auto stored = (*lake)->replace(table, {.root = "", .date = Date(2025, 6, 16)}, rows, {});
  ASSERT_TRUE(stored) << stored.error().message();
  const AuditReport report = audit();
  ASSERT_EQ(report.series.size(), 1U);
  EXPECT_TRUE(report.series[0].halts_known);
  EXPECT_EQ(report.series[0].count(SlotState::kHalted), 5U);
  EXPECT_EQ(report.series[0].count(SlotState::kNoTrade), 5U);
}

TEST_F(AuditTest, BarsOfAllRootsInOnePartitionAreAuditedRootByRoot) {
  Bars bars;
  for (int hour = 0; hour < 3; ++hour) {
    bars.push_back(minute_bar(hour * 60, "ESU5", 6'000));
    if (hour != 1) bars.push_back(minute_bar(hour * 60, "NQU5", 20'000));
  }
  write_bars(in("a.dbn"), bars, dbn::Schema::kOhlcv1h);
  load_all();
  const AuditReport report = audit();
  ASSERT_EQ(report.series.size(), 2U);
  EXPECT_EQ(find(report, "1h", "ES")->count(SlotState::kTraded), 3U);
  EXPECT_EQ(find(report, "1h", "NQ")->count(SlotState::kNoTrade), 1U);
  EXPECT_EQ(audit({.roots = {"NQ"}}).series.size(), 1U);
}

TEST_F(AuditTest, OurHoursMustBeTheVendors) {
  write_bars(in("minutes.dbn"), minutes(0, 120));
  Bars hours{minute_bar(0, "ESU5", 6'000, 60), minute_bar(60, "ESU5", 6'000, 59)};
  write_bars(in("hours.dbn"), hours, dbn::Schema::kOhlcv1h);
  load_all();
  NoProgress progress;
  RollupOptions rollup;
  rollup.place.lake = options_.lake;
  rollup.tables = {"bars_1h"};
  const auto rolled = run_rollup(Env::posix(), rollup, progress);
  ASSERT_TRUE(rolled) << rolled.error().message();
  const AuditReport report = audit();
  const Finding* const finding = find(*find(report, "1h"), Check::kDifferentBars);
  ASSERT_NE(finding, nullptr);
  EXPECT_EQ(finding->count, 1U) << "the volume of the second hour";
  EXPECT_EQ(finding->examples, (std::vector<std::string>{"2025-06-16T01:00:00Z ESU5: volume"}));
  EXPECT_TRUE(report.is_wrong());
}

TEST_F(AuditTest, CandlesAreAccountedForBySecond) {
  const table::RowBatch batch = lake::session_row("ES", Date(2025, 6, 16), 5, 1);
  auto lake = lake::Lake::open(Env::posix(), options_.lake);
  ASSERT_TRUE(lake);
  table::BatchStream rows(batch);
  ASSERT_TRUE((*lake)->replace_dates(table::candle_sessions(), "ES", rows, {}));
  const auto column = [&](std::string_view name) { return batch.table().column_index(name); };
  const AuditReport report = audit();
  ASSERT_EQ(report.series.size(), 1U);
  const SeriesReport& candles = report.series[0];
  EXPECT_EQ(candles.timeframe, "candles");
  EXPECT_EQ(candles.expected(), 23 * 3'600U);
  const auto covered = static_cast<std::uint64_t>(batch.int32s(column("seconds_covered"))[0]);
  EXPECT_EQ(candles.count(SlotState::kTraded), covered);
  EXPECT_EQ(find(candles, Check::kStaleCandles) != nullptr, batch.int8s(column("stale"))[0] != 0);
  EXPECT_EQ(find(candles, Check::kIncompleteDate) == nullptr,
            batch.int8s(column("complete"))[0] != 0);
  // A gap that was filled since: what it covered in session is no longer merely traded.
  auto state = ops::State::open(Env::posix(), folder_.file("frontmonth-state-lake/ops.sqlite"));
  ASSERT_TRUE(state);
  const auto gap = state->add_gap({.dataset = "GLBX.MDP3",
                                   .schema = {},
                                   .from = kBarDay,
                                   .to = kBarDay + 9 * kNanosPerSecond,
                                   .reason = "test"});
  ASSERT_TRUE(gap);
  EXPECT_EQ(audit().series[0].count(SlotState::kRepaired), 0U);
  ASSERT_TRUE(state->mark_repaired(*gap, "test"));
  EXPECT_EQ(audit().series[0].count(SlotState::kRepaired), std::min<std::uint64_t>(covered, 10));
}

TEST_F(AuditTest, WhatIsNotThereIsNotRight) {
  NoProgress progress;
  const auto missing = run_audit(Env::posix(), {.lake = folder_.file("laek")}, progress);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code(), Code::kNotFound);
  EXPECT_NE(missing.error().message().find("laek: there is no lake"), std::string::npos);
  write_bars(in("a.dbn"), minutes(0, 60));
  load_all();
  const AuditReport report = audit({.roots = {"ES", "ZL"}});
  EXPECT_EQ(report.absent_roots, (std::vector<std::string>{"ZL"}));
  EXPECT_TRUE(report.is_wrong());
  EXPECT_NE(to_text(report).find("ZL: the lake has no row of it"), std::string::npos);
  EXPECT_NE(to_json(report).find(R"("absent_roots":["ZL"])"), std::string::npos);
}

TEST_F(AuditTest, AnEmptyLakeHasNothingToAudit) {
  ASSERT_TRUE(lake::Lake::open(Env::posix(), options_.lake));
  const AuditReport report = audit();
  EXPECT_TRUE(report.series.empty());
  EXPECT_EQ(to_text(report), "The lake has no bars and no candles to audit.\n");
  NoProgress progress;
  const auto refused =
      run_audit(Env::posix(), {.lake = options_.lake, .timeframes = {"2m"}}, progress);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::kInvalidArgument);
}

}  // namespace
}  // namespace fm::jobs
