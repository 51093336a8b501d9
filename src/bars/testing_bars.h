// Small lakes of bars, statistics and definitions for tests, and what they hold as text.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bars/bar_rows.h"
#include "base/testing_fault_env.h"
#include "lake/lake.h"

namespace fm::bars {

struct TestBar {
  Second time = 0;
  std::string symbol;
  double open = 0;
  double high = 0;
  double low = 0;
  double close = 0;
  std::int64_t volume = 1;
  friend bool operator==(const TestBar&, const TestBar&) = default;
};
// All four prices the same.
[[nodiscard]] TestBar flat_bar(Second time, std::string symbol, double price,
                               std::int64_t volume = 1);

// The second of a wall-clock moment in Chicago while daylight saving is in force: hour 17 of June
// 15 is 22:00 UTC.
[[nodiscard]] Second chicago_summer(Date date, int hour, int minute = 0);

struct TestStatistic {
  Second received = 0;
  std::string symbol;
  std::int32_t type = 0;  // 3 settlement, 6 cleared volume, 9 open interest
  Date of;
  std::optional<double> price = {};
  std::optional<std::int64_t> quantity = {};
  std::int32_t flags = 1;  // final
  std::int32_t action = 1;
};

struct TestDefinition {
  Second received = 0;
  std::string symbol;
  Second expiration = 0;
  std::string instrument_class = "F";
};

// Rows that replace whole partitions, whatever their layout. Bars may be of any table with the
// columns of bar_columns(); all must be of one root.
void store_bars(lake::Lake& lake, const table::Table& table, std::string_view root,
                std::vector<TestBar> bars);
void store_statistics(lake::Lake& lake, std::string_view root, std::vector<TestStatistic> rows);
void store_definitions(lake::Lake& lake, std::string_view root, std::vector<TestDefinition> rows);

// Every row of a table as text: the chosen columns with blanks between them, "-" for null; dates
// and seconds in ISO form.
[[nodiscard]] std::vector<std::string> lines_of(const lake::Lake& lake, const table::Table& table,
                                                std::initializer_list<std::string_view> columns,
                                                const std::string& root = "");
// The names of all data files, by partition: equal names are equal bytes.
[[nodiscard]] std::map<std::string, std::vector<std::string>> files_of_table(
    const lake::Lake& lake, const table::Table& table);

// An empty lake in a directory of its own.
class LakeTest : public ::testing::Test {
 protected:
  LakeTest() : lake_(open("lake")) {}
  std::unique_ptr<lake::Lake> open(const std::string& name) {
    auto lake = lake::Lake::open(Env::posix(), folder_.file(name));
    EXPECT_TRUE(lake) << lake.error().message();
    return lake ? *std::move(lake) : nullptr;
  }

  const TestDirectory folder_;
  std::unique_ptr<lake::Lake> lake_;
};

}  // namespace fm::bars
