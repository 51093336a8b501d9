// Servers that die, connections that end, locks that are held, disks that are full: nothing is
// lost, nothing is there twice.
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <atomic>
#include <thread>

#include "base/testing_fault_env.h"
#include "postgres/schema.h"
#include "postgres/testing_rows.h"
#include "postgres/testing_sink.h"

namespace fm::postgres {
namespace {

constexpr Second kFirst = 1'749'500'000;
const Date kDate(2025, 6, 10);
constexpr std::size_t kRows = 500;  // of a batch

uid_t owner_of(const std::string& path) {
  struct stat info{};
  EXPECT_EQ(::stat(path.c_str(), &info), 0);
  return info.st_uid;
}

class SinkFaults : public SinkTest {
 protected:
  void SetUp() override {
    SinkTest::SetUp();
    if (!IsSkipped() && server_ == nullptr) GTEST_SKIP() << "the server is not ours to break";
  }

  static table::RowBatch batch(int number) {
    table::RowBatch rows(table::candles_1m());
    fill_candles(rows, "ES", kDate, kFirst + number * static_cast<Second>(kRows), kRows, number);
    return rows;
  }
  static table::Cursor cursor_behind(int number) {
    return {"", static_cast<std::uint64_t>(number) + 1,
            kFirst + (number + 1) * static_cast<Second>(kRows)};
  }
  static Status store(PostgresSink& sink, int number) {
    FM_TRY(sink.write(batch(number)));
    return sink.commit(table::candles_1m(), cursor_behind(number));
  }
  void expect_batches(int count) const {
    std::int64_t volume = 0;
    for (int i = 0; i < count; ++i) {
      const table::RowBatch rows = batch(i);
      for (const std::int64_t one : rows.int64s(8).first(rows.size())) volume += one;
    }
    EXPECT_EQ(ask("SELECT count(*) || ' ' || coalesce(sum(volume), 0) FROM market_data.candles_1m"),
              fmt::format("{} {}", count * static_cast<int>(kRows), volume));
    EXPECT_EQ(ask("SELECT coalesce(max(position), 0) FROM frontmonth.cursors"),
              std::to_string(count));
  }
};

TEST_F(SinkFaults, AServerKilledWithinABatchKeepsNothingOfIt) {
  PostgresSink sink = open();
  ASSERT_TRUE(store(sink, 0));
  ASSERT_TRUE(sink.write(batch(1)));
  server_->kill();
  const Status failed = sink.commit(table::candles_1m(), cursor_behind(1));
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code(), Code::kDisconnected) << failed.error().message();
  EXPECT_TRUE(failed.error().can_retry());
  const auto down = Connection::open(Env::posix(), uri(), quick());
  ASSERT_FALSE(down);
  EXPECT_EQ(down.error().code(), Code::kDisconnected) << down.error().message();
  ASSERT_TRUE(server_->start_again());
  expect_batches(1);
  PostgresSink next = open();
  ASSERT_TRUE(store(next, 1));
  expect_batches(2);
}

TEST_F(SinkFaults, ASessionEndedWithinACopyKeepsNothingOfIt) {
  PostgresSink sink = open();
  ASSERT_TRUE(store(sink, 0));
  ASSERT_TRUE(sink.connection().begin_copy(
      "COPY pg_temp.frontmonth_candles_1m FROM STDIN (FORMAT binary)"));
  // It waits until the session is gone: a session that reads the bytes below first refuses them.
  const Rows others = *connect().query(
      "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = "
      "current_database() "
      "AND pid <> pg_backend_pid() AND query LIKE 'COPY%'");
  ASSERT_EQ(others.size(), 1U);
  const std::vector<std::byte> bytes(1 << 20);
  static_cast<void>(sink.connection().copy(bytes));
  const auto ended = sink.connection().end_copy();
  ASSERT_FALSE(ended);
  EXPECT_EQ(ended.error().code(), Code::kDisconnected) << ended.error().message();
  EXPECT_TRUE(ended.error().can_retry());
  EXPECT_TRUE(sink.connection().is_broken());
  expect_batches(1);
}

TEST_F(SinkFaults, ALockIsWaitedForAndThenReported) {
  PostgresSink sink = open();
  ASSERT_TRUE(store(sink, 0));
  Connection other = connect();
  ASSERT_TRUE(other.run("BEGIN; LOCK TABLE market_data.candles_1m IN SHARE MODE"));
  const Status refused = store(sink, 1);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::kBusy) << refused.error().message();
  EXPECT_TRUE(refused.error().can_retry());
  EXPECT_NE(refused.error().message().find("[55P03]"), std::string::npos);
  ASSERT_TRUE(other.run("COMMIT"));
  PostgresSink next = open();
  ASSERT_TRUE(store(next, 1));
  expect_batches(2);
}

TEST_F(SinkFaults, ADeadlockEndsOneOfTheTwoAndCanBeTriedAgain) {
  PostgresSink sink = open();
  ASSERT_TRUE(store(sink, 0));
  Connection other = connect();
  // The other holds the row that the sink wants second, and then wants the first.
  const auto row = [](Second time) {
    return fmt::format(
        "UPDATE market_data.candles_1m SET symbol = symbol WHERE time = to_timestamp({})", time);
  };
  ASSERT_TRUE(other.run("SET deadlock_timeout = '60s'; BEGIN; " +
                        row(kFirst + static_cast<Second>(kRows) - 1)));
  std::thread late([&] {
    Env::posix().sleep_for(300'000'000);
    const auto waited = other.run(row(kFirst));
    EXPECT_TRUE(waited) << waited.error().message();
    EXPECT_TRUE(other.run("ROLLBACK"));
  });
  table::RowBatch rows(table::candles_1m());
  fill_candles(rows, "ES", kDate, kFirst, kRows, 1'000);
  Connection patient = connect();
  ASSERT_TRUE(sink.connection().run("SET deadlock_timeout = '500ms'; SET lock_timeout = '20s'"));
  ASSERT_TRUE(sink.write(rows));
  const Status refused = sink.commit(table::candles_1m(), cursor_behind(0));
  late.join();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::kBusy) << refused.error().message();
  EXPECT_NE(refused.error().message().find("[40P01]"), std::string::npos);
  EXPECT_TRUE(refused.error().can_retry());
  expect_batches(1);
  PostgresSink next = open();
  ASSERT_TRUE(next.write(rows));
  EXPECT_TRUE(next.commit(table::candles_1m(), cursor_behind(0)));
  EXPECT_EQ(next.figures().rows_changed, kRows);
}

// A server whose tables lie on a small disk.
class SinkDisk : public SinkFaults {
 protected:
  void SetUp() override {
    const TestDirectory probe;
    if (::mount("tmpfs", probe.path().c_str(), "tmpfs", 0, "size=100k") != 0)
      GTEST_SKIP() << "only root can mount a small file system";
    ::umount(probe.path().c_str());
    auto started = TestServer::start();
    if (!started) GTEST_SKIP() << started.error().message();
    own_ = *std::move(started);
    server_ = own_.get();
    database_ = "small";
    ASSERT_TRUE(server_->make_database(database_));
    uri_ = server_->uri(database_);
    folder_ = server_->data() + "-small";
    ASSERT_EQ(::mkdir(folder_.c_str(), 0777), 0);
    const std::string options = fmt::format("size=2m,uid={},mode=700", owner_of(server_->data()));
    ASSERT_EQ(::mount("tmpfs", folder_.c_str(), "tmpfs", 0, options.c_str()), 0);
    Connection owner = connect();
    const auto made = owner.run(fmt::format("CREATE TABLESPACE small LOCATION '{}'", folder_));
    ASSERT_TRUE(made) << made.error().message();
    ASSERT_TRUE(owner.run("ALTER DATABASE small SET default_tablespace = small"));
    Connection db = connect();
    ASSERT_TRUE(migrate(db, {&table::candles_1m()}));
  }
  void TearDown() override {
    if (!own_) return;
    own_->kill();
    ::umount2(folder_.c_str(), MNT_DETACH);
  }
  std::unique_ptr<TestServer> own_;
  std::string folder_;
};

TEST_F(SinkDisk, AFullDiskKeepsWhatWasThere) {
  int stored = 0;
  Status full;
  for (PostgresSink sink = open(); full && stored < 100; stored += full ? 1 : 0)
    full = store(sink, stored);
  ASSERT_FALSE(full) << "two MiB hold so many?";
  EXPECT_EQ(full.error().code(), Code::kNoSpace) << full.error().message();
  EXPECT_TRUE(full.error().can_retry());
  EXPECT_GT(stored, 0);
  expect_batches(stored);
  ASSERT_EQ(::mount("tmpfs", folder_.c_str(), "tmpfs", MS_REMOUNT, "size=64m"), 0);
  PostgresSink next = open();
  ASSERT_TRUE(store(next, stored));
  expect_batches(stored + 1);
}

// The server dies again and again, anywhere; the writer does what a sink's owner does.
TEST_F(SinkFaults, WhateverDiesTheRowsAreThereOnce) {
  constexpr int kBatches = 60;
  constexpr int kKills = 5;
  std::atomic<int> kills = 0;
  std::atomic<int> stored = 0;
  int failures = 0;
  const auto open_next = [&]() -> Result<PostgresSink> {
    FM_ASSIGN(Connection db, Connection::open(Env::posix(), uri(), quick()));
    FM_ASSIGN(PostgresSink sink, PostgresSink::open(std::move(db), "test"));
    FM_ASSIGN(const table::Cursor cursor, sink.cursor(table::candles_1m()));
    const int found = static_cast<int>(cursor.position);
    EXPECT_TRUE(found == stored || found == stored + 1) << "a commit in doubt, and nothing else";
    stored = found;
    return sink;
  };
  std::thread writer([&] {
    std::optional<PostgresSink> sink;
    // The last ones are written over and over until the last kill.
    for (int tries = 0; (stored < kBatches || kills < kKills) && tries < 20'000; ++tries) {
      Status done;
      if (!sink) {
        auto opened = open_next();
        if (opened) {
          sink.emplace(*std::move(opened));
        } else {
          done = std::unexpected(opened.error());
        }
      }
      const int number = std::min<int>(stored, kBatches - 1);
      if (done) done = store(*sink, number);
      if (done) {
        stored = number + 1;
        Env::posix().sleep_for(3'000'000);
        continue;
      }
      EXPECT_TRUE(done.error().can_retry()) << done.error().message();
      ++failures;
      sink.reset();
      Env::posix().sleep_for(5'000'000);
    }
  });
  std::uint64_t state = 42;
  while (kills < kKills) {
    state = state * 6'364'136'223'846'793'005ULL + 1'442'695'040'888'963'407ULL;
    Env::posix().sleep_for(5'000'000 + (state >> 33) % 100'000'000);
    server_->kill();
    const Status again = server_->start_again();
    EXPECT_TRUE(again) << again.error().message();
    ++kills;
  }
  writer.join();
  EXPECT_GT(failures, 0);
  expect_batches(kBatches);
}

}  // namespace
}  // namespace fm::postgres
