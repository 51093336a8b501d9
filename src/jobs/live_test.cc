#include "jobs/live.h"

#include <gtest/gtest.h>

#include <atomic>
#include <random>
#include <thread>

#include "base/testing_forwarding_env.h"
#include "jobs/reconcile.h"
#include "jobs/repair.h"
#include "jobs/testing_candles.h"
#include "jobs/testing_live.h"
#include "ops/state.h"

namespace fm::jobs {
namespace {

TEST(Live, StoresWhatABatchRunStores) {
  const TestDirectory folder;
  make_trades(folder.file("trades.dbn"), 30'000, 1);
  make_batch_lake(folder.file("trades.dbn"), folder.file("batch"));
  const auto server = serve(folder.file("trades.dbn"));
  const auto ended = run_feed(feed_options(*server, folder.file("live")));
  ASSERT_TRUE(ended) << ended.error().message();
  EXPECT_EQ(ended->feed.sessions, 1U);
  EXPECT_EQ(ended->feed.gaps, 0U);
  EXPECT_TRUE(same_lakes(folder.file("batch"), folder.file("live")));
}

TEST(Live, GoesOnThroughEveryWayASessionEnds) {
  const TestDirectory folder;
  make_trades(folder.file("trades.dbn"), 30'000, 2);
  make_batch_lake(folder.file("trades.dbn"), folder.file("batch"));
  const struct {
    const char* name;
    const char* faults;
    std::uint64_t sessions;
  } cases[] = {
      {"drop", "drop@5000,drop@9000", 3}, {"half", "half@1,half@20000", 3},
      {"eof", "eof@4000,eof@4001", 3},    {"error", "error@7000:6,error@9000:6", 3},
      {"refuse", "refuse:3,drop@100", 2},
  };
  for (const auto& c : cases) {
    const auto server = serve(folder.file("trades.dbn"), c.faults);
    const std::string lake = folder.file(c.name);
    const auto ended = run_feed(feed_options(*server, lake));
    ASSERT_TRUE(ended) << c.name << ": " << ended.error().message();
    EXPECT_GE(ended->feed.sessions, c.sessions) << c.name;
    EXPECT_EQ(ended->feed.gaps, 0U) << c.name;
    EXPECT_TRUE(same_lakes(folder.file("batch"), lake)) << c.name;
  }
}

TEST(Live, AWrongKeyEndsItWithTheGatewaysWords) {
  const TestDirectory folder;
  make_trades(folder.file("trades.dbn"), 2'000, 3);
  const auto server = serve(folder.file("trades.dbn"), "auth:1");
  const auto ended = run_feed(feed_options(*server, folder.file("live")));
  ASSERT_FALSE(ended);
  EXPECT_EQ(ended.error().code(), Code::kRefused);
  EXPECT_EQ(ended.error().message().find("db-1234"), std::string::npos);
}

// The first session breaks, and by the second the gateway's name stands for another place.
class MovingGateway final : public ForwardingEnv {
 public:
  Result<std::unique_ptr<Socket>> connect(const std::string& host, std::uint16_t port,
                                          Nanos patience) override {
    EXPECT_EQ(host, "gateway.example");
    EXPECT_EQ(port, 13'000);
    const std::uint16_t now = attempts_++ == 0 ? first : second;
    return ForwardingEnv::connect("127.0.0.1", now, patience);
  }
  std::uint16_t first = 0;
  std::uint16_t second = 0;

 private:
  int attempts_ = 0;
};

TEST(Live, ANameIsResolvedAnewForEachSession) {
  const TestDirectory folder;
  make_trades(folder.file("trades.dbn"), 20'000, 5);
  make_batch_lake(folder.file("trades.dbn"), folder.file("batch"));
  const auto old_place = serve(folder.file("trades.dbn"), "drop@9000#*");
  const auto new_place = serve(folder.file("trades.dbn"));
  MovingGateway env;
  env.first = old_place->port();
  env.second = new_place->port();
  LiveJobOptions options = feed_options(*new_place, folder.file("live"));
  options.session.host = "gateway.example";
  options.session.port = 13'000;
  const auto ended = run_feed(options, env);
  ASSERT_TRUE(ended) << ended.error().message();
  EXPECT_EQ(ended->feed.sessions, 2U);
  EXPECT_EQ(new_place->stats().sessions, 1U);
  EXPECT_TRUE(same_lakes(folder.file("batch"), folder.file("live")));
}

// Every write to the capture log fails once it has grown to this.
class FullLogDisk final : public ForwardingEnv {
 public:
  FullLogDisk() {
    on_create = [this](const std::string& path, std::unique_ptr<WritableFile> file) {
      return path.find("/capture/") == std::string::npos
                 ? std::move(file)
                 : std::make_unique<File>(*this, std::move(file));
    };
  }
  std::atomic<std::int64_t> room = 400'000;

 private:
  class File final : public WritableFile {
   public:
    File(FullLogDisk& disk, std::unique_ptr<WritableFile> file)
        : disk_(disk), file_(std::move(file)) {}
    using WritableFile::write;
    Status write(std::span<const std::byte> bytes) override {
      FM_TRY(take(bytes.size()));
      return file_->write(bytes);
    }
    Status write_at(std::uint64_t byte, std::span<const std::byte> bytes) override {
      FM_TRY(take(bytes.size()));
      return file_->write_at(byte, bytes);
    }
    Status preallocate(std::uint64_t) override { return fail(Code::kNoSpace, "no room"); }
    Status truncate(std::uint64_t bytes) override { return file_->truncate(bytes); }
    Status sync() override { return file_->sync(); }
    Status close() override { return file_->close(); }

   private:
    Status take(std::size_t bytes) {
      if (disk_.room < static_cast<std::int64_t>(bytes))
        return std::unexpected(Error(Code::kNoSpace, "no space left on device").retryable());
      disk_.room -= static_cast<std::int64_t>(bytes);
      return {};
    }
    FullLogDisk& disk_;
    std::unique_ptr<WritableFile> file_;
  };
};

TEST(Live, ADiskThatStaysFullEndsIt) {
  const TestDirectory folder;
  make_trades(folder.file("trades.dbn"), 20'000, 6);
  make_batch_lake(folder.file("trades.dbn"), folder.file("batch"));
  const auto server = serve(folder.file("trades.dbn"));
  LiveJobOptions options = feed_options(*server, folder.file("live"));
  options.disk_patience = 100'000'000;
  FullLogDisk env;
  const auto ended = run_feed(options, env);
  ASSERT_FALSE(ended);
  EXPECT_EQ(ended.error().code(), Code::kNoSpace);
  EXPECT_TRUE(ended.error().can_retry()) << "exit code 4";
  // With room again, the next run misses nothing.
  const auto again = run_feed(options);
  ASSERT_TRUE(again) << again.error().message();
  EXPECT_EQ(again->feed.gaps, 0U);
  EXPECT_TRUE(same_lakes(folder.file("batch"), folder.file("live")));
}

TEST(Live, ASecondRunGoesOnWhereAStoppedOneEnded) {
  const TestDirectory folder;
  make_trades(folder.file("trades.dbn"), 20'000, 3);
  make_batch_lake(folder.file("trades.dbn"), folder.file("batch"));
  // Stopped between two sessions; the gateway is another one by then.
  auto server = serve(folder.file("trades.dbn"), "drop@4000#*");
  LiveJobOptions options = feed_options(*server, folder.file("live"));
  {
    StopSignal stop;
    SilentObserver observer;
    std::thread restart([&] {
      while (server->stats().sessions < 2) Env::posix().sleep_for(1'000'000);
      stop.request();
    });
    const auto first =
        run_live(Env::posix(), options, Secret("db-12345678901234567890123456789"), stop, observer);
    restart.join();
    ASSERT_TRUE(first) << first.error().message();
  }
  server = serve(folder.file("trades.dbn"));
  options.session.port = server->port();
  const auto second = run_feed(options);
  ASSERT_TRUE(second) << second.error().message();
  EXPECT_TRUE(same_lakes(folder.file("batch"), folder.file("live")));
}

TEST(Live, AGapIsRecordedSeenAndRepaired) {
  const TestDirectory folder;
  const std::string trades = folder.file("trades.dbn");
  make_trades(trades, 30'000, 4);
  make_batch_lake(trades, folder.file("batch"));
  // The second session asks for what the gateway no longer has.
  const auto server = serve(trades, "drop@9000#1,aged:2025-06-09T18:30:00Z#2-9");
  const LiveJobOptions options = feed_options(*server, folder.file("live"));
  const auto ended = run_feed(options);
  ASSERT_TRUE(ended) << ended.error().message();
  EXPECT_EQ(ended->feed.gaps, 1U);
  EXPECT_FALSE(same_lakes(folder.file("batch"), folder.file("live")));

  auto state =
      ops::State::open(Env::posix(), ops::state_file(folder.file("frontmonth-state-live")));
  ASSERT_TRUE(state);
  auto gaps = state->gaps("GLBX.MDP3", ops::Gaps::kOpen);
  ASSERT_TRUE(gaps);
  ASSERT_EQ(gaps->size(), 1U);
  EXPECT_LT(gaps->front().gap.from, gaps->front().gap.to);

  RepairOptions repair;
  repair.places = places_of(options);
  repair.subscriptions = options.session.subscriptions;
  auto vendor = VendorRecords::from_files(Env::posix(), {trades});
  ASSERT_TRUE(vendor) << vendor.error().message();

  ReconcileOptions reconcile;
  reconcile.places = places_of(options);
  reconcile.subscriptions = options.session.subscriptions;
  reconcile.date = Date(2025, 6, 9);
  const auto before = run_reconcile(Env::posix(), reconcile, **vendor);
  ASSERT_TRUE(before) << before.error().message();
  EXPECT_GT(before->missing, 0U);
  EXPECT_GT(before->rows_different, 0U);

  const auto report = run_repair(Env::posix(), repair, **vendor);
  ASSERT_TRUE(report) << report.error().message();
  ASSERT_EQ(report->gaps.size(), 1U);
  EXPECT_GT(report->gaps.front().records, 0U);
  EXPECT_TRUE(same_lakes(folder.file("batch"), folder.file("live")));
  EXPECT_TRUE(state->gaps("GLBX.MDP3", ops::Gaps::kOpen)->empty());

  const auto after = run_reconcile(Env::posix(), reconcile, **vendor);
  ASSERT_TRUE(after) << after.error().message();
  EXPECT_TRUE(after->equal()) << to_text(*after);
  const auto again = run_repair(Env::posix(), repair, **vendor);
  ASSERT_TRUE(again);
  EXPECT_TRUE(again->gaps.empty());
}

// A random schedule: which trades, where sessions break, how blocks are cut, when the program stops
// and starts again.
void run_schedule(std::uint64_t seed) {
  SCOPED_TRACE(seed);
  std::mt19937_64 random(seed);
  const auto below = [&](std::uint64_t n) { return random() % n; };
  const TestDirectory folder;
  make_trades(folder.file("trades.dbn"), 4'000 + below(12'000), seed,
              1 + static_cast<int>(below(3)));
  make_batch_lake(folder.file("trades.dbn"), folder.file("batch"));

  const char* const kinds[] = {"drop", "half", "eof"};
  std::string faults;
  for (std::uint64_t i = below(6); i > 0; --i)
    faults += fmt::format("{}{}@{}", faults.empty() ? "" : ",", kinds[below(3)], 1 + below(5'000));
  const auto server = serve(folder.file("trades.dbn"), faults, seed);
  LiveJobOptions options = feed_options(*server, folder.file("live"));
  options.session.zstd = below(2) == 1;
  options.session.ts_out = below(2) == 1;
  options.sync_interval = below(3) * 5'000'000;
  options.segment_bytes = 100'000 + below(400'000);
  options.compress = below(2) == 1;
  options.follower.flush_interval = 1'000'000 + below(60'000'000);
  options.follower.silence = 20'000'000 + below(100'000'000);

  for (std::uint64_t stops = below(4); stops > 0; --stops) {
    StopSignal stop;
    SilentObserver observer;
    const Nanos after = 5'000'000 + below(300'000'000);
    std::thread stopper([&] {
      Env::posix().sleep_for(after);
      stop.request();
    });
    const auto ended =
        run_live(Env::posix(), options, Secret("db-12345678901234567890123456789"), stop, observer);
    stopper.join();
    ASSERT_TRUE(ended) << ended.error().message();
  }
  const auto ended = run_feed(options);
  ASSERT_TRUE(ended) << ended.error().message();
  EXPECT_TRUE(same_lakes(folder.file("batch"), folder.file("live"))) << "faults " << faults;
  // The log itself holds every record once.
  make_batch_lake(folder.file("frontmonth-state-live/capture/GLBX.MDP3"), folder.file("again"));
  EXPECT_TRUE(same_lakes(folder.file("batch"), folder.file("again"))) << "faults " << faults;
}

TEST(Live, EqualsBatchOverRandomSchedules) {
  const char* const from = std::getenv("FM_SCHEDULE_SEED");
  const char* const count = std::getenv("FM_SCHEDULES");
  const std::uint64_t first = from != nullptr ? std::strtoull(from, nullptr, 10) : 1;
  const std::uint64_t schedules = count != nullptr ? std::strtoull(count, nullptr, 10) : 10;
  for (std::uint64_t seed = first; seed < first + schedules && !HasFatalFailure(); ++seed)
    run_schedule(seed);
}

}  // namespace
}  // namespace fm::jobs
