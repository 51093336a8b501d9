// A lake that sleeps or fails for long while the feed goes on.
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <optional>
#include <thread>

#include "base/testing_forwarding_env.h"
#include "jobs/lake_segment.h"
#include "jobs/live.h"
#include "jobs/testing_candles.h"
#include "jobs/testing_live.h"

namespace fm::jobs {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::uint64_t kTrades = 150'000;
constexpr std::uint64_t kGrowthMax_bytes = std::uint64_t{1} << 30;  // sanitizers keep what is freed
#else
constexpr std::uint64_t kTrades = 1'000'000;
constexpr std::uint64_t kGrowthMax_bytes = std::uint64_t{128} << 20;
#endif
constexpr Nanos kPatience = 120 * kNanosPerSecond;

std::uint64_t resident_bytes() {
  long pages = 0;
  long resident = 0;
  std::FILE* const file = std::fopen("/proc/self/statm", "r");
  if (file == nullptr) return 0;
  EXPECT_EQ(std::fscanf(file, "%ld %ld", &pages, &resident), 2);
  std::fclose(file);
  return static_cast<std::uint64_t>(resident) * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

class Watcher final : public LiveObserver {
 public:
  void at(const LiveStatus& status) override {
    records = status.feed.records;
    failures = status.lake.failures;
    rows_stored = status.lake.rows_stored;
  }
  std::atomic<std::uint64_t> records = 0;
  std::atomic<std::uint64_t> failures = 0;
  std::atomic<std::uint64_t> rows_stored = 0;
};

// A lake in which no partition can be put in place while it fails.
class FailingLake final : public ForwardingEnv {
 public:
  explicit FailingLake(std::string lake) : lake_(std::move(lake)) {}
  Status rename(const std::string& from, const std::string& to) override {
    if (fails && to.starts_with(lake_ + "/market_data/"))
      return fail(Code::kIo, "rename {}: on order", to);
    return ForwardingEnv::rename(from, to);
  }
  std::atomic<bool> fails = true;

 private:
  const std::string lake_;
};

class LiveSink : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    shared_ = std::make_unique<TestDirectory>();
    make_trades(shared_->file("trades.dbn"), kTrades, 7, 2);
    make_batch_lake(shared_->file("trades.dbn"), shared_->file("batch"));
  }
  static void TearDownTestSuite() { shared_.reset(); }

  void SetUp() override {
    // In which the gateway stays open behind the last record, as a real one does.
    server_ = serve(trades_, fmt::format("stall@{}:10m#1", kTrades));
    ASSERT_TRUE(server_);
  }

  // Feeds until all records are in the log and `asleep` holds, wakes the lake, and feeds to the
  // end of the stream.
  template <class Asleep, class Wake>
  void run_past(Env& env, const Asleep& asleep, const Wake& wake) {
    LiveJobOptions options = feed_options(*server_, lake_);
    options.until_end = false;
    std::optional<StopSignal> stop(std::in_place);  // one at a time
    const std::uint64_t before = resident_bytes();
    Result<LiveStatus> ended = fail(Code::kInternal, "it did not run");
    std::thread feed([&] {
      ended = run_live(env, options, Secret("db-12345678901234567890123456789"), *stop, watcher_);
    });
    const Nanos end = env.monotonic() + kPatience;
    while (!(watcher_.records >= kTrades && asleep()) && env.monotonic() < end)
      env.sleep_for(10'000'000);
    EXPECT_GE(watcher_.records, kTrades) << "the feed does not wait for the lake";
    EXPECT_EQ(watcher_.rows_stored, 0U);
    const std::uint64_t held = resident_bytes();
    const std::uint64_t grown = held - std::min(before, held);
    EXPECT_LT(grown, kGrowthMax_bytes);
    RecordProperty("grown_mib", std::to_string(grown >> 20));
    wake();
    while (watcher_.rows_stored == 0 && env.monotonic() < end) env.sleep_for(10'000'000);
    EXPECT_GT(watcher_.rows_stored, 0U) << "it goes on by itself";
    stop->request();
    feed.join();
    stop.reset();
    ASSERT_TRUE(ended) << ended.error().message();

    const auto open_end = serve(trades_);
    options = feed_options(*open_end, lake_);
    const auto rest = run_feed(options, env);
    ASSERT_TRUE(rest) << rest.error().message();
    EXPECT_LT(rest->feed.records, 100U) << "nothing but what the gateway says of itself is new";
    EXPECT_TRUE(same_lakes(shared_->file("batch"), lake_));
  }

  static inline std::unique_ptr<TestDirectory> shared_;
  const TestDirectory folder_;
  const std::string trades_ = shared_->file("trades.dbn");
  const std::string lake_ = folder_.file("live");
  std::unique_ptr<gateway::LiveServer> server_;
  Watcher watcher_;
};

TEST_F(LiveSink, ALakeThatAnotherProcessHoldsIsWaitedFor) {
  Env& env = Env::posix();
  const std::string state = folder_.file("frontmonth-state-live");
  ASSERT_TRUE(env.make_directories(state));
  auto held = env.lock(join(state, kCandlesLock), 0);
  ASSERT_TRUE(held) << held.error().message();
  run_past(env, [] { return true; }, [&] { held->reset(); });
  EXPECT_EQ(watcher_.failures, 0U) << "waiting is no failure";
}

TEST_F(LiveSink, ALakeThatFailsIsTriedAgainAndMissesNothing) {
  FailingLake env(lake_);
  run_past(env, [&] { return watcher_.failures >= 3; }, [&] { env.fails = false; });
}

}  // namespace
}  // namespace fm::jobs
