#include "lake/changes.h"

#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <thread>

#include "base/testing_fault_env.h"
#include "base/testing_forwarding_env.h"
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

// Its clocks can be set forward.
class ShiftedEnv final : public ForwardingEnv {
 public:
  Nanos now() override { return Env::posix().now() + shift_; }
  Nanos monotonic() override { return Env::posix().monotonic() + shift_; }
  void shift(Nanos by) { shift_ += by; }

 private:
  Nanos shift_ = 0;
};

class ChangesTest : public ::testing::Test {
 protected:
  // Beyond the time in which a file may be written again without another stamp, and in which a line
  // of the log may be ahead of its manifest.
  void settle() { env_.shift(20 * kNanosPerSecond); }
  [[nodiscard]] std::string seen() { return names(changes_.of(table::candles_1m())); }
  // As a program does that knows of no log: with the content of the partition's next version.
  void replace_without_a_line(const char* root) {
    const std::string log = directory_.file("lake/.store/changes");
    ASSERT_TRUE(env_.rename(log, log + ".aside"));
    static std::int64_t rows = 10;
    ASSERT_TRUE(write_version(*lake_, root, kDay, ++rows));
    ASSERT_TRUE(remove_tree(env_, log));
    ASSERT_TRUE(env_.rename(log + ".aside", log));
  }

  TestDirectory directory_;
  ShiftedEnv env_;
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
  ASSERT_TRUE(write_version(*lake_, "NQ", kDay, 1));
  EXPECT_EQ(seen(), "NQ");
  ASSERT_TRUE(write_version(*lake_, "ES", kDay, 1));
  EXPECT_EQ(seen(), "ES");
  EXPECT_EQ(seen(), "ES");
  settle();
  EXPECT_EQ(seen(), "ES");
  EXPECT_EQ(seen(), "");
}

// The log is about the others' time: what it does not say is not looked at, until the hour is over.
TEST_F(ChangesTest, WhatHasNoLineComesWithinTheHour) {
  ASSERT_TRUE(write_version(*lake_, "ES", kDay, 1));
  settle();
  EXPECT_EQ(seen(), "ES");
  replace_without_a_line("ES");
  settle();
  EXPECT_EQ(seen(), "");
  env_.shift(3'600 * kNanosPerSecond);
  EXPECT_EQ(seen(), "ES");
  EXPECT_EQ(seen(), "");
}

TEST_F(ChangesTest, ALineAheadOfItsManifestIsLookedAtAgain) {
  ASSERT_TRUE(write_version(*lake_, "ES", kDay, 1));
  settle();
  EXPECT_EQ(seen(), "ES");
  const ChangesLog log(env_, directory_.file("lake"));
  ASSERT_TRUE(log.add("market_data.candles_1m", "p_root=ES/p_day=2025-06-16"));
  EXPECT_EQ(seen(), "");
  replace_without_a_line("ES");
  settle();
  EXPECT_EQ(seen(), "ES");
  replace_without_a_line("ES");  // the line is old now
  settle();
  EXPECT_EQ(seen(), "");
}

TEST_F(ChangesTest, WithoutALogEveryFolderIsLookedAt) {
  const auto write_without_a_log = [&](std::int64_t rows) {
    ASSERT_TRUE(write_version(*lake_, "ES", kDay, rows));
    ASSERT_TRUE(remove_tree(env_, directory_.file("lake/.store/changes")));
    settle();
  };
  for (const std::int64_t rows : {1, 2, 3}) {
    write_without_a_log(rows);
    EXPECT_EQ(seen(), "ES");
    EXPECT_EQ(seen(), "");
  }
}

TEST_F(ChangesTest, AfterALogWasBegunAnewEveryFolderIsLookedAt) {
  ASSERT_TRUE(write_version(*lake_, "ES", kDay, 1));
  settle();
  EXPECT_EQ(seen(), "ES");
  const ChangesLog log(env_, directory_.file("lake"));
  const std::string path = directory_.file("lake/.store/changes/market_data.candles_1m");
  ASSERT_TRUE(log.add("market_data.candles_1m", std::string(1 << 20, 'x')));
  const std::uint64_t before = env_.info(path)->size_bytes;
  ASSERT_TRUE(log.shorten());
  EXPECT_LT(env_.info(path)->size_bytes, before);
  replace_without_a_line("ES");  // its line went to the old file
  EXPECT_EQ(seen(), "ES");
  EXPECT_EQ(seen(), "");
}

// A reader that looks while others write ends up with what they wrote last.
TEST_F(ChangesTest, NothingIsLostBesideAWriter) {
  constexpr int kVersions = 40;
  std::map<std::string, std::string> last;
  const auto look = [&] {
    const auto manifests = changes_.of(table::candles_1m());
    ASSERT_TRUE(manifests) << manifests.error().message();
    for (const Manifest& manifest : *manifests) last[manifest.partition] = manifest.hash;
  };
  std::atomic<bool> is_over = false;
  std::jthread writer([&] {
    for (int version = 0; version < kVersions; ++version)
      EXPECT_TRUE(write_version(*lake_, version % 3 == 0 ? "ES" : "NQ", kDay, version % 5 + 1));
    is_over = true;
  });
  while (!is_over) look();
  writer.join();
  look();
  const auto stored = lake_->partitions(table::candles_1m());
  ASSERT_TRUE(stored);
  ASSERT_EQ(stored->size(), 2U);
  for (const Manifest& manifest : *stored) EXPECT_EQ(last[manifest.partition], manifest.hash);
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
