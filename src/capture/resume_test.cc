#include "capture/resume.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <random>

#include "capture/testing_capture.h"

namespace fm::capture {
namespace {

using namespace testing;

constexpr Nanos kMilli = 1'000'000;

class ResumeTest : public ::testing::Test {
 protected:
  ResumeTest() { env_.set_now(kMorning); }
  static void SetUpTestSuite() { keep_files_in_memory(); }

  void keep(const std::vector<Bytes>& blocks, bool compress = false) {
    auto options = by_hand(log_);
    options.compress = compress;
    auto log = *Log::open(env_, options);
    for (const Bytes& block : blocks) {
      ASSERT_TRUE(log->append(block_of(block)));
      ASSERT_TRUE(log->sync());
    }
    ASSERT_TRUE(log->close());
    ASSERT_TRUE(log->work_off());
  }
  ResumeFilter build(ResumeOptions options = {}) {
    auto filter = ResumeFilter::build(env_, log_, options);
    EXPECT_TRUE(filter.has_value() && filter->has_value());
    return *std::move(*filter);
  }

  TestDirectory dir_;
  FaultEnv env_;
  const std::string log_ = dir_.file("log");
};

Bytes filtered(ResumeFilter& filter, const Bytes& bytes, std::size_t tail_bytes = 0) {
  const auto block = filter.filter(block_of(bytes, tail_bytes));
  std::uint64_t count = 0;
  for (const dbn::RecordView record : block) count += record.size_bytes() != 0;
  EXPECT_EQ(count, block.record_count);
  return {block.bytes.begin(), block.bytes.end()};
}

Bytes stray_event(std::uint32_t sequence, Nanos arrival, Nanos event) {
  auto record = trade(sequence, arrival);
  record.header.ts_event = event;
  return bytes_of(record);
}

TEST_F(ResumeTest, AnEmptyLogHasNothingToGoOnFrom) {
  keep({bytes_of(mapping(1, "ES.c.0", "ESM5"))});
  const auto filter = ResumeFilter::build(env_, log_);
  ASSERT_TRUE(filter.has_value());
  EXPECT_FALSE(filter->has_value());
}

TEST_F(ResumeTest, DropsWhatIsKeptAndNoMore) {
  for (const bool compress : {false, true}) {
    ASSERT_TRUE(remove_tree(env_, log_));
    const Bytes old = trades(1, 100, kMorning);
    const Bytes recent = trades(101, 100, kMorning + 200 * kNanosPerSecond);
    keep({old, recent}, compress);
    auto filter = build();
    const Nanos newest = kMorning + 200 * kNanosPerSecond + 99 * kMilli - kMilli;
    EXPECT_EQ(filter.newest_event(), newest);
    EXPECT_EQ(filter.start(), newest - 90 * kNanosPerSecond);
    EXPECT_EQ(filter.newest_arrival(), newest + kMilli);
    EXPECT_EQ(filter.records_kept(), 100U);
    const Bytes fresh = trades(201, 10, kMorning + 200 * kNanosPerSecond + 50 * kMilli);
    EXPECT_FALSE(filter.done());
    EXPECT_EQ(filtered(filter, dbn::testing::first_of(recent, 80 * 60)), Bytes{});
    const Bytes rest(recent.begin() + 80 * 60, recent.end());
    EXPECT_EQ(filtered(filter, fresh + rest + fresh), fresh + fresh);
    EXPECT_TRUE(filter.done());
    EXPECT_EQ(filter.records_dropped(), 100U);
    EXPECT_EQ(filtered(filter, recent), recent) << "each kept record takes one away";
  }
}

TEST_F(ResumeTest, CountsEqualRecords) {
  const Bytes record = bytes_of(trade(1, kMorning));
  keep({record + record});
  auto filter = build();
  EXPECT_EQ(filtered(filter, record + record + record), record);
}

TEST_F(ResumeTest, ComparesWithoutTsOut) {
  const Bytes kept = trades(1, 3, kMorning);
  keep({kept});
  auto filter = build();
  Bytes sent;
  for (std::uint32_t i = 0; i < 4; ++i) {
    Bytes record = bytes_of(trade(i + 1, kMorning + i * kMilli));
    record[0] = std::byte{22};
    record.resize(88, std::byte{9});
    sent = sent + record;
  }
  EXPECT_EQ(filtered(filter, sent, dbn::kTsOutBytes), Bytes(sent.begin() + 3 * 88, sent.end()));
}

TEST_F(ResumeTest, LeavesControlRecordsAlone) {
  const Bytes control = bytes_of(mapping(1, "ES.c.0", "ESM5"));
  keep({control, trades(1, 2, kMorning)});
  auto filter = build();
  EXPECT_EQ(filtered(filter, control + trades(1, 1, kMorning)), control);
}

TEST_F(ResumeTest, IsNotLedAstrayByEventsOutOfTime) {
  const Bytes early = stray_event(1, kMorning, kMorning + 9 * 3600 * kNanosPerSecond);
  const Bytes undefined = stray_event(2, kMorning + kMilli, kUndefTime);
  const Bytes near = stray_event(3, kMorning + 300 * kNanosPerSecond,
                                 kMorning + 300 * kNanosPerSecond + kMilli * 900);
  keep({early, undefined, trades(4, 5, kMorning), near});
  auto filter = build();
  EXPECT_EQ(filter.newest_event(), kMorning + 300 * kNanosPerSecond + kMilli * 900);
  EXPECT_EQ(filter.records_kept(), 3U);
  // A gateway that filters by ts_event sends them all again, however long ago they came.
  EXPECT_EQ(filtered(filter, early + undefined + near), Bytes{});
}

TEST_F(ResumeTest, IsDoneWhenTheReplayIsPastWhatWasKept) {
  keep({trades(1, 10, kMorning)});
  auto filter = build();
  const Bytes later = trades(50, 1, kMorning + 60 * kNanosPerSecond);
  const Bytes much_later = trades(51, 1, kMorning + 100 * kNanosPerSecond);
  EXPECT_EQ(filtered(filter, later), later);
  EXPECT_FALSE(filter.done());
  EXPECT_EQ(filtered(filter, much_later), much_later);
  EXPECT_TRUE(filter.done());
}

TEST_F(ResumeTest, ShortensAWindowThatHoldsTooMuch) {
  keep({trades(1, 4000, kMorning)});  // 4 s
  auto filter = build({.records_max = 1000});
  EXPECT_LE(filter.records_kept(), 1000U);
  EXPECT_GT(filter.records_kept(), 100U);
  EXPECT_GT(filter.start(), filter.newest_event() - kNanosPerSecond);
}

TEST_F(ResumeTest, ADamagedBlockComesAgain) {
  keep({trades(1, 10, kMorning), trades(11, 10, kMorning + kNanosPerSecond)});
  const std::string path = join(join(log_, kMonday.iso()), "0001.dbn");
  flip(path, size_of(path) - 5);
  auto filter = build();
  EXPECT_EQ(filter.records_kept(), 10U);
}

// Any replay: every record of what was sent ends up in the log exactly as often as it was sent.
RC_GTEST_PROP(Resume, LosesNothingAndKeepsNothingTwice,
              (std::uint32_t seed, std::uint8_t cut, std::uint8_t chunk)) {
  keep_files_in_memory();
  const TestDirectory dir;
  FaultEnv env;
  std::mt19937 random(seed);
  std::vector<Bytes> sent;  // in the gateway's order
  for (std::uint32_t i = 0; i < 300; ++i) {
    auto record = trade(random() % 3 == 0 ? i : i / 4, kMorning + i / 3 * kNanosPerSecond);
    record.header.ts_event -= random() % 4 * kNanosPerSecond;
    sent.push_back(bytes_of(record));
  }
  const std::size_t until = std::size_t{cut} + 1;
  {
    auto log = *Log::open(env, by_hand(dir.path()));
    for (std::size_t i = 0; i < until; ++i) RC_ASSERT(log->append(block_of(sent[i])).has_value());
    RC_ASSERT(log->close().has_value());
  }
  auto filter = *ResumeFilter::build(env, dir.path());
  RC_ASSERT(filter.has_value());
  auto log = *Log::open(env, by_hand(dir.path()));
  Bytes pending;
  const auto deliver = [&] {
    RC_ASSERT(log->append(filter->filter(block_of(pending))).has_value());
    pending.clear();
  };
  for (std::size_t i = 0; i < sent.size(); ++i) {
    const auto* header = reinterpret_cast<const dbn::RecordHeader*>(sent[i].data());
    if (header->ts_event < filter->start()) continue;
    pending = pending + sent[i];
    if (pending.size() > chunk * 80U) deliver();
  }
  deliver();
  RC_ASSERT(log->close().has_value());
  std::map<Bytes, int> difference;
  for (const Bytes& record : sent) ++difference[record];
  const Bytes kept = read_log(env, dir.path()).records;
  for (std::size_t at = 0; at < kept.size(); at += 80)
    --difference[Bytes(kept.begin() + static_cast<std::ptrdiff_t>(at),
                       kept.begin() + static_cast<std::ptrdiff_t>(at + 80))];
  for (const auto& [record, count] : difference) RC_ASSERT(count == 0);
}

}  // namespace
}  // namespace fm::capture
