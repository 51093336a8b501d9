// The clock of live sessions: pacing, replay up to the present, ends of intervals, heartbeats, and
// clients that read slowly.
#include <gtest/gtest.h>

#include <algorithm>
#include <thread>

#include "gateway/live_server.h"
#include "gateway/testing_live_client.h"
#include "gateway/testing_live_server.h"

namespace fm::gateway {
namespace {

using dbn::Schema;
using testing::day;
using testing::LiveClient;
using testing::quote;
using testing::ServedFiles;
using testing::Stream;
using testing::trade;
using testing::write_file;

using Texts = std::vector<std::string>;
using Sequences = std::vector<std::uint32_t>;

constexpr Nanos kMilli = 1'000'000;
constexpr std::uint32_t kSpeed = 100;

Nanos real_now() { return Env::posix().monotonic(); }

dbn::OhlcvMsg bar(Nanos start, std::uint64_t volume, dbn::RType rtype = dbn::RType::kOhlcv1s) {
  dbn::OhlcvMsg record{};
  record.header = {0, rtype, 1, 7, start};
  record.volume = volume;
  return record;
}

class PacedTest : public ::testing::Test {
 protected:
  // 0.1 s of real time between two trades, and as much to the end.
  PacedTest() {
    write_file(files_.file("a.dbn"),
               {.schema = Schema::kTrades, .mapped = {{"ESH4", 7}}, .end = day(0, 50)},
               {trade(7, day(0, 10), 1), trade(7, day(0, 20), 2), trade(7, day(0, 30), 3),
                trade(7, day(0, 40), 4)});
  }
  ServedFiles files_;
};

TEST_F(PacedTest, SendsRecordsWhenTheirTimeComes) {
  files_.serve({.speed = kSpeed});
  const Nanos begin = real_now();
  LiveClient client(files_.port());
  client.start({"schema=trades|id=1|symbols=ESH4"});
  EXPECT_EQ(client.read(2).texts(false).size(), 1u);
  const Stream first = client.read(1);
  EXPECT_EQ(first.sequences(), Sequences{1});
  EXPECT_GE(real_now() - begin, 90 * kMilli);
  EXPECT_EQ(client.read().sequences(), (Sequences{2, 3, 4}));
  EXPECT_GE(real_now() - begin, 490 * kMilli) << "closed when the files end, not before";
}

TEST_F(PacedTest, ReplaysUpToThePresentThenGoesOn) {
  files_.serve({.speed = kSpeed});
  std::this_thread::sleep_for(std::chrono::milliseconds(250));
  const Nanos begin = real_now();
  LiveClient client(files_.port());
  client.start({"schema=trades|id=1|symbols=ESH4|start=0"});
  const Stream replay = client.read(5);
  EXPECT_LT(real_now() - begin, 100 * kMilli);
  EXPECT_EQ(replay.sequences(), (Sequences{1, 2}));
  EXPECT_EQ(replay.texts(false).back(), "3 Finished trades replay");
  EXPECT_GE(replay.metadata->start, day(0, 25));
  // What the gateway says carries the present, also while the past is replayed.
  EXPECT_GE(replay.view(0).header().ts_event, day(0, 25));
  EXPECT_EQ(client.read().sequences(), (Sequences{3, 4}));
}

TEST_F(PacedTest, SharesOneClockAmongClients) {
  files_.serve({.speed = kSpeed});
  std::this_thread::sleep_for(std::chrono::milliseconds(150));
  LiveClient late(files_.port());
  late.start({"schema=trades|id=1|symbols=ESH4"});
  EXPECT_EQ(late.read().sequences(), (Sequences{2, 3, 4}));
}

TEST(LiveIntervals, EndsEveryIntervalAfterItsBars) {
  ServedFiles files;
  write_file(files.file("bars.dbn"),
             {.schema = Schema::kOhlcv1s, .mapped = {{"ESH4", 7}}, .end = day(0, 10)},
             {bar(day(0, 0), 1), bar(day(0, 1), 2), bar(day(0, 4), 3)});
  files.serve();
  LiveClient client(files.port());
  client.start({"schema=ohlcv-1s|id=1|symbols=ESH4"});
  const Stream stream = client.read();
  Texts order;
  for (std::size_t i = 0; i < stream.records.size(); ++i) {
    const dbn::RecordView record = stream.view(i);
    const Nanos at = (record.header().ts_event - day(0)) / kNanosPerSecond;
    if (const auto* one = record.get_if<dbn::OhlcvMsg>())
      order.push_back(fmt::format("bar {} at {}", one->volume, at));
    if (const auto* one = record.get_if<dbn::SystemMsg>(); one != nullptr && one->code == 4)
      order.push_back(fmt::format("{} at {}", dbn::text_of(one->msg), at));
  }
  const std::string end = "End of interval for ohlcv-1s at ";
  EXPECT_EQ(order, (Texts{"bar 1 at 0", end + "1", "bar 2 at 1", end + "2", end + "3", end + "4",
                          "bar 3 at 4", end + "5"}));
}

TEST(LiveIntervals, PassesOverLongSilence) {
  ServedFiles files;
  write_file(files.file("bars.dbn"),
             {.schema = Schema::kOhlcv1s, .end_day = 5, .mapped = {{"ESH4", 7}}},
             {bar(day(0, 0), 1), bar(day(4, 0), 2)});
  files.serve();
  LiveClient client(files.port());
  client.start({"schema=ohlcv-1s|id=1|symbols=ESH4"});
  const Stream stream = client.read();
  EXPECT_EQ(stream.all<dbn::OhlcvMsg>().size(), 2u);
  EXPECT_LT(stream.texts(false).size(), 10u) << "345,600 seconds without a bar";
}

TEST(LiveDays, MapsWhatANewDayBrings) {
  ServedFiles files;
  write_file(files.file("0.dbn"), {.schema = Schema::kTrades, .mapped = {{"ESH4", 7}}},
             {trade(7, day(0, 10), 1)});
  write_file(files.file("1.dbn"),
             {.schema = Schema::kTrades, .start_day = 1, .mapped = {{"ESH4", 7}, {"ESM4", 8}}},
             {trade(7, day(1, 10), 2), trade(8, day(1, 11), 3)});
  files.serve();
  LiveClient parent(files.port());
  parent.start({"schema=trades|id=1|stype_in=parent|symbols=ES.FUT"});
  const Stream stream = parent.read();
  EXPECT_EQ(stream.sequences(), (Sequences{1, 2, 3}));
  EXPECT_EQ(stream.mappings(), (Texts{"ESH4 7 ESH4", "ESM4 8 ESM4"}));

  // Unknown at first: told so, and mapped when it appears.
  LiveClient symbol(files.port());
  symbol.start({"schema=trades|id=1|symbols=ESM4"});
  const Stream late = symbol.read();
  EXPECT_EQ(late.texts(true), Texts{"4 Failed to resolve symbol: ESM4"});
  EXPECT_EQ(late.mappings(), Texts{"ESM4 8 ESM4"});
  EXPECT_EQ(late.sequences(), Sequences{3});
}

TEST(LiveHeartbeats, ComeWhenNothingElseDoes) {
  ServedFiles files;
  write_file(files.file("a.dbn"), {.schema = Schema::kTrades, .mapped = {{"ESH4", 7}}},
             {trade(7, day(0, 10), 1)});
  LiveServerOptions options{.speed = 1};
  options.timing.heartbeat_second = 10 * kMilli;
  files.serve(std::move(options));
  const Nanos begin = real_now();
  LiveClient client(files.port());
  client.start({"schema=trades|id=1|symbols=ESH4"}, "dataset=GLBX.MDP3|heartbeat_interval_s=5");
  const Texts texts = client.read(5).texts(false);
  EXPECT_GE(real_now() - begin, 150 * kMilli);
  ASSERT_EQ(texts.size(), 4u);
  EXPECT_EQ(std::count(texts.begin(), texts.end(), "0 Heartbeat"), 3);
}

class SlowReaderTest : public ::testing::Test {
 protected:
  static constexpr std::uint32_t kRecords = 250'000;  // more than socket buffers hold
  // Late enough for the clients to be there.
  static inline const Nanos kBegin = day(0) + 300 * kMilli;
  static inline const Nanos kEnd = day(0) + 2'500 * kMilli;

  SlowReaderTest() {
    std::vector<dbn::Mbp1Msg> quotes;
    for (std::uint32_t i = 0; i < kRecords; ++i)
      quotes.push_back(quote(7, kBegin + i * (kNanosPerSecond / 2 / kRecords), i, 'A'));
    for (std::uint32_t i = 0; i < 10; ++i) quotes.push_back(quote(7, kEnd + i, kRecords + i, 'A'));
    write_file(files_.file("a.dbn"),
               {.schema = Schema::kMbp1, .mapped = {{"ESH4", 7}}, .end = kEnd + 100}, quotes);
    LiveServerOptions options{.speed = 1};
    options.timing.slow_after = 500 * kMilli;
    files_.serve(std::move(options));
  }
  static Texts lines() { return {"schema=mbp-1|id=1|symbols=ESH4"}; }

  ServedFiles files_;
};

TEST_F(SlowReaderTest, IsTornAHoleThatNobodyElseSees) {
  LiveClient slow(files_.port());
  LiveClient fast(files_.port());
  slow.start(lines());
  // So that it loses nothing on a machine with other things to do.
  fast.start(lines(), "dataset=GLBX.MDP3|slow_reader_behavior=warn");
  Stream of_fast;
  std::thread reader([&] { of_fast = fast.read(); });
  std::this_thread::sleep_for(std::chrono::milliseconds(1'400));
  const Stream of_slow = slow.read();
  reader.join();

  EXPECT_EQ(of_fast.texts(true), Texts{});
  const Sequences all = of_fast.sequences();
  ASSERT_EQ(all.size(), kRecords + 10);
  EXPECT_TRUE(std::is_sorted(all.begin(), all.end()));

  ASSERT_FALSE(of_slow.texts(true).empty());
  EXPECT_EQ(of_slow.texts(true)[0], "7 Slow client detected for mbp-1. Skipped records");
  const Sequences some = of_slow.sequences();
  EXPECT_LT(some.size(), kRecords);
  EXPECT_TRUE(std::is_sorted(some.begin(), some.end()));
  EXPECT_EQ(some.back(), kRecords + 9) << "it is up to date again behind the hole";
}

TEST_F(SlowReaderTest, IsOnlyWarnedWhenItAskedForThat) {
  LiveClient slow(files_.port());
  slow.start(lines(), "dataset=GLBX.MDP3|slow_reader_behavior=warn");
  std::this_thread::sleep_for(std::chrono::milliseconds(1'400));
  const Stream stream = slow.read();
  EXPECT_EQ(stream.texts(true), Texts{});
  EXPECT_EQ(stream.sequences().size(), kRecords + 10);
  const Texts texts = stream.texts(false);
  EXPECT_EQ(std::count(texts.begin(), texts.end(),
                       "2 Warning: slow reading, not keeping pace with mbp-1 data"),
            1);
}

}  // namespace
}  // namespace fm::gateway
