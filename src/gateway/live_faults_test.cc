// Every fault that can be ordered, through real sockets.
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "gateway/faults.h"
#include "gateway/live_server.h"
#include "gateway/testing_live_client.h"
#include "gateway/testing_live_server.h"

namespace fm::gateway {
namespace {

using dbn::Schema;
using testing::day;
using testing::LiveClient;
using testing::ServedFiles;
using testing::Stream;
using testing::trade;
using testing::write_file;

using Sequences = std::vector<std::uint32_t>;
using Texts = std::vector<std::string>;

constexpr std::uint32_t kRecords = 100;

class LiveFaultsTest : public ::testing::Test {
 protected:
  LiveFaultsTest() {
    std::vector<dbn::TradeMsg> trades;
    for (std::uint32_t i = 1; i <= kRecords; ++i) trades.push_back(trade(7, day(0, i), i));
    write_file(files_.file("a.dbn"), {.schema = Schema::kTrades, .mapped = {{"ESH4", 7}}}, trades);
  }

  void serve(std::string_view faults, std::uint64_t seed = 1) {
    auto spec = FaultSpec::parse(faults);
    ASSERT_TRUE(spec) << spec.error().message();
    LiveServerOptions options{.speed = kSpeedMax};
    options.faults = *spec;
    options.seed = seed;
    files_.serve(std::move(options));
  }
  Stream run(std::string_view request = "schema=trades|symbols=ESH4",
             std::string_view details = "dataset=GLBX.MDP3") {
    LiveClient client(files_.port());
    client.start({std::string(request)}, details);
    return client.read();
  }
  static Sequences up_to(std::uint32_t last, std::uint32_t first = 1) {
    Sequences out(last - first + 1);
    std::iota(out.begin(), out.end(), first);
    return out;
  }

  ServedFiles files_;
};

constexpr std::string_view kZstd = "dataset=GLBX.MDP3|compression=zstd";

TEST_F(LiveFaultsTest, DropsOneSessionAfterTheOther) {
  serve("drop@10,drop@20");
  EXPECT_EQ(run().sequences(), up_to(10));
  EXPECT_EQ(run().sequences(), up_to(20));
  EXPECT_EQ(run().sequences(), up_to(kRecords)) << "the third is clean";
}

TEST_F(LiveFaultsTest, DropLeavesAZstdFrameOpenAndEofEndsIt) {
  serve("drop@10,eof@10");
  const Stream dropped = run("schema=trades|symbols=ESH4", kZstd);
  EXPECT_EQ(dropped.sequences(), up_to(10));
  ASSERT_TRUE(dropped.error);
  EXPECT_EQ(dropped.error->code(), Code::kTruncated);
  const Stream ended = run("schema=trades|symbols=ESH4", kZstd);
  EXPECT_EQ(ended.sequences(), up_to(10));
  EXPECT_FALSE(ended.error);
}

TEST_F(LiveFaultsTest, ResetsTheConnectionBehindTheRecords) {
  serve("reset@10");
  const Stream stream = run();
  EXPECT_EQ(stream.sequences(), up_to(10));
  ASSERT_TRUE(stream.error);
  EXPECT_EQ(stream.error->code(), Code::kDisconnected);
}

TEST_F(LiveFaultsTest, SendsHalfARecord) {
  serve("half@10");
  const Stream stream = run();
  EXPECT_EQ(stream.sequences(), up_to(10));
  ASSERT_TRUE(stream.error);
  EXPECT_EQ(stream.error->code(), Code::kTruncated);
  EXPECT_NE(stream.error->message().find("24 of the record's 48 bytes"), std::string::npos)
      << stream.error->message();
}

TEST_F(LiveFaultsTest, StallsAndGoesOn) {
  serve("stall@10:300ms");
  LiveClient client(files_.port());
  client.start({"schema=trades|symbols=ESH4"});
  const Stream before = client.read(12);
  EXPECT_EQ(before.sequences(), up_to(10));
  const Stream silence = client.read(1, kNanosPerSecond / 10);
  ASSERT_TRUE(silence.error);
  EXPECT_EQ(silence.error->code(), Code::kTimedOut);

  const Nanos begin = Env::posix().monotonic();
  serve("stall@10:300ms");
  EXPECT_EQ(run().sequences(), up_to(kRecords));
  EXPECT_GE(Env::posix().monotonic() - begin, 300'000'000u);
}

TEST_F(LiveFaultsTest, RefusesConnectionsThenAuthentications) {
  serve("refuse:2,auth:1");
  for (int i = 0; i < 2; ++i) {
    LiveClient client(files_.port());
    EXPECT_EQ(client.line(), "");
  }
  {
    LiveClient client(files_.port());
    EXPECT_EQ(client.authenticate(), "success=0|error=Authentication failed.");
  }
  EXPECT_EQ(run().sequences(), up_to(kRecords));
}

TEST_F(LiveFaultsTest, RepeatsRecordsOfReplayAlone) {
  serve("dup@10:3#*");
  EXPECT_EQ(run().sequences(), up_to(kRecords));
  Sequences expected = up_to(10);
  expected.insert(expected.end(), {8, 9, 10});
  const Sequences rest = up_to(kRecords, 11);
  expected.insert(expected.end(), rest.begin(), rest.end());
  EXPECT_EQ(run("schema=trades|symbols=ESH4|start=0").sequences(), expected);
}

TEST_F(LiveFaultsTest, CorruptsOneByteTheSameWayForTheSameSeed) {
  serve("corrupt@10#*", 5);
  const Stream one = run();
  ASSERT_EQ(one.records.size(), kRecords + 2);
  serve("");
  const Stream clean = run();
  std::size_t different = 0;
  for (std::size_t i = 0; i < clean.records.size(); ++i) {
    ASSERT_EQ(one.records[i].size(), clean.records[i].size());
    for (std::size_t b = 0; b < clean.records[i].size(); ++b) {
      if (one.records[i][b] == clean.records[i][b]) continue;
      ++different;
      EXPECT_EQ(i, 11u) << "an ack, a mapping, then the tenth";
    }
  }
  EXPECT_EQ(different, 1u);
  serve("corrupt@10#*", 5);
  EXPECT_EQ(run().records, one.records);
  serve("corrupt@10#*", 6);
  EXPECT_NE(run().records, one.records);
}

TEST_F(LiveFaultsTest, ReportsAnErrorAndEnds) {
  serve("error@10:6");
  const Stream stream = run();
  EXPECT_EQ(stream.sequences(), up_to(10));
  EXPECT_EQ(stream.texts(true), Texts{"6 Fault on order with code 6"});
  EXPECT_FALSE(stream.error);
}

TEST_F(LiveFaultsTest, LetsReplayAgeOut) {
  serve(fmt::format("aged:{}", day(0, 50)));
  const Stream old = run("schema=trades|symbols=ESH4|start=0");
  ASSERT_EQ(old.texts(true).size(), 1u);
  EXPECT_TRUE(old.texts(true)[0].starts_with("8 Replay of trades data from "))
      << old.texts(true)[0];
  EXPECT_EQ(old.sequences(), up_to(kRecords, 50));
  const Stream young = run(fmt::format("schema=trades|symbols=ESH4|start={}", day(0, 60)));
  EXPECT_EQ(young.texts(true), Texts{});
  EXPECT_EQ(young.sequences(), up_to(kRecords, 60));
}

TEST_F(LiveFaultsTest, SeveralFaultsOfOneSessionComeInOrder) {
  serve("half@30#1,stall@5:10ms#1,error@20:7#2,corrupt@3#2");
  EXPECT_EQ(run().sequences(), up_to(30));
  const Stream second = run();
  EXPECT_EQ(second.texts(true).size(), 1u);
  EXPECT_EQ(second.records.size(), 2 + 20 + 1u);
}

TEST_F(LiveFaultsTest, DrawsFromARangeByTheSeed) {
  std::vector<std::size_t> drawn;
  for (const std::uint64_t seed : {1, 1, 2}) {
    serve("drop@5-90#*", seed);
    for (int i = 0; i < 3; ++i) {
      drawn.push_back(run().sequences().size());
      EXPECT_GE(drawn.back(), 5u);
      EXPECT_LE(drawn.back(), 90u);
    }
  }
  EXPECT_TRUE(std::equal(drawn.begin(), drawn.begin() + 3, drawn.begin() + 3));
  EXPECT_FALSE(std::equal(drawn.begin(), drawn.begin() + 3, drawn.begin() + 6));
}

TEST(FaultSpec, SaysWhatIsWrong) {
  for (const char* text :
       {"crash@1",    "drop",         "drop@",       "drop@x",    "drop@5-1", "drop@1:2",
        "stall@1",    "stall@1:5",    "stall@1:25h", "dup@1:0",   "dup@1:x",  "corrupt@0",
        "error@1",    "error@1:0",    "error@1:256", "refuse",    "refuse:0", "refuse@1:1",
        "refuse:1#2", "auth:x",       "aged:",       "aged:soon", "drop@1#",  "drop@1#0",
        "drop@1#3-2", "drop@1,,eof@2"}) {
    const auto spec = FaultSpec::parse(text);
    ASSERT_FALSE(spec) << text;
    EXPECT_EQ(spec.error().code(), Code::kInvalidArgument);
    EXPECT_NE(spec.error().message().find("expected"), std::string::npos) << spec.error().message();
  }
}

TEST(FaultSpec, PlansBySessions) {
  const auto spec = FaultSpec::parse("drop@3,stall@9:1m#2-3,eof@4,dup@1#*");
  ASSERT_TRUE(spec) << spec.error().message();
  const auto kinds = [&](std::uint64_t session) {
    Texts out;
    for (const PlannedFault& fault : spec->plan(session, 1))
      out.push_back(fmt::format("{}@{}", name(fault.kind), fault.at));
    return out;
  };
  EXPECT_EQ(kinds(1), (Texts{"dup@1", "drop@3"}));
  EXPECT_EQ(kinds(2), (Texts{"dup@1", "eof@4", "stall@9"}));
  EXPECT_EQ(kinds(3), (Texts{"dup@1", "stall@9"}));
  EXPECT_EQ(kinds(4), Texts{"dup@1"});
  EXPECT_EQ(spec->plan(2, 1)[2].duration, 60 * kNanosPerSecond);
  EXPECT_TRUE(FaultSpec::parse("")->empty());
}

}  // namespace
}  // namespace fm::gateway
