// Each question over HTTP, against a lake of generated trades.
#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "base/testing_fault_env.h"
#include "candles/engine.h"
#include "jobs/testing_load.h"
#include "lake/lake.h"
#include "ops/state.h"
#include "server/row_hub.h"
#include "server/testing_json.h"
#include "server/testing_server.h"
#include "server/testing_streams.h"
#include "table/catalogue.h"

namespace fm::server {
namespace {

std::vector<std::int64_t> numbers(const Parsed& page, std::string_view pointer) {
  std::vector<std::int64_t> values;
  for (const simdjson::dom::element value : page.array(pointer))
    values.push_back(value.get_int64().value());
  return values;
}

std::int64_t sum(const std::vector<std::int64_t>& values) {
  std::int64_t all = 0;
  for (const std::int64_t value : values) all += value;
  return all;
}

// Bars of any length hold the same trades, and the CVD goes on over them.
TEST(CandleBars, OfEveryLengthHoldTheSameTrades) {
  TestServer server;
  const Parsed seconds(server.body("/api/candles?root=ES&resolution=seconds&limit=200000"));
  const std::int64_t volume = sum(numbers(seconds, "/data/volume"));
  ASSERT_GT(volume, 10'000);
  const auto cvd = numbers(seconds, "/data/cvd_close");
  std::size_t rows = seconds.size("/data/time");
  for (const auto* resolution : {"1m", "5m", "15m", "1h", "1d"}) {
    const Parsed bars(
        server.body(fmt::format("/api/candles?root=ES&resolution={}&limit=200000", resolution)));
    EXPECT_EQ(sum(numbers(bars, "/data/volume")), volume) << resolution;
    EXPECT_EQ(numbers(bars, "/data/cvd_close").back(), cvd.back()) << resolution;
    EXPECT_LT(bars.size("/data/time"), rows) << resolution;
    EXPECT_EQ(bars.text("/source"), "\"candles_1s\"");
    rows = bars.size("/data/time");
  }
  EXPECT_EQ(rows, 2U);
}

TEST(CandleBars, FollowAContractOrADeferredMonth) {
  TestServer server;
  const Parsed roots(server.body("/api/roots"));
  const std::string front = roots.text("/roots/0/front_month");
  ASSERT_GE(roots.size("/roots/0/contracts"), 2U);
  const Parsed named(
      server.body("/api/candles?root=ES&resolution=1h&columns=symbol,volume&symbol=" +
                  front.substr(1, front.size() - 2)));
  EXPECT_EQ(named.text("/data/symbol/runs/0/0"), front);
  const Parsed next(server.body("/api/candles?root=ES&resolution=1h&columns=symbol,volume&rank=1"));
  ASSERT_GT(next.number("/rows"), 0);
  // Before the roll, what is next is what is the front month behind it.
  const Parsed first(server.body("/api/candles?root=ES&resolution=1h&columns=symbol"));
  EXPECT_NE(first.text("/data/symbol/runs/0/0"), front);
  EXPECT_EQ(next.text("/data/symbol/runs/0/0"), front);
  // Rolling ones of a contract are made of its seconds; of the front month's own they are stored.
  const Parsed rolling(server.body("/api/candles?root=ES&resolution=1s&rank=1&limit=10"));
  EXPECT_EQ(rolling.text("/source"), "\"candles_1s\"");
  EXPECT_EQ(rolling.text("/data/symbol/runs/0/0"), front);
  EXPECT_EQ(server.get("/api/candles?root=ES&symbol=ES").status, 400);
  EXPECT_EQ(server.get("/api/candles?root=ES&symbol=ESU5&rank=1").status, 400);
  EXPECT_EQ(server.get("/api/candles?root=ES&rank=4").status, 400);
}

// What the lake stores of the front month's rolling windows is what its seconds make.
TEST(CandleBars, MakeTheStoredWindowsAnew) {
  TestServer server;
  const Parsed stored(
      server.body("/api/candles?root=ES&limit=500&columns=time,open,high,low,close,"
                  "volume,vd,symbol&before=1749502800"));
  const std::string symbol = stored.text("/data/symbol/runs/0/0");
  ASSERT_EQ(stored.size("/data/symbol/runs"), 1U);
  const std::string from = std::to_string(numbers(stored, "/data/time").front());
  const Parsed made(server.body(
      "/api/candles?root=ES&limit=500&columns=time,open,high,low,close,volume,vd&from=" + from +
      "&symbol=" + symbol.substr(1, symbol.size() - 2)));
  for (const auto* column : {"time", "open", "high", "low", "close", "volume", "vd"}) {
    const std::string pointer = fmt::format("/data/{}", column);
    EXPECT_EQ(made.text(pointer), stored.text(pointer)) << column;
  }
}

TEST(VendorBars, StandInWhereARootHasNoCandles) {
  const TestDirectory folder;
  std::vector<jobs::TestBar> bars;
  for (int minute = 840; minute < 900; ++minute) {
    bars.push_back(jobs::minute_bar(minute, "ESM5", 6'000 + minute % 7, 10));
    bars.push_back(jobs::minute_bar(minute, "ESU5", 6'050, 3));
  }
  ASSERT_TRUE(Env::posix().make_directories(folder.file("in")));
  jobs::write_bars(folder.file("in/glbx-mdp3-20250616.ohlcv-1m.dbn"), bars);
  jobs::LoadOptions load;
  load.inputs = {folder.file("in")};
  load.lake = folder.file("lake");
  static_cast<void>(jobs::load(load));

  TestServer server({.lake = folder.file("lake")});
  const Parsed minutes(server.body("/api/candles?root=ES&resolution=1m"));
  EXPECT_EQ(minutes.text("/source"), "\"databento_futures_ohlcv_1m\"");
  EXPECT_EQ(minutes.text("/data/symbol/runs"), R"([["ESM5",60]])");
  EXPECT_EQ(minutes.text("/data/vd/0"), "null");
  const Parsed hour(server.body("/api/candles?root=ES&resolution=1h"));
  EXPECT_EQ(numbers(hour, "/data/volume"), std::vector<std::int64_t>{600});
  EXPECT_EQ(hour.text("/data/high"), "[6006]");
  const Parsed day(server.body("/api/candles?root=ES&resolution=1d&rank=1"));
  EXPECT_EQ(day.text("/data/symbol/runs"), R"([["ESU5",1]])");
  EXPECT_EQ(day.text("/data/trade_date/runs"), R"([["2025-06-16",1]])");

  const std::string table = "/api/bars?root=ES&table=databento_futures_ohlcv_1m";
  std::size_t rows = 0;
  std::string after;
  for (int page = 0; page < 20; ++page) {
    const Parsed some(
        server.body(table + "&limit=7" + (after.empty() ? "&from=0" : "&after=" + after)));
    rows += some.size("/data/ts_event");
    after = some.text("/next");
    if (after == "null") break;
    after = after.substr(1, after.size() - 2);
  }
  EXPECT_EQ(rows, 120U);
  EXPECT_EQ(Parsed(server.body(table + "&symbol=ESU5")).number("/rows"), 60);
  EXPECT_TRUE(server.body(table + "&symbol=ESU5&limit=1&format=csv").contains(",ESU5,"));
  EXPECT_EQ(server.get("/api/bars?root=ES&table=job_runs").status, 400);
  EXPECT_EQ(server.get(table + "&after=x").status, 400);
}

TEST(Parquet, ComesAsItIsStored) {
  TestServer server;
  const Parsed list(server.body("/api/parquet/candles_1m/ES"));
  ASSERT_EQ(list.size("/partitions"), 2U);
  EXPECT_EQ(list.text("/partitions/0/partition"), "\"2025-06-09\"");
  const auto file = server.get("/api/parquet/candles_1m/ES/2025-06-09");
  EXPECT_EQ(file.status, 200);
  EXPECT_EQ(static_cast<std::int64_t>(file.body.size()),
            list.number("/partitions/0/parts/0/bytes"));
  EXPECT_TRUE(file.body.starts_with("PAR1"));
  const std::string etag(file.header("etag"));
  EXPECT_EQ(server.get("/api/parquet/candles_1m/ES/2025-06-09", {{"If-None-Match", etag}}).status,
            304);
  const auto range = server.get("/api/parquet/candles_1m/ES/2025-06-09", {{"Range", "bytes=0-3"}});
  EXPECT_EQ(range.status, 206);
  EXPECT_EQ(range.body, "PAR1");
  for (const auto* missing : {"/api/parquet/candles_1m/ES/2025-06-08", "/api/parquet/nothing/ES",
                              "/api/parquet/candles_1m/ES/soon", "/api/parquet/job_runs/ES"})
    EXPECT_EQ(server.get(missing).status, 404) << missing;
  EXPECT_EQ(server.get("/api/parquet/candles_1m/ES/2025-06-09?part=1").status, 400);
}

TEST(Marks, ShowWhatLiesBehindCandles) {
  TestServer server;
  const Parsed marks(server.body("/api/marks?root=ES&from=2025-06-09&to=2025-06-21"));
  EXPECT_EQ(marks.text("/sessions/0"),
            R"({"trade_date":"2025-06-09","open":1749420000,"close":1749502800,"halts":[],)"
            R"("early_close":false})");
  bool early = false;
  for (const simdjson::dom::element session : marks.array("/sessions"))
    early |= session["early_close"].get_bool().value();
  EXPECT_TRUE(early || marks.size("/holidays") > 0);
  EXPECT_TRUE(marks.text("/holidays").contains("Juneteenth")) << marks.text("/holidays");
  const Parsed grains(server.body("/api/marks?root=ZL&from=2025-06-10&to=2025-06-11"));
  EXPECT_GE(grains.size("/sessions/0/halts"), 1U);
  EXPECT_EQ(server.get("/api/marks?root=ES&from=2025-06-09&to=2025-06-01").status, 400);
  EXPECT_EQ(server.get("/api/marks?root=ES&from=2000-06-09&to=2025-06-01").status, 400);
}

TEST(Marks, NameTheGapsOfTheFeed) {
  const TestDirectory folder;
  const std::string state_dir = folder.file("state");
  {
    auto state = ops::State::open(Env::posix(), ops::state_file(state_dir)).value();
    ASSERT_TRUE(state.add_gap({.dataset = "GLBX.MDP3",
                               .schema = {},
                               .from = 1'749'560'000 * kNanosPerSecond,
                               .to = 1'749'560'060 * kNanosPerSecond,
                               .reason = "replay_window_exceeded"}));
  }
  TestServer server({.lake = folder.file("lake"), .state_dir = state_dir});
  const Parsed marks(server.body("/api/marks?root=ES&from=2025-06-10&to=2025-06-11"));
  EXPECT_EQ(marks.text("/gaps"),
            R"([{"from":1749560000,"to":1749560060,"reason":"feed gap",)"
            R"("detail":"GLBX.MDP3: replay_window_exceeded","repaired":false}])");
  EXPECT_EQ(Parsed(server.body("/api/marks?root=ES&from=2025-06-12&to=2025-06-13")).size("/gaps"),
            0U);
}

TEST(VolumeAtPrice, CountsEveryContract) {
  TestServer server;
  const Parsed seconds(server.body(
      "/api/candles?root=ES&resolution=seconds&limit=200000&from=2025-06-10&to=2025-06-11"));
  const Parsed profile(server.body("/api/volume-at-price?root=ES&from=2025-06-10&to=2025-06-11"));
  EXPECT_EQ(sum(numbers(profile, "/volume")), sum(numbers(seconds, "/data/volume")));
  EXPECT_EQ(profile.text("/tick"), "0.25");
  EXPECT_LE(profile.at("/value_area/0").get_double().value(),
            profile.at("/poc").get_double().value());
  EXPECT_GE(profile.at("/value_area/1").get_double().value(),
            profile.at("/poc").get_double().value());
  const Parsed none(server.body("/api/volume-at-price?root=NQ&from=2025-06-10&to=2025-06-11"));
  EXPECT_EQ(none.text("/poc"), "null");
  EXPECT_EQ(server.get("/api/volume-at-price?root=ES&from=2020-06-10&to=2025-06-11").status, 400);
}

// Never blank: at any moment there are bars, and a reason for their age.
TEST(LiveData, SaysWhyNothingIsNewer) {
  struct {
    const char* now;
    const char* state;
    const char* reason;
    const char* expected;
    const char* cache;
  } const cases[] = {
      {"2025-06-10T14:00:00Z", "open", "", "", "max-age=1"},
      {"2025-06-14T14:00:00Z", "closed", "closed until Sun 17:00 CT (weekend)", "closed",
       "s-maxage=300"},
      {"2025-06-11T21:30:00Z", "closed", "closed until Wed 17:00 CT (daily break)", "closed",
       "s-maxage=300"},
      {"2025-12-25T14:00:00Z", "holiday", "Christmas", "closed", "s-maxage=300"},
      {"2025-06-12T14:00:00Z", "open", "", "late", "max-age=1"},
  };
  for (const auto& c : cases) {
    FaultEnv env;
    env.set_now(parse_iso_nanos(c.now).value());
    TestServer server({}, {}, env);
    const auto answer = server.get("/api/live-data?root=ES");
    ASSERT_EQ(answer.status, 200) << answer.body;
    EXPECT_EQ(answer.header("cache-control"), c.cache) << c.now;
    const Parsed data(answer.body);
    EXPECT_EQ(data.text("/state"), fmt::format("\"{}\"", c.state)) << c.now;
    EXPECT_TRUE(data.text("/reason").contains(c.reason)) << data.text("/reason");
    if (*c.expected != '\0') {
      EXPECT_EQ(data.text("/expected"), fmt::format("\"{}\"", c.expected)) << c.now;
    }
    EXPECT_GE(data.size("/bars"), 5U) << c.now;
    EXPECT_TRUE(data.has("/bars/0/close"));
    EXPECT_EQ(data.text("/front_month"), "\"ESU5\"");
  }
  TestServer server;
  EXPECT_EQ(server.get("/api/live-data?root=QQQ").status, 404);
  const Parsed known(server.body("/api/live-data?root=NQ"));
  EXPECT_EQ(known.size("/bars"), 0U);
  EXPECT_EQ(known.text("/last_row"), "null");
}

TEST(Coverage, GoesFromYearsToMinutes) {
  TestServer server;
  const std::string base = "/api/coverage?root=ES&timeframe=candles&level=";
  const Parsed years(server.body(base + "years"));
  EXPECT_EQ(years.text("/cells/0/key"), "\"2025\"");
  const Parsed months(server.body(base + "months&year=2025"));
  ASSERT_EQ(months.size("/cells"), 12U);
  EXPECT_EQ(months.text("/cells/5/key"), "\"2025-06\"");
  EXPECT_EQ(months.text("/cells/0/share"), "null");
  const Parsed days(server.body(base + "days&month=2025-06"));
  ASSERT_EQ(days.size("/cells"), 30U);
  EXPECT_GT(days.number("/cells/8/counts/traded"), 0);
  EXPECT_EQ(days.number("/cells/8/counts/traded"),
            months.number("/cells/5/counts/traded") - days.number("/cells/9/counts/traded"));
  const Parsed minutes(server.body(base + "minutes&day=2025-06-09"));
  std::int64_t end = 1'749'420'000;  // the session's open; one run follows the other
  for (const simdjson::dom::element run : minutes.array("/runs")) {
    EXPECT_EQ(run["from"].get_int64().value(), end);
    end = run["to"].get_int64().value();
  }
  EXPECT_EQ(end, 1'749'502'800);
  for (const auto* wrong : {"months", "days", "minutes", "days&month=2025", "minutes&day=soon",
                            "months&year=x", "weeks"})
    EXPECT_EQ(server.get(base + wrong).status, 400) << wrong;
}

TEST(Coverage, ShowsTheMinutesThatTheFeedLost) {
  const TestDirectory folder;
  const std::string state_dir = folder.file("state");
  constexpr Second kLost = 1'749'448'800;  // 2025-06-09T06:00:00Z
  constexpr Second kRepaired = kLost + 10'800;
  {
    auto state = ops::State::open(Env::posix(), ops::state_file(state_dir)).value();
    const auto add = [&](Second from) {
      return state.add_gap({.dataset = "GLBX.MDP3",
                            .schema = {},
                            .from = from * kNanosPerSecond,
                            .to = (from + 3'590) * kNanosPerSecond,
                            .reason = "replay_window_exceeded"});
    };
    ASSERT_TRUE(add(kLost));
    const auto repaired = add(kRepaired);
    ASSERT_TRUE(repaired && state.mark_repaired(*repaired, "a test"));
  }
  TestServer server({.lake = folder.file("lake"), .state_dir = state_dir});
  const auto stretches = [&](std::string_view timeframe) {
    const Parsed minutes(server.body(
        fmt::format("/api/coverage?root=ES&timeframe={}&level=minutes&day=2025-06-09", timeframe)));
    std::vector<std::string> found;
    for (const simdjson::dom::element run : minutes.array("/runs"))
      if (const std::string_view state = run["state"]; state == "gap" || state == "repaired")
        found.push_back(fmt::format("{} {} {}", state, run["from"].get_int64().value(),
                                    run["to"].get_int64().value()));
    return found;
  };
  EXPECT_EQ(stretches("candles"),
            (std::vector{fmt::format("gap {} {}", kLost, kLost + 3'600),
                         fmt::format("repaired {} {}", kRepaired, kRepaired + 3'600)}));
  EXPECT_TRUE(stretches("1m").empty()) << "files do not lack what a feed lost";
}

TEST(Operations, ShowRunsEventsAndTheirRows) {
  const TestDirectory folder;
  const std::string state_dir = folder.file("state");
  std::string run;
  {
    auto state = ops::State::open(Env::posix(), ops::state_file(state_dir)).value();
    for (int i = 0; i < 5; ++i) {
      run = state.begin_run({.job = "load", .parameters_json = "{}"}).value();
      ASSERT_TRUE(state.finish_run(run, {.rows_processed = 7, .error_message = {}}));
    }
    const std::string payload = fmt::format(R"({{"run":"{}","bad_range":2,"root":"ES"}})", run);
    ASSERT_TRUE(state.add_event({.source = "load",
                                 .dataset = "market_data",
                                 .check_type = "left_out",
                                 .message = "2 records left out",
                                 .payload_json = payload}));
    ASSERT_TRUE(state.add_event({.source = "x", .dataset = "ops", .message = "plain"}));
  }
  Env& env = Env::posix();
  ASSERT_TRUE(env.make_directories(join(state_dir, "quarantine/load")));
  ASSERT_TRUE(env.make_directories(join(state_dir, "logs")));
  ASSERT_TRUE(write_text_atomically(env, join(state_dir, "quarantine/load/" + run + ".jsonl"),
                                    "{\"a\":1}\nnot json\n"));
  ASSERT_TRUE(write_text_atomically(env, join(state_dir, "logs/" + run + ".log"), "it ran\n"));
  TestServer server({.lake = folder.file("lake"), .state_dir = state_dir});

  std::vector<std::string> seen;
  std::string after;
  for (int page = 0; page < 5; ++page) {
    const Parsed some(server.body("/api/jobs?limit=2" + (after.empty() ? "" : "&after=" + after)));
    for (const simdjson::dom::element one : some.array("/runs"))
      seen.emplace_back(one["run_id"].get_string().value());
    after = some.text("/next");
    if (after == "null") break;
    after = after.substr(1, after.size() - 2);
  }
  EXPECT_EQ(seen.size(), 5U);
  EXPECT_EQ(std::set<std::string>(seen.begin(), seen.end()).size(), 5U);
  EXPECT_EQ(server.body("/api/jobs/" + run + "/log"), "it ran\n");
  EXPECT_EQ(server.get("/api/jobs/other/log").status, 404);

  const Parsed events(server.body("/api/events?limit=1"));
  EXPECT_EQ(events.text("/events/0/text"), "\"plain\"");
  const std::string next = events.text("/next");
  const Parsed older(server.body("/api/events?after=" + next.substr(1, next.size() - 2)));
  ASSERT_EQ(older.size("/events"), 1U);
  EXPECT_EQ(older.text("/events/0/root"), "\"ES\"");
  EXPECT_EQ(older.text("/events/0/rows"), "2");
  EXPECT_EQ(older.text("/events/0/quarantine"), fmt::format("\"load/{}.jsonl\"", run));
  const std::string id = older.text("/events/0/id");
  const Parsed rows(server.body("/api/events/" + id.substr(1, id.size() - 2) + "/rows"));
  EXPECT_EQ(rows.text("/lines"), R"([{"a":1},"not json"])");
  EXPECT_EQ(server.get("/api/events/none/rows").status, 404);
  EXPECT_EQ(server.get("/api/events?after=x").status, 400);
}

TEST(Operations, AnswerWhereThereIsNothing) {
  const TestDirectory folder;
  TestServer server({.lake = folder.file("none"), .state_dir = folder.file("none-state")});
  EXPECT_EQ(Parsed(server.body("/api/jobs")).size("/runs"), 0U);
  EXPECT_EQ(Parsed(server.body("/api/events")).size("/events"), 0U);
  EXPECT_EQ(Parsed(server.body("/api/mirror")).size("/tables"), 0U);
  EXPECT_EQ(Parsed(server.body("/api/costs")).text("/available"), "false");
  EXPECT_EQ(Parsed(server.body("/api/config")).text("/yaml"), "null");
  EXPECT_EQ(Parsed(server.body("/api/candles?root=ES")).number("/rows"), 0);
  EXPECT_EQ(Parsed(server.body("/api/candles?root=ES&resolution=1m")).number("/rows"), 0);
  EXPECT_EQ(Parsed(server.body("/api/coverage?root=ES")).size("/cells"), 0U);
  EXPECT_GT(Parsed(server.body("/api/schema")).size("/tables"), 20U);
  EXPECT_TRUE(Parsed(server.body("/api/status")).has("/uptime_s"));
  EXPECT_TRUE(Parsed(server.body("/api/health")).has("/lines"));
}

TEST(Answers, AreGzippedAndKept) {
  TestServer server;
  const std::string target = "/api/candles?root=ES&limit=2000";
  const std::string plain = server.body(target);
  const auto packed = server.get(target, {{"Accept-Encoding", "gzip"}});
  EXPECT_EQ(packed.header("content-encoding"), "gzip");
  EXPECT_LT(packed.body.size(), plain.size() / 2);
  EXPECT_EQ(packed.header("vary"), "Accept-Encoding");
  // The same content in another form: either ETag stands for it.
  EXPECT_EQ(server.get(target, {{"If-None-Match", std::string(packed.header("etag"))}}).status,
            304);
  EXPECT_EQ(server.get("/api/candles?limit=2000&root=ES", {{"Accept-Encoding", "gzip"}}).body,
            packed.body);
  EXPECT_EQ(server.get("/api/candles?root=ES&limit=0", {{"Accept-Encoding", "gzip"}}).status, 400);
  const auto metrics = server.body("/metrics");
  EXPECT_TRUE(metrics.contains("frontmonth_cache_requests_total{result=\"hit\"}"));
}

// What is kept goes when the lake has other rows.
TEST(Answers, AreMadeAnewWhenTheLakeChanges) {
  const TestDirectory folder;
  auto lake = lake::Lake::open(Env::posix(), folder.file("lake")).value();
  const auto put = [&](int minute) {
    table::RowBatch batch(table::candles_1m());
    const Date date(2025, 6, 10);
    table::RowAppender row(batch);
    row.timestamp((1'749'560'000 + minute * 60) * 1'000'000LL).text("ES").date(date).text("ESU5");
    for (int i = 0; i < 4; ++i) row.number(6'000);
    for (int i = 0; i < 9; ++i) row.int64(1);
    for (int i = 0; i < 3; ++i) row.null();
    row.int8(0).null();
    for (int i = 0; i < 6; ++i) row.int64(1);
    row.number(6'000).int32(1).int32(60).end();
    table::BatchStream stream(batch);
    ASSERT_TRUE(lake->merge(table::candles_1m(), {.root = "ES", .date = date}, stream, {}));
  };
  put(0);
  TestServer server({.lake = folder.file("lake")});
  const std::string target = "/api/candles?root=ES";
  EXPECT_EQ(Parsed(server.body(target)).number("/rows"), 1);
  EXPECT_EQ(Parsed(server.body(target)).number("/rows"), 1);
  put(1);
  std::int64_t rows = 0;
  for (int i = 0; i < 100 && rows != 2; ++i) {
    Env::posix().sleep_for(50'000'000);
    rows = Parsed(server.body(target)).number("/rows");
  }
  EXPECT_EQ(rows, 2);
}

// Rows of this process follow the lake's; of one time they take their place.
TEST(Tail, JoinsTheLakesRows) {
  struct Silent final : candles::Output {
    void candles(std::span<const candles::CandleRow>) override {}
    void seconds(std::span<const candles::SecondRow>) override {}
    void session(const candles::SessionRow&) override {}
    void rejected(const candles::Rejection&) override {}
  } silent;
  candles::Engine names(market::Universe::builtin(), market::Calendar::builtin(), {}, silent);
  names.resume("ES", {});
  const auto symbol = names.intern("ESU5");
  RowHub hub(Env::posix());
  TestServer server({}, {.rows = &hub});
  const std::string target = "/api/candles?root=ES&limit=6&columns=time,volume";
  const Parsed before(server.body(target));
  EXPECT_EQ(before.text("/tail_from"), "null");
  const auto stored = numbers(before, "/data/time");

  std::vector<candles::CandleRow> rows;
  constexpr Second kClose = 1'749'589'200;  // of the last session: the lake is final up to there
  for (const Second time : {stored.back(), kClose + 5, kClose + 7}) {
    candles::CandleRow row{};
    row.time = time;
    row.symbol = symbol;
    row.trade_date = Date(2025, 6, 10);
    row.open = row.high = row.low = row.close = 6'000 * kPriceScale;
    row.volume = 4'242;
    rows.push_back(row);
  }
  hub.rows(rows, names);
  hub.flush();
  const Parsed after(server.body(target));
  const auto times = numbers(after, "/data/time");
  ASSERT_EQ(times.size(), 6U);
  EXPECT_EQ(times.back(), kClose + 7);
  EXPECT_EQ(times[3], stored.back());
  EXPECT_EQ(numbers(after, "/data/volume")[3], 4'242);
  EXPECT_EQ(after.number("/tail_from"), kClose + 5);
  EXPECT_TRUE(after.text("/stream").contains("-1"));
  const Parsed live(server.body("/api/live-data?root=ES"));
  EXPECT_EQ(live.text("/provisional"), "true");
}

TEST(Stream, GoesOverHttp) {
  struct Silent final : candles::Output {
    void candles(std::span<const candles::CandleRow>) override {}
    void seconds(std::span<const candles::SecondRow>) override {}
    void session(const candles::SessionRow&) override {}
    void rejected(const candles::Rejection&) override {}
  } silent;
  candles::Engine names(market::Universe::builtin(), market::Calendar::builtin(), {}, silent);
  names.resume("ES", {});
  const auto symbol = names.intern("ESU5");
  RowHub hub(Env::posix());
  ServerOptions options;
  options.streams_max = 1;
  TestServer server(options, {.rows = &hub});
  const auto client = net::HttpClient::create(Env::posix()).value();
  std::string text;
  std::atomic<bool> has_rows = false;
  std::thread reader([&] {
    static_cast<void>(client->stream(
        {.url = server.url("/api/stream?roots=ES")},
        [&](std::span<const std::byte> bytes) -> Status {
          text.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
          if (text.contains("event: rows")) has_rows = true;
          return {};
        },
        [](const net::HttpResponse& head) -> Status {
          EXPECT_EQ(head.status, 200);
          EXPECT_TRUE(head.header("content-type").starts_with("text/event-stream"));
          return {};
        }));
  });
  for (int i = 0; i < 200 && hub.figures().clients == 0; ++i) Env::posix().sleep_for(20'000'000);
  EXPECT_EQ(server.get("/api/stream").status, 503);
  candles::CandleRow row{};
  row.time = 1'749'560'000;
  row.symbol = symbol;
  row.volume = 3;
  hub.rows({&row, 1}, names);
  for (int i = 0; i < 200 && !has_rows; ++i) Env::posix().sleep_for(20'000'000);
  EXPECT_TRUE(has_rows);
  client->cancel();
  reader.join();
  EXPECT_EQ(server.get("/api/stream?roots=es").status, 400);
  EXPECT_EQ(server.get("/api/stream?columns=some").status, 400);
}

}  // namespace
}  // namespace fm::server
