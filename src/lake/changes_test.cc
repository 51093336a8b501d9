#include "lake/changes.h"

#include <gtest/gtest.h>

#include "base/testing_fault_env.h"
#include "lake/testing_rows.h"

namespace fm::lake {
namespace {

const Date kDay(2025, 6, 16);

std::string names(const Result<std::vector<Manifest>>& manifests) {
  EXPECT_TRUE(manifests) << manifests.error().message();
  std::string text;
  if (!manifests) return text;
  for (const Manifest& manifest : *manifests)
    text += (text.empty() ? "" : " ") + manifest.partition.substr(std::string("p_root=").size(), 2);
  return text;
}

class ChangesTest : public ::testing::Test {
 protected:
  // Beyond the time in which a file may be written again without another stamp.
  void settle() { env_.set_now(Env::posix().now() + 10 * kNanosPerSecond); }

  TestDirectory directory_;
  FaultEnv env_;
  std::unique_ptr<Lake> lake_ = Lake::open(env_, directory_.file("lake")).value();
  Changes changes_{*lake_};
};

TEST_F(ChangesTest, AreEverythingFirstAndThenWhatWasWritten) {
  EXPECT_EQ(names(changes_.of(table::candles_1m())), "");
  for (const char* const root : {"ES", "NQ"}) ASSERT_TRUE(write_version(*lake_, root, kDay, 1));
  settle();
  EXPECT_EQ(names(changes_.of(table::candles_1m())), "ES NQ");
  EXPECT_EQ(names(changes_.of(table::candles_1m())), "");
  ASSERT_TRUE(write_version(*lake_, "NQ", kDay, 2));
  ASSERT_TRUE(write_version(*lake_, "ZL", kDay, 1));
  settle();
  EXPECT_EQ(names(changes_.of(table::candles_1m())), "NQ ZL");
  EXPECT_EQ(names(changes_.of(table::candles_1s())), "");
  changes_.forget(table::candles_1m());
  EXPECT_EQ(names(changes_.of(table::candles_1m())), "ES NQ ZL");
}

TEST_F(ChangesTest, WhatWasWrittenJustNowComesAgain) {
  ASSERT_TRUE(write_version(*lake_, "ES", kDay, 1));
  EXPECT_EQ(names(changes_.of(table::candles_1m())), "ES");
  EXPECT_EQ(names(changes_.of(table::candles_1m())), "ES");
  settle();
  EXPECT_EQ(names(changes_.of(table::candles_1m())), "ES");
  EXPECT_EQ(names(changes_.of(table::candles_1m())), "");
}

TEST_F(ChangesTest, ADamagedManifestIsAnErrorUntilItIsMended) {
  ASSERT_TRUE(write_version(*lake_, "ES", kDay, 1));
  const std::string file =
      lake_->manifests_of(table::candles_1m()) + "/p_root=ES/p_day=2025-06-16.json";
  const std::string good = read_text(env_, file).value();
  ASSERT_TRUE(write_text_atomically(env_, file, "{"));
  EXPECT_EQ(changes_.of(table::candles_1m()).error().code(), Code::kCorrupt);
  ASSERT_TRUE(write_text_atomically(env_, file, good));
  EXPECT_EQ(names(changes_.of(table::candles_1m())), "ES");
}

}  // namespace
}  // namespace fm::lake
