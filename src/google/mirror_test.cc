#include "google/mirror.h"

#include <gtest/gtest.h>

#include "google/testing_cloud.h"
#include "lake/expired.h"
#include "lake/testing_rows.h"

namespace fm::google {
namespace {

using ops::MirrorStage;

const Date kDay(2025, 6, 16);

class MirrorTest : public ::testing::Test {
 protected:
  void SetUp() override { restart(); }

  void restart() {
    process_ = {};
    auto started = cloud_.start(cloud_.options());
    ASSERT_TRUE(started) << started.error().message();
    process_ = *std::move(started);
  }

  CycleReport cycle() {
    auto report = process_.mirror->cycle();
    EXPECT_TRUE(report) << report.error().message();
    if (!report) return {};
    for (const auto& [table, error] : report->problems) ADD_FAILURE() << table << error.message();
    return *std::move(report);
  }

  void expect_equal() {
    for (const table::Table* const table : cloud_.options().tables)
      EXPECT_EQ(cloud_.copied(*table), cloud_.stored(*table)) << table->name;
  }

  lake::Lake& lake() { return *process_.lake; }
  std::size_t parts(MirrorStage stage) {
    return process_.state
        ->mirror_parts({.destination = cloud_.options().destination.name(), .stage = stage})
        ->size();
  }

  TestCloud cloud_;
  TestCloud::Process process_;
};

TEST_F(MirrorTest, BringsWhatIsThereAndThenNothing) {
  for (const char* const root : {"ES", "NQ", "ZL"})
    ASSERT_TRUE(lake::write_version(lake(), root, kDay, 3));
  const CycleReport first = cycle();
  EXPECT_EQ(first.parts_uploaded, 3u);
  EXPECT_EQ(first.batches, 1u);
  EXPECT_EQ(first.rows_loaded, 3 * lake::rows_of_version(3));
  EXPECT_EQ(first.parts_waiting, 0u);
  EXPECT_EQ(parts(MirrorStage::kVerified), 3u);
  expect_equal();
  const auto objects = cloud_.objects();
  ASSERT_EQ(objects.size(), 3u);
  EXPECT_TRUE(objects[0].starts_with("lake/candles_1m/root=ES/date=2025-06-16/part-"));

  const CycleReport second = cycle();
  EXPECT_EQ(second.parts_found + second.parts_uploaded + second.batches, 0u);
  EXPECT_EQ(second.requests, 0u);
}

TEST_F(MirrorTest, AppendsMinutesAndLoadsMergedOnesNotAgain) {
  for (int minute = 0; minute < 3; ++minute) {
    ASSERT_TRUE(lake::append_minute(lake(), "ES", kDay, minute));
    EXPECT_EQ(cycle().rows_loaded, lake::kRowsOfMinute);
  }
  expect_equal();
  ASSERT_TRUE(lake().compact(table::candles_1m(), {.root = "ES", .date = kDay},
                             lake::Compact::kEverything));
  const CycleReport merged = cycle();
  EXPECT_EQ(merged.parts_adopted, 1u);
  EXPECT_EQ(merged.rows_loaded, 0u);
  EXPECT_EQ(parts(MirrorStage::kVerified), 1u);
  EXPECT_EQ(parts(MirrorStage::kSuperseded), 3u);
  expect_equal();
}

TEST_F(MirrorTest, ReplacesTheDayOfARewrittenPartition) {
  for (const char* const root : {"ES", "NQ"})
    ASSERT_TRUE(lake::write_version(lake(), root, kDay, 3));
  cycle();
  ASSERT_TRUE(lake::write_version(lake(), "ES", kDay, 5));
  const CycleReport report = cycle();
  EXPECT_EQ(report.corrections, 1u);
  EXPECT_EQ(report.bytes_billed, 0u);  // loads cost nothing
  expect_equal();
  // And back again: the same parts, another batch.
  ASSERT_TRUE(lake::write_version(lake(), "ES", kDay, 3));
  EXPECT_EQ(cycle().corrections, 1u);
  expect_equal();
}

TEST_F(MirrorTest, MergesARewrittenYear) {
  const auto write = [&](std::string_view root, std::int64_t cvd) {
    const auto row = lake::session_row(root, kDay, cvd, 1);
    table::BatchStream rows(row);
    ASSERT_TRUE(lake().replace_dates(table::candle_sessions(), root, rows, {}));
  };
  write("ES", 7);
  write("NQ", 8);
  cycle();
  expect_equal();
  write("ES", 9);
  const CycleReport report = cycle();
  EXPECT_EQ(report.corrections, 1u);
  EXPECT_GT(report.bytes_billed, 0u);
  expect_equal();
  EXPECT_EQ(cloud_.cloud->tables().size(), 2u);  // no staging table is left
}

TEST_F(MirrorTest, RemovesWhatWasEmptied) {
  ASSERT_TRUE(lake::write_version(lake(), "ES", kDay, 3));
  cycle();
  table::EmptyStream none(table::candles_1m());
  ASSERT_TRUE(lake().replace(table::candles_1m(), {.root = "ES", .date = kDay}, none, {}));
  cycle();
  EXPECT_TRUE(cloud_.copied(table::candles_1m()).empty());
}

TEST_F(MirrorTest, CollectsObjectsThatNothingNeeds) {
  ASSERT_TRUE(lake::write_version(lake(), "ES", kDay, 3));
  cycle();
  ASSERT_TRUE(lake::write_version(lake(), "ES", kDay, 5));
  cycle();
  EXPECT_EQ(cloud_.objects().size(), 2u);
  const auto garbage = process_.mirror->collect_garbage();
  ASSERT_TRUE(garbage) << garbage.error().message();
  EXPECT_EQ(garbage->objects_removed, 1u);
  EXPECT_EQ(cloud_.objects().size(), 1u);
  EXPECT_EQ(cycle().batches, 0u);
}

TEST_F(MirrorTest, SupersededObjectsGoAfterADay) {
  ASSERT_TRUE(lake::write_version(lake(), "ES", kDay, 3));
  cycle();
  ASSERT_TRUE(lake::write_version(lake(), "ES", kDay, 5));
  EXPECT_EQ(cycle().objects_removed, 0u);
  cloud_.env.sleep_for(kObjectGrace + kNanosPerSecond);
  EXPECT_EQ(cycle().objects_removed, 1u);
  EXPECT_EQ(cloud_.objects().size(), 1u);
  EXPECT_EQ(parts(MirrorStage::kSuperseded), 0u);
  expect_equal();
}

TEST_F(MirrorTest, KeepsWhatTheLakeLetsGoForItsAge) {
  ASSERT_TRUE(lake::write_version(lake(), "ES", kDay, 3));
  cycle();
  table::EmptyStream none(table::candles_1m());
  lake::CommitInfo info;
  info.parameters = lake::kExpiredParameters;
  ASSERT_TRUE(lake().replace(table::candles_1m(), {.root = "ES", .date = kDay}, none, info));
  EXPECT_EQ(cycle().corrections, 0u);
  EXPECT_EQ(cloud_.copied(table::candles_1m()).size(), lake::rows_of_version(3));
  // Another root's correction of the same day leaves them alone.
  ASSERT_TRUE(lake::write_version(lake(), "NQ", kDay, 1));
  cycle();
  ASSERT_TRUE(lake::write_version(lake(), "NQ", kDay, 2));
  EXPECT_EQ(cycle().corrections, 1u);
  EXPECT_EQ(cloud_.copied(table::candles_1m()).size(),
            lake::rows_of_version(3) + lake::rows_of_version(2));
}

TEST_F(MirrorTest, AStrangersObjectKeepsItsFileAloneBack) {
  for (const char* const root : {"ES", "NQ", "ZL"})
    ASSERT_TRUE(lake::write_version(lake(), root, kDay, 3));
  const lake::PartitionKey key{.root = "ES", .date = kDay};
  const auto manifest = lake().find(table::candles_1m(), key).value();
  const std::string file = cloud_.directory.file("other");
  ASSERT_TRUE(write_text_atomically(cloud_.env, file, "other bytes"));
  ASSERT_TRUE(process_.mirror->storage().upload(
      file, cloud_.options().destination.object_of(table::candles_1m(), key,
                                                   manifest->files.front().name)));
  const auto report = process_.mirror->cycle();
  ASSERT_TRUE(report) << report.error().message();
  ASSERT_EQ(report->problems.size(), 1u);
  EXPECT_EQ(report->problems[0].error.code(), Code::kConflict);
  EXPECT_EQ(report->rows_loaded, 2 * lake::rows_of_version(3));
  EXPECT_EQ(report->parts_waiting, 1u);
}

TEST_F(MirrorTest, SaysWhatItWouldDo) {
  ASSERT_TRUE(lake::write_version(lake(), "ES", kDay, 3));
  const auto plan = process_.mirror->plan();
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->files, 1u);
  EXPECT_EQ(plan->partitions_appended, 1u);
  EXPECT_EQ(parts(MirrorStage::kPlanned), 0u);
  cycle();
  ASSERT_TRUE(lake::write_version(lake(), "ES", kDay, 5));
  const auto second = process_.mirror->plan();
  ASSERT_TRUE(second);
  EXPECT_EQ(second->partitions_corrected, 1u);
  EXPECT_EQ(cycle().corrections, 1u);
  EXPECT_EQ(process_.mirror->plan()->files, 0u);
  expect_equal();
}

TEST_F(MirrorTest, GoesOnInAnotherProcess) {
  ASSERT_TRUE(lake::write_version(lake(), "ES", kDay, 3));
  cycle();
  restart();
  EXPECT_EQ(cycle().batches, 0u);
  ASSERT_TRUE(lake::write_version(lake(), "NQ", kDay, 4));
  cycle();
  expect_equal();
}

TEST_F(MirrorTest, ARowOfSomebodyElseIsReplaced) {
  ASSERT_TRUE(lake::write_version(lake(), "ES", kDay, 3));
  cycle();
  ASSERT_TRUE(process_.state->forget_mirror(cloud_.options().destination.name()));
  restart();
  EXPECT_EQ(cycle().corrections, 1u);
  expect_equal();
}

TEST_F(MirrorTest, APrefixBelongsToOneLake) {
  ASSERT_TRUE(lake::write_version(lake(), "ES", kDay, 3));
  cycle();
  process_ = {};
  cloud_.lake_folder = "other";
  cloud_.state_folder = "other-state";
  const auto second = cloud_.start(cloud_.options());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code(), Code::kConflict);
  EXPECT_TRUE(second.error().message().contains("lake/_frontmonth_lake.json"))
      << second.error().message();
  auto elsewhere = cloud_.options();
  elsewhere.destination.prefix = "other";
  EXPECT_TRUE(cloud_.start(elsewhere));
  // The first goes on, and its own rubbish is all that it removes.
  cloud_.lake_folder = "lake";
  cloud_.state_folder = "state";
  restart();
  EXPECT_EQ(process_.mirror->collect_garbage()->objects_removed, 0u);
  EXPECT_EQ(cycle().batches, 0u);
  restart();
}

TEST_F(MirrorTest, AnOwnerThatSaysNothingIsAnError) {
  process_ = {};
  const std::string owner = cloud_.options().destination.owner_object();
  Tokens tokens(cloud_.env, cloud_.credentials(), cloud_.transports()().value(),
                {.endpoints = cloud_.endpoints()});
  Api api(cloud_.env, tokens, cloud_.transports()().value());
  const Endpoints endpoints = cloud_.endpoints();
  Storage storage(api, endpoints, std::string(kBucket));
  for (const char* const text :
       {"", "no", R"({"format":2,"lake":"a","batches":1})", R"({"format":1,"lake":"a"})",
        R"({"format":1,"lake":"a","batches":-1})"}) {
    const auto present = storage.read(owner).value();
    ASSERT_TRUE(storage.write(owner, text, present->generation).value());
    const auto started = cloud_.start(cloud_.options());
    ASSERT_FALSE(started) << text;
    EXPECT_EQ(started.error().code(), Code::kCorrupt) << text;
  }
}

// Rows that an older state knows nothing of are brought again, not added again.
TEST_F(MirrorTest, AStateThatWasRestoredIsNoticedOnce) {
  ASSERT_TRUE(lake::append_minute(lake(), "ES", kDay, 0));
  cycle();
  process_ = {};
  cloud_.copy_folder("state", "kept");
  restart();
  for (const std::int64_t minute : {1, 2}) {
    ASSERT_TRUE(lake::append_minute(lake(), "ES", kDay, minute));
    cycle();
  }
  ASSERT_TRUE(lake::append_minute(lake(), "NQ", kDay + 1, 0));
  cycle();
  process_ = {};
  cloud_.copy_folder("kept", "state");
  restart();
  const auto after = cycle();
  EXPECT_EQ(after.corrections, 2u);  // a day of each root
  EXPECT_EQ(after.batches, 2u);
  expect_equal();
  restart();
  EXPECT_EQ(cycle().batches, 0u);
  ASSERT_TRUE(lake::append_minute(lake(), "ES", kDay, 3));
  EXPECT_EQ(cycle().corrections, 0u);
  expect_equal();
}

// Two copies of one lake have one id; whoever is late learns of it.
TEST_F(MirrorTest, ASecondCopyOfTheLakeIsNoticed) {
  ASSERT_TRUE(lake::append_minute(lake(), "ES", kDay, 0));
  cycle();
  process_ = {};
  cloud_.copy_folder("lake", "copy");
  cloud_.copy_folder("state", "copy-state");
  restart();
  TestCloud::Process first = std::move(process_);
  cloud_.lake_folder = "copy";
  cloud_.state_folder = "copy-state";
  restart();
  ASSERT_TRUE(lake::append_minute(lake(), "ES", kDay, 1));
  cycle();
  ASSERT_TRUE(lake::append_minute(*first.lake, "ES", kDay, 1));
  const auto late = first.mirror->cycle();
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code(), Code::kConflict);
  EXPECT_TRUE(late.error().message().contains("another mirror")) << late.error().message();
}

}  // namespace
}  // namespace fm::google
