// What goes wrong between `frontmonth live` and its gateway, and what is stored all the same.
#include <signal.h>

#include "testing_feed.h"

namespace fm::testing_cli {
namespace {

class LiveFaults : public FeedTest {
 protected:
  // The gateway is gone, and another one with this key has its port.
  void restart(Gateway& gateway, const std::string& key_file) {
    gateway.process->signal(SIGKILL);
    EXPECT_EQ(gateway.process->wait(), 128 + SIGKILL);
    gateway = serve({"--key-file", key_file}, gateway.port);
  }
};

TEST_F(LiveFaults, EveryWayASessionBreaks) {
  const struct {
    const char* name;
    const char* fault;
    const char* says;
    std::vector<std::string> arguments = {};
    std::string start = "0";
  } cases[] = {
      {"silence", "stall@10000:10m", "nothing came for 10 s", {"--heartbeat", "5"}},
      {"half", "half@20000", "ends after 40 of the record's 80 bytes"},
      {"half-zstd", "half@20000", "", {"--compression", "zstd"}},
      {"drop", "drop@25000,drop@10000", "closed"},
      {"reset", "reset@30000", "reset"},
      {"eof", "eof@35000", "closed"},
      {"error", "error@40000:6", "Fault on order"},
      {"refused", "refuse:1,drop@45000", ""},
      // Without metadata, a session that asks for everything does not say from when on that is.
      {"json",
       "half@50000",
       "",
       {"--encoding", "json", "--schemas", "tbbo,status,definition,statistics"},
       "2025-06-09T22:00:00Z"},
  };
  // All at once: most of them wait most of the time.
  std::vector<Gateway> gateways;
  std::vector<std::unique_ptr<Process>> feeds;
  for (const auto& c : cases) {
    gateways.push_back(serve({"--fault", c.fault}));
    std::vector<std::string> arguments = c.arguments;
    arguments.emplace_back("--until-end");
    feeds.push_back(live(gateways.back(), c.name, arguments, c.start));
  }
  for (std::size_t i = 0; i < std::size(cases); ++i) {
    SCOPED_TRACE(cases[i].name);
    EXPECT_EQ(feeds[i]->wait(), 0) << feeds[i]->err();
    EXPECT_GE(number_in(feeds[i]->out(), "sessions"), 2U) << feeds[i]->err();
    EXPECT_EQ(number_in(feeds[i]->out(), "gaps"), 0U);
    EXPECT_NE(feeds[i]->err().find(cases[i].says), std::string::npos) << cases[i].says << "\n"
                                                                      << feeds[i]->err();
    expect_batch_rows(cases[i].name);
  }
}

TEST_F(LiveFaults, AKeyThatWasGoodMayBeGoodAgain) {
  Gateway gateway = serve({"--fault", pause_at(20'000), "--key-file", "key"});
  const auto feed = live(gateway, "live", {"--until-end"});
  await_records(*feed, "live", 20'000);
  restart(gateway, "other-key");
  feed->await("Authentication failed");
  EXPECT_TRUE(feed->is_running()) << feed->err();
  restart(gateway, "key");
  EXPECT_EQ(feed->wait(), 0) << feed->err();
  EXPECT_EQ(number_in(feed->out(), "gaps"), 0U);
  expect_batch_rows("live");
}

TEST_F(LiveFaults, AKeyThatNeverWasGoodEndsIt) {
  const Gateway gateway = serve({"--key-file", "other-key"});
  const auto feed = live(gateway, "live");
  EXPECT_EQ(feed->wait(), 1);
  EXPECT_NE(feed->err().find("refused the session: Authentication failed"), std::string::npos)
      << feed->err();
  EXPECT_NE(feed->err().find("Check the key"), std::string::npos) << feed->err();
}

// TCP's checksum is all that the stream has, and records may be the same to the byte: what slips
// through is kept as it came, and found by comparing with the vendor's file.
TEST_F(LiveFaults, WhatNoFeedCanKnowIsFoundByReconcile) {
  const struct {
    const char* name;
    const char* fault;
    std::uint64_t missing;
    std::uint64_t extra;
  } cases[] = {{"changed", "corrupt@25000", 1, 1}, {"doubled", "drop@25000,dup@100:30", 0, 30}};
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const Gateway gateway = serve({"--fault", c.fault, "--seed", "3"});
    live_to_the_end(gateway, c.name);
    const Outcome compared = run(
        {"reconcile", "--date", kFirstDate, "--lake", c.name, "--from", source().trades, "--json"});
    EXPECT_EQ(compared.exit_code, 3) << compared.err;
    EXPECT_EQ(number_in(compared.out, "records_missing"), c.missing);
    EXPECT_EQ(number_in(compared.out, "records_extra"), c.extra);
  }
}

}  // namespace
}  // namespace fm::testing_cli
