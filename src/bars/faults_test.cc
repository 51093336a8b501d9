// Disks that fail in the middle of a roll-up, or of making continuous series.
#include <gtest/gtest.h>

#include <cerrno>
#include <functional>

#include "bars/continuous.h"
#include "bars/history.h"
#include "bars/testing_bars.h"
#include "table/catalogue.h"

namespace fm::bars {
namespace {

class BarFaults : public LakeTest {
 protected:
  static void store_minutes(lake::Lake& lake) {
    std::vector<TestBar> minutes;
    for (int day = 0; day < 4; ++day) {
      const Second time = chicago_summer(Date(2025, 6, 9) + day, 10);
      minutes.push_back(flat_bar(time, "ESM5", 100 + day, day < 2 ? 50 : 10));
      minutes.push_back(flat_bar(time, "ESU5", 110 + day, 30));
    }
    store_bars(lake, table::databento_futures_ohlcv_1m(), "ES", minutes);
  }
  static Status roll_up(lake::Lake& lake) {
    FM_ASSIGN(const auto history, History::look_at(lake, market::Calendar::builtin(),
                                                   market::Universe::builtin(), {}, "{}"));
    for (const YearPlan& year : history.years())
      if (year.is_due()) FM_TRY(history.roll_up(year));
    return {};
  }
  static Status make_series(lake::Lake& lake) {
    ContinuousRequest request;
    request.root = "ES";
    request.rules = {RollRule{.method = RollMethod::kVolume}};
    request.wants = [](const table::Table&) { return true; };
    FM_TRY(make_continuous(lake, market::Calendar::builtin(), {}, request));
    return {};
  }
  // How many there are where nothing fails.
  std::uint64_t calls_of(Call call) {
    FaultEnv env;
    const auto lake = lake::Lake::open(env, folder_.file("all-" + std::string(name(call))));
    EXPECT_TRUE(lake);
    store_minutes(**lake);
    const std::uint64_t before = env.count(call);
    EXPECT_TRUE(roll_up(**lake));
    EXPECT_TRUE(make_series(**lake));
    return env.count(call) - before;
  }
  static std::vector<const table::Table*> tables() {
    auto all = continuous_tables();
    all.push_back(&table::bars_1h());
    all.push_back(&table::databento_futures_ohlcv_1d());
    return all;
  }
};

TEST_F(BarFaults, WhateverFailsTheNextRunEndsAsOneThatNeverDid) {
  store_minutes(*lake_);
  ASSERT_TRUE(roll_up(*lake_));
  ASSERT_TRUE(make_series(*lake_));
  for (const Call call : {Call::kCreate, Call::kWrite, Call::kSync, Call::kRename, Call::kLink}) {
    int failures = 0;
    const std::uint64_t calls = calls_of(call);
    for (std::uint64_t n = 1; n <= calls; n += 3) {
      SCOPED_TRACE(std::string(name(call)) + " " + std::to_string(n));
      const std::string directory = folder_.file(std::string(name(call)) + std::to_string(n));
      FaultEnv env;
      auto lake = lake::Lake::open(env, directory);
      ASSERT_TRUE(lake);
      store_minutes(**lake);
      env.fail_call(call, n, ENOSPC);
      Status made = roll_up(**lake);
      if (made) made = make_series(**lake);
      // What a commit notes down for the sake of speed may fail.
      if (!made) {
        ++failures;
        EXPECT_EQ(made.error().code(), Code::kNoSpace) << made.error().message();
      }
      // Every partition is whole, or not there yet.
      for (const table::Table* table : tables()) {
        const auto partitions = (*lake)->partitions(*table);
        ASSERT_TRUE(partitions);
        for (const lake::Manifest& manifest : *partitions)
          EXPECT_EQ(lines_of(**lake, *table, {table->partition_column}).size(), manifest.rows);
      }
      ASSERT_TRUE(roll_up(**lake));
      ASSERT_TRUE(make_series(**lake));
      for (const table::Table* table : tables())
        EXPECT_EQ(files_of_table(**lake, *table), files_of_table(*lake_, *table)) << table->name;
    }
    EXPECT_GT(failures, 2) << name(call);
  }
}

}  // namespace
}  // namespace fm::bars
