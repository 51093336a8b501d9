// Readers that follow a log while it is written.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "capture/log.h"
#include "capture/testing_capture.h"

namespace fm::capture {
namespace {

using namespace testing;

constexpr std::size_t kRecord = sizeof(dbn::Mbp1Msg);

LogOptions threaded(const std::string& directory) {
  return {.directory = directory,
          .dataset = std::string(kDataset),
          .segment_bytes = 400'000,
          .sync_interval = 2'000'000};
}

// What a follower saw: sequence numbers must come one behind the other.
struct Followed {
  std::uint32_t next = 0;
  bool in_order = true;
  std::optional<Error> error;
  std::size_t segments = 0;
};

void take(const dbn::RecordBlock& block, Followed& followed) {
  for (const dbn::RecordView record : block) {
    const auto* trade = record.get_if<dbn::Mbp1Msg>();
    if (trade == nullptr) continue;
    followed.in_order = followed.in_order && trade->sequence == followed.next;
    ++followed.next;
  }
}

template <class Limit>
void follow(const std::string& directory, std::uint32_t until, Limit limit, Followed& followed) {
  auto reader = LogReader::open(Env::posix(), directory);
  Position last;
  while (reader && followed.next < until) {
    const auto block = reader->next(limit(reader->position()));
    if (!block) {
      followed.error = block.error();
      return;
    }
    take(*block, followed);
    if (reader->position().segment != last.segment || reader->position().day != last.day)
      ++followed.segments;
    last = reader->position();
  }
}

TEST(LogFollow, EveryReaderGetsEveryRecordInOrder) {
  const TestDirectory dir;
  auto log = *Log::open(Env::posix(), threaded(dir.path()));
  constexpr std::uint32_t kCount = 60'000;
  Followed written;
  Followed synced;
  Followed elsewhere;
  constexpr Nanos kPatience = 5'000'000;
  std::thread first([&] {
    follow(
        dir.path(), kCount,
        [&](const Position& seen) -> std::optional<Position> {
          return log->wait_written_beyond(seen, kPatience);
        },
        written);
  });
  std::thread second([&] {
    follow(
        dir.path(), kCount,
        [&](const Position& seen) -> std::optional<Position> {
          return log->wait_synced_beyond(seen, kPatience);
        },
        synced);
  });
  std::thread third([&] {  // as another process would
    follow(
        dir.path(), kCount,
        [](const Position&) -> std::optional<Position> {
          Env::posix().sleep_for(200'000);
          return std::nullopt;
        },
        elsewhere);
  });
  const Nanos begin = *parse_iso_nanos("2025-06-16T21:29:30Z");  // the cut is crossed
  for (std::uint32_t i = 0; i < kCount; i += 100)
    ASSERT_TRUE(log->append(block_of(trades(i, 100, begin + i * 1'000'000ULL))));
  first.join();
  second.join();
  third.join();
  for (const Followed* followed : {&written, &synced, &elsewhere}) {
    EXPECT_FALSE(followed->error) << followed->error->message();
    EXPECT_EQ(followed->next, kCount);
    EXPECT_TRUE(followed->in_order);
    EXPECT_GT(followed->segments, 10U);
  }
  ASSERT_TRUE(log->status());
  ASSERT_TRUE(log->close());
  EXPECT_GT(log->figures().syncs, 0U);
  EXPECT_EQ(log->wait_synced_beyond(log->synced(), ~Nanos{0}), log->synced()) << "does not wait";
  EXPECT_EQ(read_log(Env::posix(), dir.path()).records.size(), kCount * kRecord);
}

TEST(LogFollow, WhatIsSyncedWasWritten) {
  const TestDirectory dir;
  auto log = *Log::open(Env::posix(), threaded(dir.path()));
  std::atomic<bool> stop = false;
  std::atomic<int> wrong = 0;
  std::thread watcher([&] {
    Position before;
    while (!stop) {
      const Position now = log->synced();
      if (now < before || log->written() < now) ++wrong;
      before = now;
    }
  });
  for (std::uint32_t i = 0; i < 3'000; ++i)
    ASSERT_TRUE(log->append(block_of(trades(i, 3, kMorning + i * 5'000'000ULL))));
  while (log->synced() < log->written())
    static_cast<void>(log->wait_synced_beyond(log->synced(), 1'000'000));
  stop = true;
  watcher.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_GT(log->figures().loss_longest, 0U);
}

TEST(LogFollow, AFailingSyncStopsTheFeedUntilItHeals) {
  const TestDirectory dir;
  FaultEnv env;
  auto options = threaded(dir.path());
  auto log = *Log::open(env, options);
  const Bytes first = trades(0, 10, kMorning);
  env.fail_call(Call::kSync, 1, ENOSPC, ~0ULL >> 1);
  ASSERT_TRUE(log->append(block_of(first)));
  while (log->status()) Env::posix().sleep_for(1'000'000);
  const Bytes second = trades(10, 10, kMorning + kNanosPerSecond);
  const Status refused = log->append(block_of(second));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::kNoSpace);
  EXPECT_TRUE(refused.error().can_retry());
  env.fail_call(Call::kSync, 1, 0, 0);
  while (!log->status()) Env::posix().sleep_for(1'000'000);
  ASSERT_TRUE(log->append(block_of(second)));
  ASSERT_TRUE(log->close());
  EXPECT_EQ(read_log(env, dir.path()).records, first + second);
}

}  // namespace
}  // namespace fm::capture
