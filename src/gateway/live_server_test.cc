#include "gateway/live_server.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include "gateway/client_session.h"
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

constexpr std::uint32_t kEsh4 = 7;
constexpr std::uint32_t kEsm4 = 8;
constexpr std::uint32_t kSpread = 9;

class LiveServerTest : public ::testing::Test {
 protected:
  LiveServerTest() {
    write_file(files_.file("a.trades.dbn"),
               {.schema = Schema::kTrades,
                .mapped = {{"ESH4", kEsh4}, {"ESM4", kEsm4}, {"ESH4-ESM4", kSpread}}},
               {trade(kEsh4, day(0, 10), 1), trade(kEsm4, day(0, 20), 2),
                trade(kSpread, day(0, 30), 3), trade(kEsh4, day(0, 40), 4)});
    write_file(files_.file("a.tbbo.dbn.zst"),
               {.schema = Schema::kTbbo, .mapped = {{"ESH4", kEsh4}}},
               {quote(kEsh4, day(0, 10), 101), quote(kEsh4, day(0, 35), 102)});
  }

  // Everything that one session sends.
  Stream run(const Texts& lines, std::string_view details = "dataset=GLBX.MDP3") {
    LiveClient client(files_.port());
    client.start(lines, details);
    return client.read();
  }

  ServedFiles files_;
};

TEST_F(LiveServerTest, GreetsInOneSegment) {
  files_.serve();
  LiveClient client(files_.port());
  std::array<std::byte, 256> bytes{};
  const std::size_t got = client.read_some(bytes);
  const std::string text(reinterpret_cast<const char*>(bytes.data()), got);
  EXPECT_TRUE(text.starts_with("lsg_version=0.7.2\ncram=")) << text;
  EXPECT_TRUE(text.ends_with('\n')) << text;
  EXPECT_EQ(std::ranges::count(text, '\n'), 2);
}

TEST_F(LiveServerTest, DrawsAFreshChallengeEachTime) {
  files_.serve();
  LiveClient one(files_.port());
  LiveClient other(files_.port());
  EXPECT_EQ(one.line(), other.line());
  EXPECT_NE(one.line(), other.line());
}

TEST_F(LiveServerTest, Handshakes) {
  LiveServerOptions options{.speed = kSpeedMax};
  options.key = Secret(std::string(testing::kTestKey));
  files_.serve(std::move(options));
  struct {
    std::string_view key;
    std::string_view details;
    std::string_view verdict;  // how it begins
  } const cases[] = {
      {testing::kTestKey, "dataset=GLBX.MDP3", "success=1|session_id="},
      {testing::kTestKey, "dataset=GLBX.MDP3|ts_out=0|color=red|encoding=dbn", "success=1"},
      {testing::kTestKey, "compression=zstd|dataset=GLBX.MDP3|heartbeat_interval_s=5", "success=1"},
      {"db-abcdefghijklmnopqrstuvwxyz124", "dataset=GLBX.MDP3",
       "success=0|error=Authentication failed"},
      {"db-xxxxxxxxxxxxxxxxxxxxxxxxxx123", "dataset=GLBX.MDP3",
       "success=0|error=Authentication failed"},
      {testing::kTestKey, "dataset=XNAS.ITCH", "success=0|error=Unknown dataset"},
      {testing::kTestKey, "ts_out=0", "success=0|error=dataset is missing"},
      {testing::kTestKey, "dataset=GLBX.MDP3|dataset=A", "success=0|error=dataset comes twice"},
      {testing::kTestKey, "dataset=GLBX.MDP3|encoding=csv", "success=0|error=encoding is csv"},
      {testing::kTestKey, "dataset=GLBX.MDP3|compression=lz4", "success=0|error=compression is"},
      {testing::kTestKey, "dataset=GLBX.MDP3|heartbeat_interval_s=4",
       "success=0|error=heartbeat_interval_s is 4"},
      {testing::kTestKey, "dataset=GLBX.MDP3|ts_out=maybe", "success=0|error=ts_out is maybe"},
      {testing::kTestKey, "dataset=GLBX.MDP3|oops", "success=0|error=oops is not of the form"},
  };
  for (const auto& c : cases) {
    LiveClient client(files_.port());
    const std::string verdict = client.authenticate(c.details, c.key);
    EXPECT_TRUE(verdict.starts_with(c.verdict)) << c.details << ": " << verdict;
    if (!verdict.starts_with("success=0")) continue;
    EXPECT_EQ(client.line(), "") << "it closes";
    EXPECT_EQ(std::ranges::count(verdict, '|'), 1) << verdict;
  }
}

TEST_F(LiveServerTest, RefusesWhatIsNoAuthentication) {
  files_.serve();
  for (const std::string_view text :
       {"GET / HTTP/1.1\r\n\r\n", "\n", "auth=\n", "auth=abc-12345|dataset=GLBX.MDP3\n", "=|=\n"}) {
    LiveClient client(files_.port());
    EXPECT_NE(client.line(), "");
    EXPECT_NE(client.line(), "");
    client.send(text);
    EXPECT_TRUE(client.line().starts_with("success=0|error=")) << text;
    EXPECT_EQ(client.line(), "");
  }
}

TEST_F(LiveServerTest, AnswersSilenceAndEndlessLines) {
  LiveServerOptions options{.speed = kSpeedMax};
  options.timing.authentication_max = kNanosPerSecond / 10;
  files_.serve(std::move(options));
  LiveClient silent(files_.port());
  EXPECT_NE(silent.line(), "");
  EXPECT_NE(silent.line(), "");
  EXPECT_TRUE(silent.line().starts_with("success=0|error=No authentication")) << "silence";
  LiveClient endless(files_.port());
  EXPECT_NE(endless.line(), "");
  EXPECT_NE(endless.line(), "");
  endless.send(std::string(kControlLineBytesMax + 100'000, 'x'));
  EXPECT_TRUE(endless.line().starts_with("success=0|error=a line has more than"));
}

TEST_F(LiveServerTest, SendsMetadataAckMappingsAndRecords) {
  files_.serve();
  const Stream stream =
      run({"schema=trades|stype_in=raw_symbol|id=5|symbols=ESH4,ESM4|snapshot=0|"
           "is_last=1"});
  EXPECT_EQ(stream.error, std::nullopt);
  ASSERT_TRUE(stream.metadata);
  dbn::Metadata expected;
  expected.dataset = "GLBX.MDP3";
  expected.start = day(0);
  EXPECT_EQ(*stream.metadata, expected);
  EXPECT_EQ(stream.texts(false), Texts{"1 Subscription request 5 for trades data succeeded"});
  EXPECT_EQ(stream.texts(true), Texts{});
  EXPECT_EQ(stream.mappings(), (Texts{"ESH4 7 ESH4", "ESM4 8 ESM4"}));
  EXPECT_EQ(stream.sequences(), (Sequences{1, 2, 4}));
  // The gateway's own records come before the data, from no publisher, at the virtual now.
  EXPECT_EQ(stream.view(0).header().ts_event, day(0));
  EXPECT_EQ(stream.view(0).header().publisher_id, 0);
}

TEST_F(LiveServerTest, ResolvesEveryKindOfSymbol) {
  files_.serve();
  struct {
    std::string_view request;
    Texts mappings;
    Texts errors;
    Sequences sequences;
  } const cases[] = {
      {"stype_in=raw_symbol|symbols=ESM4", {"ESM4 8 ESM4"}, {}, {2}},
      {"stype_in=instrument_id|symbols=7", {"7 7 ESH4"}, {}, {1, 4}},
      {"stype_in=parent|symbols=ES.FUT",
       {"ESH4 7 ESH4", "ESH4-ESM4 9 ESH4-ESM4", "ESM4 8 ESM4"},
       {},
       {1, 2, 3, 4}},
      {"stype_in=continuous|symbols=ES.c.0,ES.c.1",
       {"ES.c.0 7 ESH4", "ES.c.1 8 ESM4"},
       {},
       {1, 2, 4}},
      {"symbols=ALL_SYMBOLS",
       {"ESH4 7 ESH4", "ESH4-ESM4 9 ESH4-ESM4", "ESM4 8 ESM4"},
       {},
       {1, 2, 3, 4}},
      {"stype_in=raw_symbol|symbols=ESH4,NQH4,CLH4",
       {"ESH4 7 ESH4"},
       {"4 Failed to resolve symbol: NQH4", "4 Failed to resolve symbol: CLH4"},
       {1, 4}},
      {"stype_in=parent|symbols=NQ.FUT", {}, {"4 Failed to resolve symbol: NQ.FUT"}, {}},
      {"stype_in=continuous|symbols=ES.v.0", {}, {"4 Failed to resolve symbol: ES.v.0"}, {}},
  };
  for (const auto& c : cases) {
    const Stream stream = run({fmt::format("schema=trades|{}", c.request)});
    EXPECT_EQ(stream.mappings(), c.mappings) << c.request;
    EXPECT_EQ(stream.texts(true), c.errors) << c.request;
    EXPECT_EQ(stream.sequences(), c.sequences) << c.request;
  }
}

TEST_F(LiveServerTest, MergesSubscriptionsByTime) {
  files_.serve();
  const Stream stream = run({"schema=trades|id=1|stype_in=parent|symbols=ES.FUT",
                             "schema=tbbo|id=2|stype_in=raw_symbol|symbols=ESH4",
                             "schema=tbbo|id=3|stype_in=continuous|symbols=ES.c.0"});
  EXPECT_EQ(stream.sequences(), (Sequences{101, 1, 2, 3, 102, 4}));
  // A mapping per instrument and subscription.
  EXPECT_EQ(stream.mappings().size(), 5u);
  EXPECT_EQ(stream.mappings().back(), "ES.c.0 7 ESH4");
}

TEST_F(LiveServerTest, PutsChunksTogether) {
  files_.serve();
  std::string many = "ESM4";
  for (int i = 0; i < 600; ++i) many += fmt::format(",XX{}", i);
  const Stream stream =
      run({"schema=trades|stype_in=raw_symbol|id=9|symbols=ESH4|is_last=0",
           "schema=tbbo|stype_in=raw_symbol|id=10|symbols=ESH4|is_last=1",
           fmt::format("schema=trades|stype_in=raw_symbol|id=9|symbols={}|is_last=0", many),
           "schema=trades|stype_in=raw_symbol|id=9|symbols=ESH4-ESM4|is_last=1"});
  EXPECT_EQ(stream.texts(false), (Texts{"1 Subscription request 10 for tbbo data succeeded",
                                        "1 Subscription request 9 for trades data succeeded"}));
  EXPECT_EQ(stream.texts(true).size(), 600u);
  EXPECT_EQ(stream.sequences(), (Sequences{101, 1, 2, 3, 102, 4}));
}

TEST_F(LiveServerTest, ReplaysFromAStart) {
  files_.serve();
  const std::string ns = std::to_string(day(0, 20));
  struct {
    std::string start;
    Sequences sequences;
    Nanos metadata_start;
  } const cases[] = {{"0", {1, 2, 3, 4}, day(0)},
                     {ns, {2, 3, 4}, day(0, 20)},
                     {"2024-01-08T00:00:20", {2, 3, 4}, day(0, 20)},
                     {"2024-01-08T00:00:20.000000001Z", {3, 4}, day(0, 20) + 1},
                     {"2024-01-08T01:00:20+01:00", {2, 3, 4}, day(0, 20)},
                     {"2024-01-08", {1, 2, 3, 4}, day(0)}};
  for (const auto& c : cases) {
    const Stream stream =
        run({fmt::format("schema=trades|stype_in=parent|start={}|symbols=ES.FUT", c.start)});
    EXPECT_EQ(stream.sequences(), c.sequences) << c.start;
    EXPECT_EQ(stream.metadata->start, c.metadata_start) << c.start;
    EXPECT_EQ(stream.texts(false).back(), "3 Finished trades replay") << c.start;
  }
}

TEST_F(LiveServerTest, GivesNoRecordTwiceWhenSubscriptionsOverlap) {
  files_.serve();
  const Stream stream = run({"schema=trades|stype_in=raw_symbol|symbols=ESM4,ESH4",
                             "schema=trades|stype_in=parent|start=0|symbols=ES.FUT",
                             "schema=trades|stype_in=parent|symbols=ES.FUT"});
  EXPECT_EQ(stream.sequences(), (Sequences{1, 2, 3, 4}));
}

TEST_F(LiveServerTest, AnswersWhatItCannotServeOnTheStream) {
  files_.serve();
  struct {
    std::string_view line;
    std::string_view error;
  } const cases[] = {
      {"schema=ticks|symbols=ESH4", "5 Unknown schema ticks"},
      {"symbols=ESH4", "5 schema is missing"},
      {"schema=trades", "5 symbols are missing"},
      {"schema=trades|stype_in=isin|symbols=ESH4", "5 stype_in isin is not served"},
      {"schema=trades|stype_in=what|symbols=ESH4", "5 Unknown stype_in what"},
      {"schema=trades|snapshot=1|symbols=ESH4", "5 snapshot is for mbo, not for trades"},
      {"schema=mbo|snapshot=1|start=0|symbols=ESH4", "5 snapshot and start exclude each other"},
      {"schema=mbo|snapshot=1|symbols=ESH4", "5 snapshot is not served from files"},
      {"schema=trades|start=yesterday|symbols=ESH4", "5 start is yesterday"},
      {"schema=trades|id=minus|symbols=ESH4", "5 id is minus"},
      {"hello", "5 hello is not of the form key=value"},
  };
  for (const auto& c : cases) {
    const Stream stream = run({std::string(c.line)});
    const Texts errors = stream.texts(true);
    ASSERT_EQ(errors.size(), 1u) << c.line;
    EXPECT_TRUE(errors[0].starts_with(c.error)) << errors[0];
    EXPECT_EQ(stream.error, std::nullopt) << "a clean end";
    EXPECT_EQ(stream.sequences(), Sequences{}) << c.line;
  }
}

TEST_F(LiveServerTest, TakesSubscriptionsWhileTheSessionRunsButNoStart) {
  // Days of real time long, so that the session is still there when the lines come.
  LiveServerOptions options{.speed = 1};
  files_.serve(std::move(options));
  LiveClient client(files_.port());
  client.start({});
  client.send("schema=trades|id=3|stype_in=raw_symbol|symbols=ESH4|is_last=1\n");
  const Stream first = client.read(2);
  EXPECT_EQ(first.texts(false), Texts{"1 Subscription request 3 for trades data succeeded"});
  EXPECT_EQ(first.mappings(), Texts{"ESH4 7 ESH4"});
  client.send("schema=trades|id=4|start=0|stype_in=raw_symbol|symbols=ESH4|is_last=1\n");
  const Stream second = client.read();
  EXPECT_EQ(second.texts(true), Texts{"5 start is not allowed after start_session"});
  EXPECT_EQ(second.error, std::nullopt);
}

TEST_F(LiveServerTest, StartsSessionsOfEitherSpelling) {
  files_.serve();
  LiveClient client(files_.port());
  EXPECT_TRUE(client.authenticate().starts_with("success=1"));
  client.send("schema=trades|symbols=ESH4\nstart_session=0\n");
  EXPECT_EQ(client.read().sequences(), (Sequences{1, 4}));
}

TEST_F(LiveServerTest, CompressesAsZstd) {
  files_.serve();
  const Stream stream =
      run({"schema=trades|stype_in=parent|symbols=ES.FUT"}, "dataset=GLBX.MDP3|compression=zstd");
  EXPECT_EQ(stream.error, std::nullopt);
  EXPECT_EQ(stream.sequences(), (Sequences{1, 2, 3, 4}));
}

TEST_F(LiveServerTest, FlushesZstdSoThatWaitingClientsSeeRecords) {
  LiveServerOptions options{.speed = 1};
  files_.serve(std::move(options));
  LiveClient client(files_.port());
  client.start({"schema=trades|id=1|symbols=ESH4"}, "dataset=GLBX.MDP3|compression=zstd");
  EXPECT_EQ(client.read(2).mappings(), Texts{"ESH4 7 ESH4"});
}

TEST_F(LiveServerTest, AppendsTsOut) {
  files_.serve();
  const Stream stream =
      run({"schema=trades|stype_in=parent|symbols=ES.FUT"}, "dataset=GLBX.MDP3|ts_out=1");
  ASSERT_TRUE(stream.metadata->ts_out);
  EXPECT_EQ(stream.sequences(), (Sequences{1, 2, 3, 4}));
  for (std::size_t i = 0; i < stream.records.size(); ++i) {
    ASSERT_NE(stream.view(i).ts_out(), kUndefTime);
    EXPECT_GE(stream.view(i).ts_out(), stream.view(i).header().ts_event);
  }
}

TEST_F(LiveServerTest, SpeaksJson) {
  files_.serve();
  LiveClient client(files_.port());
  client.start({"schema=trades|id=1|symbols=ESM4"},
               "dataset=GLBX.MDP3|encoding=json|pretty_px=1|pretty_ts=1");
  const std::string text = client.read_text();
  EXPECT_EQ(std::ranges::count(text, '\n'), 3) << text;
  EXPECT_NE(text.find(R"("msg":"Subscription request 1 for trades data succeeded")"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find(R"("stype_out_symbol":"ESM4")"), std::string::npos) << text;
  EXPECT_NE(text.find(R"({"ts_recv":"2024-01-08T00:00:20.000000000Z","hd":)"), std::string::npos)
      << text;
  EXPECT_NE(text.find(R"("price":"4800.000000000")"), std::string::npos) << text;
}

TEST_F(LiveServerTest, EndsAfterTheFirstSessionWhenAskedTo) {
  LiveServer& server = files_.serve({.speed = kSpeedMax, .once = true});
  {
    LiveClient refused(files_.port());
    EXPECT_TRUE(refused.authenticate("dataset=NONE").starts_with("success=0"));
  }
  EXPECT_FALSE(server.wait_for(kNanosPerSecond / 50)) << "that was no session";
  EXPECT_EQ(run({"schema=trades|symbols=ESH4"}).sequences(), (Sequences{1, 4}));
  EXPECT_TRUE(server.wait_for(10 * kNanosPerSecond));
  server.stop();
  EXPECT_EQ(server.stats().sessions, 1u);
  EXPECT_EQ(server.stats().records, 2u);
}

TEST_F(LiveServerTest, StopsWhileClientsWait) {
  LiveServer& server = files_.serve({.speed = 1});
  LiveClient waiting(files_.port());
  waiting.start({"schema=trades|symbols=ESH4"});
  EXPECT_EQ(waiting.read(2).records.size(), 2u);
  LiveClient unstarted(files_.port());
  EXPECT_TRUE(unstarted.authenticate().starts_with("success=1"));
  const LiveClient silent(files_.port());
  server.stop();
  EXPECT_EQ(waiting.read().sequences(), Sequences{});
  EXPECT_EQ(unstarted.line(), "");
}

TEST_F(LiveServerTest, RefusesOneClientTooMany) {
  files_.serve({.speed = 1});
  std::vector<std::unique_ptr<LiveClient>> clients;
  for (std::size_t i = 0; i < kClientsMax; ++i)
    clients.push_back(std::make_unique<LiveClient>(files_.port()));
  for (const auto& client : clients) EXPECT_TRUE(client->authenticate().starts_with("success=1"));
  LiveClient late(files_.port());
  EXPECT_TRUE(late.authenticate().starts_with("success=0|error=Connection limit"));
  EXPECT_EQ(late.line(), "");
}

}  // namespace
}  // namespace fm::gateway
