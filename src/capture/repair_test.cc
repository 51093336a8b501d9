#include "capture/repair.h"

#include <gtest/gtest.h>

#include "capture/log_reader.h"
#include "capture/segment_files.h"
#include "capture/testing_capture.h"

namespace fm::capture {
namespace {

using namespace testing;

class RepairTest : public ::testing::Test {
 protected:
  RepairTest() { env_.set_now(kMorning); }
  static void SetUpTestSuite() { keep_files_in_memory(); }

  void keep(const std::vector<Bytes>& blocks) {
    auto log = *Log::open(env_, by_hand(log_));
    for (const Bytes& block : blocks) ASSERT_TRUE(log->append(block_of(block)));
    ASSERT_TRUE(log->close());
  }
  Repair repair(const Bytes& records, Date day = kMonday) {
    auto writer = RepairWriter::create(env_, log_, day, session_metadata());
    EXPECT_TRUE(writer.has_value());
    EXPECT_TRUE(writer->append(block_of(records)));
    auto written = writer->commit();
    EXPECT_TRUE(written.has_value()) << written.error().message();
    return *written;
  }

  TestDirectory dir_;
  FaultEnv env_;
  const std::string log_ = dir_.file("log");
  const Bytes before_ = trades(1, 10, kMorning);
  const Bytes lost_ = trades(11, 10, kMorning + kNanosPerSecond);
  const Bytes after_ = trades(21, 10, kMorning + 2 * kNanosPerSecond);
};

TEST_F(RepairTest, FillsAGapInOrderOfArrival) {
  keep({before_, after_});
  const Repair written = repair(lost_);
  EXPECT_EQ(written.first_arrival, kMorning + kNanosPerSecond);
  EXPECT_EQ(written.record_count, 10U);
  EXPECT_TRUE(written.path.ends_with("/2025-06-16/repair-0001.dbn.zst")) << written.path;
  EXPECT_EQ(read_segment(written.path), lost_);
  const ReadLog read = read_log(env_, log_);
  EXPECT_EQ(read.records, before_ + lost_ + after_);
  EXPECT_EQ(read.repaired, 10U);
  EXPECT_EQ(read_log(env_, log_, {.repairs = false}).records, before_ + after_);
  const auto all = repairs(env_, log_, kMonday);
  ASSERT_TRUE(all.has_value());
  ASSERT_EQ(all->size(), 1U);
  EXPECT_EQ((*all)[0].last_arrival, written.last_arrival);
}

TEST_F(RepairTest, TakesEachRecordAsOftenAsOneOfItsSourcesHasIt) {
  const Bytes twin = bytes_of(trade(90, kMorning + 1'500'000'000));
  keep({before_, twin, after_});
  repair(before_ + lost_ + twin + twin + after_);
  repair(lost_ + twin);
  // One more of the twin, which the first repair has twice.
  EXPECT_EQ(read_log(env_, log_).records, before_ + lost_ + twin + twin + after_);
}

TEST_F(RepairTest, ReachesTheEndsOfADay) {
  const Bytes tuesday = trades(31, 5, kMorning + kNanosPerDay);
  keep({lost_, tuesday});
  repair(before_ + after_);
  const Bytes late = trades(50, 3, kMorning + kNanosPerDay + kNanosPerSecond);
  repair(late, kMonday + 1);
  EXPECT_EQ(read_log(env_, log_).records, before_ + lost_ + after_ + tuesday + late);
}

TEST_F(RepairTest, RefusesWhatDoesNotBelong) {
  keep({before_});
  auto writer = *RepairWriter::create(env_, log_, kMonday, session_metadata());
  EXPECT_EQ(RepairWriter::create(env_, log_, kMonday, session_metadata()).error().code(),
            Code::kBusy);
  EXPECT_EQ(writer.append(block_of(trades(1, 1, kMorning + kNanosPerDay))).error().code(),
            Code::kInvalidArgument);
  EXPECT_EQ(writer.commit().error().code(), Code::kInvalidArgument) << "nothing in it";
  auto old = session_metadata();
  old.version = 1;
  EXPECT_EQ(RepairWriter::create(env_, log_, kMonday + 1, old).error().code(), Code::kUnsupported);
}

TEST_F(RepairTest, IsSeenWholeOrNotAtAll) {
  keep({before_, after_});
  for (const Call kind : {Call::kCreate, Call::kWrite, Call::kSync, Call::kRename, Call::kRemove}) {
    for (std::uint64_t n = 1; n < 12; ++n) {
      env_.fail_call(kind, n, EIO);
      {
        auto writer = RepairWriter::create(env_, log_, kMonday, session_metadata());
        if (writer && writer->append(block_of(lost_))) static_cast<void>(writer->commit());
      }
      env_.fail_call(kind, 1, 0, 0);
      const Bytes read = read_log(env_, log_).records;
      EXPECT_TRUE(read == before_ + after_ || read == before_ + lost_ + after_)
          << name(kind) << " " << n;
    }
  }
  repair(lost_);
  EXPECT_EQ(read_log(env_, log_).records, before_ + lost_ + after_);
  for (const std::string& file : files_of(log_, kMonday)) EXPECT_FALSE(file.ends_with(kDraft));
}

TEST_F(RepairTest, ADamagedRepairIsNamed) {
  keep({before_, after_});
  const Repair written = repair(lost_);
  flip(written.path, 40);
  const ReadLog strict = read_log(env_, log_);
  ASSERT_TRUE(strict.error);
  EXPECT_NE(strict.error->message().find("repair-0001.dbn.zst"), std::string::npos);
  const ReadLog lenient = read_log(env_, log_, {.go_on_behind_damage = true});
  EXPECT_EQ(lenient.records, before_ + after_);
  EXPECT_EQ(lenient.damages.size(), 1U);
}

}  // namespace
}  // namespace fm::capture
