#include "ops/load_state.h"

#include <gtest/gtest.h>

#include "base/testing_fault_env.h"
#include "ops/state.h"

namespace fm::ops {
namespace {

class LoadStateTest : public ::testing::Test {
 protected:
  State open() { return State::open(Env::posix(), state_file(folder_.path())).value(); }
  const TestDirectory folder_;
};

LoadedFile whole_file() {
  LoadedFile file;
  file.path = "/data/a.dbn";
  file.content_hash = "6b1f";
  file.size_bytes = 12;
  file.modified = 1'750'032'000'123'456'789;
  file.inode = 99;
  file.job_id = "GLBX-20250617-ABCDEFGHIJ";
  file.dataset = "GLBX.MDP3";
  file.schema = "ohlcv-1m";
  file.roots = "ES,NQ";
  file.range_start = 1'750'032'000'000'000'000;
  file.range_end = 1'750'032'060'000'000'000;
  file.published_at = 1'750'118'400'000'000'000;
  file.rows_read = 21;
  file.rows_added = 1;
  file.rows_corrected = 2;
  file.rows_unchanged = 3;
  file.rows_outdated = 4;
  file.rows_rejected = 11;
  file.status = LoadStatus::kSuccess;
  file.started_at = 1'750'200'000'000'000'000;
  file.finished_at = 1'750'200'001'000'000'000;
  file.run_id = "run";
  file.engine_version = "0.0.1";
  return file;
}

TEST_F(LoadStateTest, KeepsWhatItIsGivenByPathAndContent) {
  LoadedFile bare;
  bare.path = "/data/b.dbn";
  bare.started_at = 1'750'200'000'000'000'000;
  bare.run_id = "run";
  bare.status = LoadStatus::kFailed;
  bare.error_message = "half a file";
  LoadedFile other = whole_file();
  other.content_hash = "7c20";
  other.started_at += 1'000;
  {
    State state = open();
    ASSERT_TRUE(state.record_loads(std::vector{bare, other, whole_file()}));
    EXPECT_EQ(state.loads().value(), (std::vector{whole_file(), other, bare}))
        << "of one path the newest last";
  }
  LoadedFile again = whole_file();
  again.rows_added = 0;
  State state = open();
  ASSERT_TRUE(state.record_loads(std::vector{again}));
  EXPECT_EQ(state.loads().value(), (std::vector{again, other, bare}));
}

TEST_F(LoadStateTest, EveryStatusCanBeKept) {
  State state = open();
  for (const auto status : {LoadStatus::kRunning, LoadStatus::kSuccess, LoadStatus::kCopy,
                            LoadStatus::kRefused, LoadStatus::kFailed}) {
    LoadedFile file = whole_file();
    file.status = status;
    ASSERT_TRUE(state.record_loads(std::vector{file})) << name(status);
    EXPECT_EQ(state.loads()->front().status, status);
  }
}

TEST_F(LoadStateTest, IsATableAsTheOthers) {
  State state = open();
  ASSERT_TRUE(state.record_loads(std::vector{whole_file()}));
  const auto& table = table::databento_load_state();
  auto rows = state.rows(table);
  ASSERT_TRUE(rows);
  table::RowBatch batch(table);
  ASSERT_TRUE(*(*rows)->next(batch));
  EXPECT_EQ(batch.text(table.column_index("roots"), 0), "ES,NQ");
  EXPECT_EQ(Date::from_days(batch.int32s(table.column_index("date"))[0]).iso(), "2025-06-17");
}

TEST_F(LoadStateTest, EventsOfOneIdentityAreKeptOnce) {
  State state = open();
  const std::vector<Event> events = {
      {.source = "load", .dataset = "market_data", .message = "a", .identity = "x"},
      {.source = "load", .dataset = "market_data", .message = "b", .identity = "y"}};
  EXPECT_EQ(state.add_events(events), 2U);
  EXPECT_EQ(state.add_events(events), 0U);
  EXPECT_EQ(state.add_event(events[0]), "x");
  auto rows = state.rows(table::data_quality_events());
  table::RowBatch batch(table::data_quality_events());
  ASSERT_TRUE(*(*rows)->next(batch));
  EXPECT_EQ(batch.size(), 2U);
}

}  // namespace
}  // namespace fm::ops
