#include "jobs/poll.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <thread>

#include "base/testing_fault_env.h"
#include "dbn/writer.h"
#include "gateway/historical_server.h"
#include "lake/lake.h"
#include "ops/state.h"
#include "table/catalogue.h"

namespace fm::jobs {
namespace {

constexpr Nanos kMinute = 60 * kNanosPerSecond;
constexpr Nanos kDay = 1'750'032'000 * kNanosPerSecond;  // 2025-06-16T00:00:00Z, a Monday
constexpr Nanos kOpen = kDay + 14 * 60 * kMinute;

constexpr std::uint32_t kEs = 1, kEsSpread = 2, kZl = 3;

Price price(double value) { return static_cast<Price>(value * 1e4) * (kPriceScale / 10'000); }

dbn::OhlcvMsg bar(std::uint32_t instrument, int minute, double close, std::uint64_t volume = 10) {
  dbn::OhlcvMsg record{};
  record.header = {dbn::kLengthOf<dbn::OhlcvMsg>, dbn::RType::kOhlcv1m, 1, instrument,
                   kOpen + static_cast<Nanos>(minute) * kMinute};
  record.open = record.high = record.low = record.close = price(close);
  record.volume = volume;
  return record;
}

class PollTest : public ::testing::Test {
 protected:
  PollTest() {
    options_.lake = folder_.file("lake");
    options_.roots = {"ES", "ZL"};
    options_.lookback = 24 * 60 * kMinute;
    options_.once = true;
    options_.service.retries = {.attempts_max = 1, .first_delay = 1'000, .delay_max = 1'000};
  }

  // From now on the service has these bars.
  void serve(std::vector<dbn::OhlcvMsg> records, gateway::HistoricalFaults faults = {}) {
    server_.reset();
    std::ranges::stable_sort(records, {}, [](const auto& one) { return one.header.ts_event; });
    dbn::Metadata metadata;
    metadata.dataset = "GLBX.MDP3";
    metadata.schema = dbn::Schema::kOhlcv1m;
    metadata.stype_in = dbn::SType::kRawSymbol;
    metadata.start = kDay;
    metadata.end = kDay + static_cast<Nanos>(days_) * kNanosPerDay;
    const Date day = Date::of_second(second_of(kDay));
    const std::pair<const char*, std::uint32_t> names[] = {
        {"ESU5", kEs}, {"ESU5-ESZ5", kEsSpread}, {"ZLN5", kZl}};
    for (const auto& [symbol, id] : names) {
      metadata.symbols.emplace_back(symbol);
      metadata.mappings.push_back({symbol, {{day, day + days_, std::to_string(id)}}});
    }
    const std::string path = folder_.file("bars.dbn");
    auto writer =
        dbn::Writer::open(dbn::create_output(Env::posix(), path).value(), metadata).value();
    for (const auto& record : records) ASSERT_TRUE(writer.write(record));
    ASSERT_TRUE(writer.finish());

    gateway::HistoricalOptions options;
    options.http_port = 0;
    options.jobs_directory = folder_.file("jobs");
    options.threads = 2;
    options.faults = faults;
    const std::vector paths = {path};
    auto server = gateway::HistoricalServer::start(
        Env::posix(), gateway::Archive::open(Env::posix(), paths).value(), options);
    ASSERT_TRUE(server) << server.error().message();
    server_ = *std::move(server);
    options_.service.url = fmt::format("http://127.0.0.1:{}", server_->http_port());
  }

  PollReport poll() {
    auto report = run_poll(Env::posix(), options_, key_, stop_);
    EXPECT_TRUE(report) << (report ? "" : report.error().message());
    return report ? *std::move(report) : PollReport{};
  }

  // "14:01 ESU5 6000.25 x10", sorted.
  [[nodiscard]] std::vector<std::string> stored() const {
    std::vector<std::string> rows;
    const auto lake = lake::Lake::view(Env::posix(), options_.lake);
    const table::Table& table = table::futures_ohlcv_1m_live();
    auto cursor = lake->read(table, {});
    EXPECT_TRUE(cursor);
    table::RowBatch batch(table);
    while ((*cursor)->next(batch).value()) {
      for (std::size_t row = 0; row < batch.size(); ++row) {
        const Second at = batch.int64s(table.column_index("ts_event"))[row] / 1'000'000;
        rows.push_back(fmt::format("{} {} {} x{}", iso_second(at).substr(11, 5),
                                   batch.text(table.column_index("symbol"), row),
                                   batch.doubles(table.column_index("close"))[row],
                                   batch.int64s(table.column_index("volume"))[row]));
      }
    }
    return rows;
  }

  [[nodiscard]] std::string quarantine(std::string_view root) const {
    const std::string path = folder_.file(
        fmt::format("frontmonth-state-lake/quarantine/poll/{}/2025-06-16.jsonl", root));
    return read_text(Env::posix(), path).value_or("");
  }

  TestDirectory folder_;
  int days_ = 1;  // that the service has
  PollOptions options_;
  const Secret key_{"db-0123456789abcdefghijklmnPLANT"};
  StopSignal stop_;
  std::unique_ptr<gateway::HistoricalServer> server_;
};

using Rows = std::vector<std::string>;

TEST_F(PollTest, StoresOutrightsOfItsRootsAndNothingTwice) {
  serve({bar(kEs, 0, 6000), bar(kEs, 1, 6000.25), bar(kEsSpread, 1, 55.15), bar(kZl, 1, 52.31)});
  const PollReport first = poll();
  EXPECT_EQ(first.verdict(), PollVerdict::kOk);
  EXPECT_EQ(first.roots[0].added, 2u);
  EXPECT_EQ(first.roots[0].other_instruments, 1u);
  EXPECT_EQ(first.roots[0].newest, second_of(kOpen + kMinute));
  EXPECT_EQ(first.roots[1].added, 1u);
  const Rows expected = {"14:00 ESU5 6000 x10", "14:01 ESU5 6000.25 x10", "14:01 ZLN5 52.31 x10"};
  EXPECT_EQ(stored(), expected);

  const PollReport second = poll();
  EXPECT_EQ(second.roots[0].bars, 2u) << "read again";
  EXPECT_EQ(second.roots[0].added, 0u);
  EXPECT_EQ(second.roots[0].corrected, 0u);
  EXPECT_EQ(stored(), expected);
  const auto lake = lake::Lake::view(Env::posix(), options_.lake);
  const auto partitions = lake->partitions(table::futures_ohlcv_1m_live()).value();
  for (const auto& manifest : partitions)
    EXPECT_EQ(manifest.version, 1u) << manifest.partition << " was written again";
}

TEST_F(PollTest, TakesUpLateCorrectionsWithinTheLookback) {
  serve({bar(kEs, 0, 6000), bar(kEs, 20, 6001), bar(kEs, 40, 6002)});
  poll();
  options_.lookback = 25 * kMinute;  // from 14:15 on
  serve({bar(kEs, 0, 6000, 99), bar(kEs, 20, 6001, 77), bar(kEs, 40, 6002), bar(kEs, 41, 6003)});
  const PollReport report = poll();
  EXPECT_EQ(report.roots[0].added, 1u);
  EXPECT_EQ(report.roots[0].corrected, 1u);
  const Rows expected = {"14:00 ESU5 6000 x10", "14:20 ESU5 6001 x77", "14:40 ESU5 6002 x10",
                         "14:41 ESU5 6003 x10"};
  EXPECT_EQ(stored(), expected);
}

TEST_F(PollTest, LeavesOutWhatCannotBeAndListsItOnce) {
  dbn::OhlcvMsg upside_down = bar(kEs, 3, 6000);
  std::swap(upside_down.low, upside_down.high);
  upside_down.low += price(1);
  dbn::OhlcvMsg outside = bar(kEs, 4, 6000);
  outside.open = price(6001);
  dbn::OhlcvMsg priceless = bar(kEs, 5, 6000);
  priceless.high = kUndefPrice;
  dbn::OhlcvMsg unnamed = bar(kEs, 6, 6000);
  unnamed.header.ts_event += 1;
  const dbn::OhlcvMsg negative = bar(kEs, 7, 6000, static_cast<std::uint64_t>(-5));
  serve({bar(kEs, 0, 6000), bar(kEs, 1, 6000.1), bar(kEs, 2, 9000), upside_down, outside, priceless,
         unnamed, negative, bar(kEs, 8, 6000.5), bar(kZl, 0, 52.31)});
  const PollReport report = poll();
  EXPECT_EQ(report.verdict(), PollVerdict::kOk);
  EXPECT_EQ(report.roots[0].quarantined, 7u);
  const std::map<std::string, std::uint64_t, std::less<>> reasons = {
      {"off_tick", 1}, {"outlier", 1},    {"bad_range", 2},
      {"no_price", 1}, {"off_minute", 1}, {"bad_volume", 1}};
  EXPECT_EQ(report.roots[0].left_out, reasons);
  const Rows expected = {"14:00 ESU5 6000 x10", "14:08 ESU5 6000.5 x10", "14:00 ZLN5 52.31 x10"};
  Rows rows = stored();
  EXPECT_TRUE(std::ranges::is_permutation(rows, expected)) << ::testing::PrintToString(rows);
  const std::string listed = quarantine("ES");
  EXPECT_NE(
      listed.find(R"({"ts_event":"2025-06-16T14:01:00.000000000Z","symbol":"ESU5",)"
                  R"("reason":"off_tick","found":"open 6000.100000000 is no multiple of )"
                  R"(0.250000000","instrument_id":1,"publisher_id":1,"open":"6000.100000000",)"),
      std::string::npos)
      << listed;
  EXPECT_NE(listed.find(R"("reason":"outlier","found":"close 9000 after 6000")"), std::string::npos)
      << listed;
  EXPECT_NE(listed.find(R"("high":null)"), std::string::npos) << listed;
  EXPECT_EQ(quarantine("ZL"), "");

  const PollReport again = poll();
  EXPECT_EQ(again.roots[0].left_out, reasons);
  EXPECT_EQ(again.roots[0].quarantined, 0u);
  EXPECT_EQ(quarantine("ES"), listed);

  auto state =
      ops::State::open_to_read(Env::posix(), folder_.file("frontmonth-state-lake/ops.sqlite"));
  ASSERT_TRUE(state) << state.error().message();
  table::RowBatch events(table::data_quality_events());
  auto stream = state->rows(table::data_quality_events()).value();
  ASSERT_TRUE(stream->next(events).value());
  EXPECT_EQ(events.size(), 1u);
  table::RowBatch runs(table::job_runs());
  stream = state->rows(table::job_runs()).value();
  ASSERT_TRUE(stream->next(runs).value());
  EXPECT_EQ(runs.size(), 2u);
}

TEST_F(PollTest, BelievesAJumpThatTheNextBarConfirms) {
  serve({bar(kEs, 0, 6000), bar(kEs, 1, 4500)});
  EXPECT_EQ(poll().roots[0].left_out.at("outlier"), 1u);
  EXPECT_EQ(stored(), Rows{"14:00 ESU5 6000 x10"});

  serve({bar(kEs, 0, 6000), bar(kEs, 1, 4500), bar(kEs, 2, 4501)});
  EXPECT_TRUE(poll().roots[0].left_out.empty());
  EXPECT_EQ(stored().size(), 3u);
}

TEST_F(PollTest, HoldsTheFirstBarAgainstWhatIsStored) {
  serve({bar(kEs, 0, 6000)});
  poll();
  options_.lookback = kMinute;
  serve({bar(kEs, 0, 6000), bar(kEs, 30, 9000)});
  EXPECT_EQ(poll().roots[0].left_out.at("outlier"), 1u);
  EXPECT_EQ(stored().size(), 1u);
}

// Two days of bars, read in one poll.
TEST_F(PollTest, GoesFromDayToDay) {
  days_ = 2;
  const int midnight = 10 * 60;  // minutes from kOpen on
  serve({bar(kEs, 0, 6000), bar(kEs, midnight - 1, 4500), bar(kEs, midnight, 4501),
         bar(kEs, midnight + 1, 4502)});
  options_.lookback = 2 * 24 * 60 * kMinute;
  const PollReport report = poll();
  EXPECT_EQ(report.roots[0].added, 4u) << "the next day's bar confirms the last one of the first";
  EXPECT_TRUE(report.roots[0].left_out.empty());
  const Rows expected = {"14:00 ESU5 6000 x10", "23:59 ESU5 4500 x10", "00:00 ESU5 4501 x10",
                         "00:01 ESU5 4502 x10"};
  EXPECT_EQ(stored(), expected);
}

TEST_F(PollTest, ADiskThatIsFullCountsNothingAndIsMendedByTheNextPoll) {
  serve({bar(kEs, 0, 6000)});
  options_.roots = {"ES"};
  poll();
  serve({bar(kEs, 0, 6000), bar(kEs, 1, 6000.25)});
  FaultEnv env;
  env.fail_call(Call::kRename, 1, ENOSPC, 1'000);
  const auto failed = run_poll(env, options_, key_, stop_);
  ASSERT_TRUE(failed) << failed.error().message();
  ASSERT_TRUE(failed->roots[0].error);
  EXPECT_EQ(failed->roots[0].error->code(), Code::kNoSpace);
  EXPECT_EQ(failed->roots[0].added, 0u);
  EXPECT_EQ(failed->roots[0].newest, second_of(kOpen));
  EXPECT_EQ(stored().size(), 1u);
  EXPECT_EQ(poll().roots[0].added, 1u);
  EXPECT_EQ(stored().size(), 2u);
}

TEST_F(PollTest, OneRootsFailureStopsNoOther) {
  options_.roots = {"XX", "ES"};
  serve({bar(kEs, 0, 6000)});
  const PollReport report = poll();
  ASSERT_TRUE(report.roots[0].error);
  EXPECT_EQ(report.roots[0].error->code(), Code::kNotFound);
  EXPECT_FALSE(report.roots[1].error);
  EXPECT_EQ(report.verdict(), PollVerdict::kFailed);
  EXPECT_EQ(stored(), Rows{"14:00 ESU5 6000 x10"});
  EXPECT_NE(to_text(report).find("failed: the service knows no contract of XX.FUT"),
            std::string::npos);
  EXPECT_NE(to_json(report).find(R"("error":"the service knows no contract)"), std::string::npos);
}

TEST_F(PollTest, ABrokenAnswerFailsItsRootForNow) {
  gateway::HistoricalFaults faults;
  faults.no_last_chunk.times = 1;
  serve({bar(kEs, 0, 6000), bar(kZl, 0, 52.31)}, faults);
  const PollReport report = poll();
  ASSERT_TRUE(report.roots[0].error);
  EXPECT_TRUE(report.roots[0].error->can_retry()) << report.roots[0].error->message();
  EXPECT_FALSE(report.roots[1].error);
  EXPECT_EQ(report.verdict(), PollVerdict::kRetry);
  EXPECT_EQ(stored(), Rows{"14:00 ZLN5 52.31 x10"});
  EXPECT_EQ(poll().verdict(), PollVerdict::kOk);
  EXPECT_EQ(stored().size(), 2u);
}

TEST_F(PollTest, AServiceThatIsDownFailsEveryRootForNow) {
  gateway::HistoricalFaults faults;
  faults.server_errors = 1;
  serve({bar(kEs, 0, 6000)}, faults);
  const PollReport report = poll();
  EXPECT_TRUE(report.roots[0].error);
  EXPECT_TRUE(report.roots[1].error);
  EXPECT_EQ(report.verdict(), PollVerdict::kRetry);
}

TEST_F(PollTest, PollsUntilItIsAskedToStop) {
  serve({bar(kEs, 0, 6000), bar(kZl, 0, 52.31)});
  options_.once = false;
  options_.interval = 3'600 * kNanosPerSecond;
  std::jthread stopper([this] {
    while (stored().size() < 2) Env::posix().sleep_for(kNanosPerSecond / 50);
    stop_.request();
  });
  const PollReport report = poll();
  EXPECT_TRUE(report.stopped);
  EXPECT_EQ(report.polls, 1u);
  EXPECT_EQ(report.verdict(), PollVerdict::kOk);
}

TEST(Poll, RootsAreReadFromText) {
  EXPECT_EQ(parse_roots("ES,zl, CL,ES,").value(), (std::vector<std::string>{"ES", "ZL", "CL"}));
  for (const char* const wrong : {"", " ,", "ES.FUT", "ESZ5", "E-S", "123"})
    EXPECT_EQ(parse_roots(wrong).error().code(), Code::kInvalidArgument) << wrong;
}

TEST_F(PollTest, OptionsThatCannotBe) {
  serve({bar(kEs, 0, 6000)});
  const std::function<void(PollOptions&)> cases[] = {
      [](PollOptions& one) { one.roots.clear(); },
      [](PollOptions& one) { one.lookback = kNanosPerSecond; },
      [](PollOptions& one) { one.outlier_limit = 0; },
      [](PollOptions& one) { one.once = false, one.interval = 0; }};
  for (const auto& spoil : cases) {
    PollOptions options = options_;
    spoil(options);
    const auto report = run_poll(Env::posix(), options, key_, stop_);
    ASSERT_FALSE(report);
    EXPECT_EQ(report.error().code(), Code::kInvalidArgument);
  }
}

}  // namespace
}  // namespace fm::jobs
