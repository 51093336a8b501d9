// The audit of a lake as a user sees it: what is counted, what is found, what is said.
#include "jobs/audit.h"

#include <gtest/gtest.h>
#include <simdjson.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "bars/contract_history.h"
#include "databento/testing_scripted_http.h"
#include "dbn/enums.h"
#include "jobs/backup.h"
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

TEST_F(AuditTest, SaysWhereLiveFollowsHistoryWhatIsKeptAndWhatIsBackedUp) {
  write_bars(in("a.dbn"), minutes(0, 60));
  load_all();
  Bars live = minutes(50, 70);
  live[3].close = 6'001;
  store_live(live);
  AuditOptions options;
  options.retention = {{&table::futures_ohlcv_1m_live(), 90}};
  const AuditReport before = audit(std::move(options));
  ASSERT_EQ(before.seams.size(), 1U);
  const quality::Seam& seam = before.seams[0];
  EXPECT_EQ(seam.root, "ES");
  EXPECT_EQ(seam.first_live, second_of(kBarDay) + 50 * 60);
  EXPECT_EQ(seam.last_history, second_of(kBarDay) + 59 * 60);
  EXPECT_EQ(seam.equal, 9U);
  EXPECT_EQ(seam.different, 1U);
  EXPECT_EQ(seam.only_live + seam.only_history + seam.missing_dates, 0U);
  EXPECT_FALSE(seam.is_good());
  const auto kept = std::ranges::find(before.kept, "market_data.futures_ohlcv_1m_live",
                                      &quality::KeptTable::table);
  ASSERT_NE(kept, before.kept.end());
  EXPECT_EQ(kept->days, 90);
  EXPECT_EQ(kept->oldest, Date(2025, 6, 16));
  EXPECT_TRUE(before.backup.state_known);
  EXPECT_FALSE(before.backup.made);
  EXPECT_NE(to_text(before).find("none is recorded"), std::string::npos);

  ASSERT_TRUE(run_backup(Env::posix(), {.lake = options_.lake,
                                        .state_dir = "",
                                        .directory = folder_.file("backup"),
                                        .verify = true}));
  const AuditReport report = audit();
  ASSERT_TRUE(report.backup.made);
  EXPECT_TRUE(report.backup.verified);
  for (const std::string& text : {to_text(report), to_html(report)}) {
    EXPECT_NE(text.find("9 equal, 1 different, 0 only live"), std::string::npos) << text;
    EXPECT_NE(text.find("read back and found equal"), std::string::npos) << text;
    EXPECT_NE(text.find("for ever"), std::string::npos) << text;
  }
  simdjson::dom::parser parser;
  simdjson::dom::element json;
  ASSERT_EQ(parser.parse(to_json(report)).get(json), simdjson::SUCCESS) << to_json(report);
  EXPECT_EQ(std::int64_t(json["seams"].at(0)["different"]), 1);
  EXPECT_TRUE(bool(json["backup"]["verified"]));
  EXPECT_GE(std::int64_t(json["backup"]["age_seconds"]), 0);
  EXPECT_TRUE(json["retention"].at(0)["days"].is_null());
}

TEST_F(AuditTest, NamesContractsThatDoNotEndByTheRule) {
  Bars bars = minutes(0, 60);
  write_bars(in("a.dbn"), bars);
  load_all();
  const table::Table& table = table::databento_definition();
  table::RowBatch batch(table);
  const auto definition = [&](const char* symbol, Date ends) {
    table::RowAppender row(batch);
    for (const table::Column& column : table.columns) {
      if (column.name == "symbol" || column.name == "raw_symbol") {
        row.text(symbol);
      } else if (column.name == "root") {
        row.text("ES");
      } else if (column.name == "instrument_class") {
        row.text("F");
      } else if (column.name == "expiration") {
        row.timestamp((ends.first_second() + 13 * 3'600) * 1'000'000);
      } else if (column.name == "ts_recv") {
        row.timestamp(static_cast<std::int64_t>(kBarDay / 1'000));
      } else if (column.nullable) {
        row.null();
      } else if (column.type == table::Type::kTimestamp) {
        row.timestamp(static_cast<std::int64_t>(kBarDay / 1'000));
      } else if (column.type == table::Type::kDate) {
        row.date(Date(2025, 6, 16));
      } else if (column.type == table::Type::kText) {
        row.text("");
      } else if (column.type == table::Type::kInt64) {
        row.int64(0);
      } else if (column.type == table::Type::kInt32) {
        row.int32(0);
      } else if (column.type == table::Type::kInt8) {
        row.int8(0);
      } else if (column.type == table::Type::kBool) {
        row.boolean(false);
      } else {
        row.number(0);
      }
    }
    row.end();
  };
  definition("ESU5", {2025, 9, 19});
  definition("ESZ5", {2025, 12, 18});
  table::BatchStream rows(batch);
  auto lake = lake::Lake::open(Env::posix(), options_.lake);
  ASSERT_TRUE(lake);
  const auto stored = (*lake)->replace(table, {.root = "", .date = Date(2025, 1, 1)}, rows, {});
  ASSERT_TRUE(stored) << stored.error().message();
  const AuditReport report = audit();
  const Finding* const finding = find(report.series.front(), Check::kExpiryRule);
  ASSERT_NE(finding, nullptr);
  EXPECT_EQ(finding->count, 1U);
  EXPECT_EQ(finding->examples.front(), "ESZ5: its definition says 2025-12-18, the rule 2025-12-19");
  EXPECT_FALSE(report.is_wrong()) << "a warning";
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

// The registry's rules against definitions that the vendor sent.
TEST_F(AuditTest, RulesAgreeWithRealDefinitions) {
  const std::string folder = FM_SHARED_DATA "/es-2024-07-01";
  if (!Env::posix().exists(folder)) GTEST_SKIP() << "shared data absent: " << folder;
  options_.inputs = {join(folder, "futures_definition.dbn.zst")};
  load(options_);
  const auto lake = lake::Lake::view(Env::posix(), options_.lake);
  const auto by_root = bars::read_expirations(*lake);
  ASSERT_TRUE(by_root) << by_root.error().message();
  std::size_t contracts = 0;
  for (const auto& [root, expirations] : *by_root) {
    const market::Root* const facts = market::Universe::builtin().find(root);
    if (facts == nullptr || facts->expiries.empty()) continue;
    contracts += expirations.size();
    for (const bars::DifferentExpiry& one :
         bars::different_expiries(expirations, {facts, &market::Calendar::builtin()}))
      ADD_FAILURE() << one.symbol << ": defined " << one.defined.iso() << ", by rule "
                    << one.by_rule.iso();
  }
  EXPECT_GT(contracts, 0U);
}

TEST_F(AuditTest, ThePlanSaysWhatItCosts) {
  write_bars(in("a.dbn"), minutes(0, 60));
  load_all();
  const auto plan = [&](std::optional<Secret> key, const std::string& url) {
    AuditOptions options{.roots = {"ES"},
                         .plan_schemas = {"ohlcv-1m", "ohlcv-1h"},
                         .plan_from = {2025, 6, 16},
                         .plan_to = {2025, 6, 18}};
    options.key = std::move(key);
    options.service.url = url;
    options.service.retries.attempts_max = 1;
    return audit(std::move(options));
  };
  const AuditReport unasked = plan(std::nullopt, "http://127.0.0.1:1");
  ASSERT_EQ(unasked.plan.size(), 2U);
  EXPECT_FALSE(unasked.plan[0].cost_usd);
  EXPECT_EQ(unasked.why_no_cost, "no API key was given");
  EXPECT_NE(to_text(unasked).find("The cost is unknown: no API key"), std::string::npos);
  EXPECT_NE(plan_to_json(unasked).find(R"("cost_usd":null,"why_no_cost":"no API key)"),
            std::string::npos)
      << plan_to_json(unasked);

  databento::testing::ScriptedHttp http(
      {databento::testing::ok("1.25"), databento::testing::ok("0.5")});
  const AuditReport asked = plan(Secret("db-0123456789abcdefghijklmnPLANT"), http.url());
  EXPECT_EQ(asked.plan[0].cost_usd, 1.25);
  EXPECT_EQ(asked.plan[1].cost_usd, 0.5);
  EXPECT_NE(to_text(asked).find("Together $1.75"), std::string::npos) << to_text(asked);
  EXPECT_NE(plan_to_json(asked).find(R"("cost_usd":1.75,"why_no_cost":null)"), std::string::npos);
  const auto requests = http.requests();
  ASSERT_EQ(requests.size(), 2U);
  EXPECT_NE(requests[0].find("metadata.get_cost"), std::string::npos);
  EXPECT_NE(requests[0].find("ES.FUT"), std::string::npos) << requests[0];

  // A service that is not there leaves the plan whole.
  const AuditReport alone = plan(Secret("db-0123456789abcdefghijklmnPLANT"), "http://127.0.0.1:1");
  EXPECT_EQ(alone.plan.size(), 2U);
  EXPECT_FALSE(alone.plan[0].cost_usd);
  EXPECT_FALSE(alone.why_no_cost.empty());
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
