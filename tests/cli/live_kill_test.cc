// `frontmonth live` is killed, stopped, or loses its gateway, and stores what a batch run stores.
#include <signal.h>
#include <stdlib.h>

#include <random>

#include "testing_feed.h"

namespace fm::testing_cli {
namespace {

constexpr Nanos kMilli = 1'000'000;
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr int kSlowdown = 10;
#else
constexpr int kSlowdown = 1;
#endif

std::uint64_t variable(const char* name, std::uint64_t otherwise) {
  const char* const text = ::getenv(name);
  return text == nullptr ? otherwise : ::strtoull(text, nullptr, 10);
}

class LiveKill : public FeedTest {
 protected:
  static constexpr std::uint64_t kTrades = 200'000;
  static constexpr std::uint64_t kThird = kTrades / 3;
  static constexpr int kRest_ms = 40;

  [[nodiscard]] std::uint64_t trade_count() const override { return kTrades; }
  [[nodiscard]] int trade_dates() const override { return 3; }

  // Changes with every commit to the lake, and within it.
  [[nodiscard]] std::vector<std::string> store() const {
    return env_.list(path("live/.store")).value_or(std::vector<std::string>());
  }

  // Lets the feed run up to a moment that the draw chooses: until it has taken some more records,
  // until it is within a commit to the lake, or for a while from its start on.
  void run_on(std::uint64_t kills_left, std::mt19937_64& random) {
    switch (random() % 3) {
      case 0: {
        const std::uint64_t rest = kTrades - std::min(kTrades, records_in_log("live"));
        const std::uint64_t target =
            records_in_log("live") + random() % (1 + 2 * rest / (kills_left + 1));
        static_cast<void>(
            await_that([&] { return records_in_log("live") >= target; }, 2'000 * kMilli));
        break;
      }
      case 1: {
        const auto before = store();
        static_cast<void>(await_that([&] { return store() != before; }, 1'000 * kMilli));
        break;
      }
      default:
        env_.sleep_for(static_cast<Nanos>(random() % 400) * kMilli);
    }
  }
};

TEST_F(LiveKill, NothingIsLostAndNothingComesTwice) {
  const std::uint64_t kills = variable("FM_KILLS", 12);
  const std::uint64_t seed = variable("FM_KILL_SEED", std::random_device()());
  SCOPED_TRACE("FM_KILL_SEED=" + std::to_string(seed));
  std::mt19937_64 random(seed);
  const Gateway gateway = serve({"--fault", rests(5'000, kRest_ms)});
  std::uint64_t within = 0;
  for (std::uint64_t left = kills; left > 0; --left) {
    const auto feed = live(gateway, "live");
    run_on(left, random);
    EXPECT_TRUE(feed->is_running()) << feed->err();
    feed->signal(SIGKILL);
    EXPECT_EQ(feed->wait(), 128 + SIGKILL);
    const std::uint64_t records = records_in_log("live");
    if (records > 0 && records < kTrades) ++within;
  }
  EXPECT_GE(2 * within, kills) << "most kills are to strike while records come";
  const std::string report = live_to_the_end(gateway, "live");
  EXPECT_EQ(number_in(report, "gaps"), 0U);
  expect_batch_rows("live");
  expect_batch_rows_from_log("live");
}

TEST_F(LiveKill, AGatewayThatIsKilledIsWaitedFor) {
  Gateway gateway = serve({"--fault", pause_at(kThird)});
  const auto feed = live(gateway, "live", {"--until-end"});
  const auto kill_gateway = [&](const std::vector<std::string>& next) {
    gateway.process->signal(SIGKILL);
    EXPECT_EQ(gateway.process->wait(), 128 + SIGKILL);
    gateway = serve(next, gateway.port);
  };
  await_records(*feed, "live", kThird);
  kill_gateway({"--fault", pause_at(kThird)});
  await_records(*feed, "live", 2 * kThird - 2'000);  // some of the second session's are known
  kill_gateway({});
  EXPECT_EQ(feed->wait(), 0) << feed->err();
  EXPECT_EQ(number_in(feed->out(), "sessions"), 3U) << feed->err();
  EXPECT_EQ(number_in(feed->out(), "gaps"), 0U);
  expect_batch_rows("live");
}

TEST_F(LiveKill, ASignalEndsItWithinASecondAndASecondOneAtOnce) {
  // In the middle of the stream, and before its end however long this side takes.
  const Gateway gateway =
      serve({"--fault", rests(5'000, kRest_ms) + "," + pause_at(2 * kThird) + "#1"});
  {
    const auto feed = live(gateway, "live");
    await_records(*feed, "live", kThird);
    const Nanos asked = env_.monotonic();
    feed->signal(SIGTERM);
    EXPECT_EQ(feed->wait(), 0) << feed->err();
    EXPECT_LT(env_.monotonic() - asked, kSlowdown * kNanosPerSecond);
    EXPECT_GE(number_in(feed->out(), "records"), kThird) << "it reports what it did";
    EXPECT_LT(number_in(feed->out(), "records"), kTrades);
  }
  {
    const auto feed = live(gateway, "live");
    await_records(*feed, "live", 2 * kThird - 2'000);
    EXPECT_EQ(feed->err().find("left open"), std::string::npos) << feed->err();
    // Both arrive before it can begin to end.
    feed->signal(SIGSTOP);
    feed->signal(SIGTERM);
    feed->signal(SIGINT);
    feed->signal(SIGCONT);
    const int code = feed->wait();
    EXPECT_TRUE(code == 128 + SIGTERM || code == 128 + SIGINT) << code;
    EXPECT_EQ(feed->out(), "");
  }
  live_to_the_end(gateway, "live");
  expect_batch_rows("live");
}

}  // namespace
}  // namespace fm::testing_cli
