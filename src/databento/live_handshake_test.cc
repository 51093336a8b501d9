// How a session begins: what is said, what is refused, and what ends it before there are records.
#include "databento/live_handshake.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "databento/testing_live_session.h"

namespace fm::databento {
namespace {

using testing::Conversation;
using testing::FakeGateway;
using testing::kSoon;
using testing::kTestKey;
using testing::live_metadata;
using testing::open;
using testing::stream_of;
using testing::test_key;

void expect_no_key(const Error& error) {
  const std::string all = error.message() + error.advice();
  EXPECT_EQ(all.find(kTestKey), std::string::npos) << all;
  EXPECT_EQ(all.find(kTestKey.substr(3, 20)), std::string::npos) << all;
}

TEST(LiveHandshake, SaysWhatItWantsAndProvesTheKeyWithoutSendingIt) {
  FakeGateway gateway({[](Conversation& with) {
    with.let_in();
    with.send(stream_of(live_metadata()));
  }});
  LiveOptions options = gateway.options();
  options.ts_out = true;
  options.heartbeat_interval_s = 7;
  options.slow_reader = SlowReader::kWarn;
  options.client = "frontmonth 0.1";
  options.subscriptions.push_back({dbn::Schema::kStatus, dbn::SType::kRawSymbol, {"ESH4", "NQH4"}});
  {
    const auto session = open(options, 1'700'000'000'000'000'005);
    ASSERT_TRUE(session) << session.error().message();
    EXPECT_TRUE((*session)->next()->empty());
  }
  const std::vector<std::string> said = gateway.lines();
  ASSERT_EQ(said.size(), 4U);
  // sha256("challenge|db-0123456789abcdefghijklmnPLANT")
  EXPECT_EQ(said[0],
            "auth=85bd40b3cd05bd1fc0b1149b79da87aea15095f044406d0c8134b3bb7205e945-PLANT"
            "|dataset=GLBX.MDP3|encoding=dbn|ts_out=1|compression=none|client=frontmonth 0.1"
            "|heartbeat_interval_s=7|slow_reader_behavior=warn");
  EXPECT_EQ(said[1],
            "schema=tbbo|stype_in=parent|id=1|start=1700000000000000005|symbols=ES.FUT|snapshot=0"
            "|is_last=1");
  EXPECT_EQ(said[2],
            "schema=status|stype_in=raw_symbol|id=2|start=1700000000000000005|symbols=ESH4,NQH4"
            "|snapshot=0|is_last=1");
  EXPECT_EQ(said[3], "start_session");
  for (const std::string& line : said) EXPECT_EQ(line.find(kTestKey), std::string::npos);
}

TEST(LiveHandshake, ChunksManySymbolsUnderOneId) {
  LiveOptions options;
  options.dataset = "GLBX.MDP3";
  options.subscriptions = {{dbn::Schema::kTrades, dbn::SType::kInstrumentId, {}},
                           {dbn::Schema::kTbbo, dbn::SType::kRawSymbol, {"ALL_SYMBOLS"}}};
  for (int i = 0; i < 1'001; ++i) options.subscriptions[0].symbols.push_back(std::to_string(i));
  const std::string lines = subscription_lines(options, std::nullopt);
  std::vector<std::string> split;
  for (std::size_t at = 0; at < lines.size();) {
    const std::size_t end = lines.find('\n', at);
    split.push_back(lines.substr(at, end - at));
    at = end + 1;
  }
  ASSERT_EQ(split.size(), 5U);
  EXPECT_TRUE(split[0].starts_with("schema=trades|stype_in=instrument_id|id=1|symbols=0,1,2,"));
  EXPECT_TRUE(split[0].ends_with(",499|snapshot=0|is_last=0"));
  EXPECT_TRUE(split[1].ends_with(",999|snapshot=0|is_last=0"));
  EXPECT_EQ(split[2],
            "schema=trades|stype_in=instrument_id|id=1|symbols=1000|snapshot=0|is_last=1");
  EXPECT_EQ(split[3],
            "schema=tbbo|stype_in=raw_symbol|id=2|symbols=ALL_SYMBOLS|snapshot=0|is_last=1");
}

TEST(LiveHandshake, NamesTheGatewayOfADataset) {
  EXPECT_EQ(gateway_host("GLBX.MDP3"), "glbx-mdp3.lsg.databento.com");
}

struct Failure {
  const char* what;
  std::vector<std::string> sends;  // a line of the client is awaited between two of them
  Code code;
  bool can_retry;
  const char* says;
};

TEST(LiveHandshake, FailedHandshakes) {
  const Failure failures[] = {
      {"nothing", {""}, Code::kDisconnected, true, "closed the connection during the handshake"},
      {"another protocol",
       {"HTTP/1.1 400 Bad Request\r\n\r\n"},
       Code::kCorrupt,
       false,
       "HTTP/1.1 400 Bad Request"},
      {"no challenge", {"lsg_version=0.7.2\nfoo=1\n"}, Code::kCorrupt, false, "expected cram="},
      {"refused at once",
       {"success=0|error=Too many connections\n"},
       Code::kRefused,
       true,
       "Too many connections"},
      {"closed after the greeting",
       {"lsg_version=0.7.2\ncram=x\n", ""},
       Code::kDisconnected,
       true,
       "closed the connection"},
      {"wrong key",
       {"lsg_version=0.7.2\ncram=x\n", "success=0|error=Authentication failed.\n"},
       Code::kRefused,
       false,
       "refused the session: Authentication failed."},
      {"unknown dataset",
       {"lsg_version=0.7.2\ncram=x\n", "success=0|error=Unknown dataset\n"},
       Code::kRefused,
       false,
       "Unknown dataset"},
      {"connection limit",
       {"lsg_version=0.7.2\ncram=x\n",
        "success=0|error=User has reached their open connection limit\n"},
       Code::kRefused,
       true,
       "open connection limit"},
      {"no reason",
       {"lsg_version=0.7.2\ncram=x\n", "success=0\n"},
       Code::kRefused,
       false,
       "it gave no reason"},
      {"nonsense",
       {"lsg_version=0.7.2\ncram=x\n", "hello\x01\n"},
       Code::kCorrupt,
       false,
       "answered \"hello?\""},
      {"an endless line", {std::string(40'000, 'x')}, Code::kCorrupt, false, "without a line feed"},
  };
  for (const Failure& failure : failures) {
    FakeGateway gateway({[&](Conversation& with) {
      for (std::size_t i = 0; i < failure.sends.size(); ++i) {
        if (i > 0) with.line();
        with.send(failure.sends[i]);
      }
    }});
    const auto session = open(gateway.options());
    ASSERT_FALSE(session) << failure.what;
    EXPECT_EQ(session.error().code(), failure.code) << failure.what << session.error().message();
    EXPECT_EQ(session.error().can_retry(), failure.can_retry) << failure.what;
    EXPECT_NE(session.error().message().find(failure.says), std::string::npos)
        << session.error().message();
    EXPECT_TRUE(session.error().message().starts_with("127.0.0.1:")) << session.error().message();
    expect_no_key(session.error());
  }
}

TEST(LiveHandshake, ASilentHandshakeTimesOutAsAWhole) {
  FakeGateway gateway({[](Conversation& with) {
    // Each line comes soon enough; all together they do not.
    for (const char c : std::string_view("lsg_version=0.7.2\ncram=x\n")) {
      with.send(std::string_view(&c, 1));
      Env::posix().sleep_for(kSoon / 8);
    }
    with.stall();
  }});
  LiveOptions options = gateway.options();
  options.authentication_patience = kSoon;
  const auto session = open(options);
  ASSERT_FALSE(session);
  EXPECT_EQ(session.error().code(), Code::kTimedOut) << session.error().message();
  EXPECT_TRUE(session.error().can_retry());
}

TEST(LiveHandshake, NobodyThereCanBeTriedAgain) {
  LiveOptions options;
  {
    options = FakeGateway({}).options();
  }
  const auto session = open(options);
  ASSERT_FALSE(session);
  EXPECT_EQ(session.error().code(), Code::kDisconnected);
  EXPECT_TRUE(session.error().can_retry());
}

TEST(LiveHandshake, RefusesWhatNoGatewayTakes) {
  const auto with = [](auto change) {
    LiveOptions options;
    options.host = "127.0.0.1";
    options.dataset = "GLBX.MDP3";
    options.subscriptions = {{dbn::Schema::kTbbo, dbn::SType::kParent, {"ES.FUT"}}};
    change(options);
    return options;
  };
  struct {
    LiveOptions options;
    const char* says;
  } const cases[] = {
      {with([](LiveOptions& o) { o.dataset = ""; }), "cannot be a dataset"},
      {with([](LiveOptions& o) { o.dataset = "A|B"; }), "cannot be a dataset"},
      {with([](LiveOptions& o) { o.client = "a\nb"; }), "client's name"},
      {with([](LiveOptions& o) { o.heartbeat_interval_s = 4; }), "expected 5 … 1800"},
      {with([](LiveOptions& o) { o.subscriptions.clear(); }), "0 subscriptions"},
      {with([](LiveOptions& o) { o.subscriptions[0].symbols.clear(); }), "names no symbols"},
      {with([](LiveOptions& o) { o.subscriptions[0].symbols = {"A,B"}; }), "cannot be a symbol"},
      {with([](LiveOptions& o) { o.subscriptions[0].symbols = {"ALL_SYMBOLS", "A"}; }),
       "ALL_SYMBOLS and others"},
      {with([](LiveOptions& o) { o.subscriptions[0].symbols.assign(2'001, "A"); }), "2001 symbols"},
      {with([](LiveOptions& o) {
         o.encoding = Encoding::kJson;
         o.subscriptions[0].schema = dbn::Schema::kMbo;
       }),
       "mbo is read from the dbn encoding only"},
      {with([](LiveOptions& o) {
         o.encoding = Encoding::kJson;
         o.ts_out = true;
       }),
       "ts_out"},
  };
  for (const auto& one : cases) {
    const auto session = open(one.options);
    ASSERT_FALSE(session) << one.says;
    EXPECT_EQ(session.error().code(), Code::kInvalidArgument) << one.says;
    EXPECT_NE(session.error().message().find(one.says), std::string::npos)
        << session.error().message();
  }
  FakeGateway gateway({[](Conversation& c) { c.let_in(); }});
  const auto session =
      LiveSession::open(Env::posix(), Secret("short"), gateway.options(), std::nullopt);
  ASSERT_FALSE(session);
  EXPECT_EQ(session.error().code(), Code::kInvalidArgument);
  EXPECT_EQ(session.error().message().find("short"), std::string::npos);
}

TEST(LiveHandshake, AStopEndsTheHandshake) {
  FakeGateway gateway({[](Conversation& with) { with.stall(); }});
  std::stop_source source;
  std::thread stopper([&] {
    Env::posix().sleep_for(kSoon / 4);
    source.request_stop();
  });
  const auto session = LiveSession::open(Env::posix(), test_key(), gateway.options(), std::nullopt,
                                         source.get_token());
  stopper.join();
  ASSERT_FALSE(session);
  EXPECT_EQ(session.error().code(), Code::kDisconnected);
}

}  // namespace
}  // namespace fm::databento
