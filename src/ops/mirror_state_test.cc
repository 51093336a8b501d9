#include "ops/mirror_state.h"

#include <gtest/gtest.h>

#include "base/testing_fault_env.h"
#include "ops/state.h"

namespace fm::ops {
namespace {

constexpr Nanos kNow = 1'750'100'000ULL * kNanosPerSecond;

MirrorPart part(std::string name, MirrorStage stage = MirrorStage::kPlanned) {
  MirrorPart made;
  made.destination = "gs://b/p";
  made.table = "market_data.candles_1m";
  made.partition = "p_root=ES/p_day=2025-06-16";
  made.part = std::move(name);
  made.date = Date(2025, 6, 16);
  made.object = "p/" + made.part;
  made.rows = 3;
  made.bytes = 4;
  made.stage = stage;
  made.since = 5;
  made.planned_at = made.changed_at = kNow;
  return made;
}

MirrorBatch batch(std::string id, BatchStage stage) {
  MirrorBatch made;
  made.destination = "gs://b/p";
  made.batch_id = std::move(id);
  made.table = "market_data.candles_1m";
  made.stage = stage;
  made.created_at = kNow;
  return made;
}

class MirrorStateTest : public ::testing::Test {
 protected:
  TestDirectory directory_;
  State state_ = State::open(Env::posix(), state_file(directory_.file("state"))).value();
};

TEST_F(MirrorStateTest, KeepsWhatItIsGiven) {
  MirrorPart full = part("b", MirrorStage::kVerified);
  full.crc32c = "AAAAAA==";
  full.generation = 7;
  full.batch_id = "x";
  const std::vector<MirrorPart> parts = {part("a"), full};
  MirrorBatch merge = batch("x", BatchStage::kFailed);
  merge.kind = BatchKind::kReplaceDay;
  merge.partition = "p_root=ES/p_day=2025-06-16";
  merge.day = Date(2025, 6, 16);
  merge.parts = 1;
  merge.rows = 3;
  merge.bytes = 4;
  merge.partitions_touched = 1;
  merge.attempt = 2;
  merge.job_id = "job";
  merge.bytes_billed = 10;
  merge.error_message = "why";
  merge.finished_at = kNow + 1'000;
  ASSERT_TRUE(state_.record_mirror(parts, {&merge, 1}));
  EXPECT_EQ(state_.mirror_parts({.destination = "gs://b/p"}).value(), parts);
  EXPECT_EQ(state_.mirror_batches({.destination = "gs://b/p"}).value(), std::vector{merge});
  EXPECT_TRUE(state_.mirror_parts({.destination = "another"})->empty());
}

TEST_F(MirrorStateTest, GivesWhatIsChosen) {
  MirrorPart late = part("c", MirrorStage::kSuperseded);
  late.changed_at = kNow + kNanosPerSecond;
  MirrorPart loaded = part("b", MirrorStage::kLoaded);
  loaded.batch_id = "x";
  ASSERT_TRUE(state_.record_mirror(std::vector{part("a"), loaded, late}));
  const auto count = [&](const MirrorChoice& choice) {
    return state_.mirror_parts(choice)->size();
  };
  EXPECT_EQ(count({.destination = "gs://b/p", .stage = MirrorStage::kPlanned}), 1u);
  EXPECT_EQ(count({.destination = "gs://b/p", .batch_id = "x"}), 1u);
  EXPECT_EQ(count({.destination = "gs://b/p", .partition = "p_root=NQ/p_day=2025-06-16"}), 0u);
  EXPECT_EQ(count({.destination = "gs://b/p", .changed_before = kNow + 1'000}), 2u);
  EXPECT_EQ(count({.destination = "gs://b/p", .parts_max = 2}), 2u);
  ASSERT_TRUE(state_.remove_mirror(std::vector{loaded}));
  EXPECT_EQ(count({.destination = "gs://b/p"}), 2u);
}

TEST_F(MirrorStateTest, UnfinishedBatchesAreThoseNotVerified) {
  const std::vector batches = {batch("a", BatchStage::kSealed), batch("b", BatchStage::kVerified),
                               batch("c", BatchStage::kFailed)};
  ASSERT_TRUE(state_.record_mirror({}, batches));
  EXPECT_EQ(state_.mirror_batches({.destination = "gs://b/p", .unfinished = true})->size(), 2u);
  EXPECT_EQ(state_.mirror_batches({.destination = "gs://b/p", .batch_id = "b"})->size(), 1u);
  EXPECT_EQ(state_.mirror_batches({.destination = {}, .since = kNow + 1'000})->size(), 0u);
  ASSERT_TRUE(state_.forget_mirror("gs://b/p"));
  EXPECT_TRUE(state_.mirror_batches({.destination = "gs://b/p"})->empty());
}

}  // namespace
}  // namespace fm::ops
