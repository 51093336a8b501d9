// Rows that are handed over instead of asked for.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "base/testing_fault_env.h"
#include "lake/lake.h"
#include "lake/testing_rows.h"

namespace fm::lake {
namespace {

using table::RowBatch;

const Date kDay(2025, 6, 16);

class LakeScan : public testing::Test {
 protected:
  void SetUp() override {
    auto lake = Lake::open(env_, dir_.file("lake"));
    ASSERT_TRUE(lake) << lake.error().message();
    lake_ = *std::move(lake);
  }

  TestDirectory dir_;
  Env& env_ = Env::posix();
  std::unique_ptr<Lake> lake_;
};

// Each row as a line.
void tell(const RowBatch& rows, std::vector<std::string>& lines) {
  const table::Table& table = rows.table();
  const std::size_t ratio = table.column_index("vd_ratio");
  for (std::size_t row = 0; row < rows.size(); ++row)
    lines.push_back(fmt::format(
        "{} {} {} {} {} {}", rows.text(table.column_index("ticker"), row),
        rows.text(table.column_index("symbol"), row),
        rows.int32s(table.column_index("trade_date"))[row],
        rows.int64s(table.column_index("time"))[row],
        rows.int64s(table.column_index("volume"))[row],
        rows.is_null(ratio, row) ? "null" : fmt::format("{}", rows.doubles(ratio)[row])));
}

TEST_F(LakeScan, ScansWhatItReads) {
  for (int day = 0; day < 3; ++day) {
    ASSERT_TRUE(write_version(*lake_, "ES", kDay + day, day));
    ASSERT_TRUE(write_version(*lake_, "NQ", kDay + day, 9));
  }
  for (int minute = 0; minute < 3; ++minute) ASSERT_TRUE(append_minute(*lake_, "ZL", kDay, minute));
  const ReadRange ranges[] = {
      {},
      {.root = "ES"},
      {.root = "ZL"},
      {.root = "ES", .from = kDay + 1},
      {.root = "NQ", .from = kDay, .before = kDay + 2},
      {.from = kDay + 1, .before = kDay + 2},
      {.root = "XX"},
      {.root = "ES", .from = kDay + 9},
      {.columns = {"vd_ratio", "time", "ticker", "symbol", "volume", "trade_date"}}};
  for (const ReadRange& range : ranges) {
    std::vector<std::string> read, scanned;
    auto cursor = lake_->read(table::candles_1m(), range);
    ASSERT_TRUE(cursor) << cursor.error().message();
    RowBatch batch(table::candles_1m());
    while (*(*cursor)->next(batch)) tell(batch, read);
    const Status done = lake_->scan(table::candles_1m(), range, [&](const RowBatch& rows) {
      tell(rows, scanned);
      return Status();
    });
    ASSERT_TRUE(done) << done.error().message();
    std::ranges::sort(read);
    std::ranges::sort(scanned);
    EXPECT_EQ(read, scanned) << range.root;
    EXPECT_EQ(read.empty(), range.root == "XX" || range.from == kDay + 9);
  }
}

TEST_F(LakeScan, AScanEndsWithItsReceiversError) {
  ASSERT_TRUE(write_version(*lake_, "ES", kDay, 5));
  const Status refused = lake_->scan(table::candles_1m(), {}, [](const RowBatch&) {
    return Status(fail(Code::kRefused, "that is enough"));
  });
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::kRefused);
  EXPECT_EQ(refused.error().message(), "that is enough");
  // And the next one begins as if nothing had been.
  std::size_t rows = 0;
  ASSERT_TRUE(lake_->scan(table::candles_1m(), {}, [&](const RowBatch& batch) {
    rows += batch.size();
    return Status();
  }));
  EXPECT_EQ(rows, rows_of_version(5));
}

TEST_F(LakeScan, AScanOfADamagedFileIsAnError) {
  const auto written = write_version(*lake_, "ES", kDay, 5);
  ASSERT_TRUE(written);
  const auto manifest = lake_->find(table::candles_1m(), {"ES", kDay});
  ASSERT_TRUE(manifest && *manifest);
  const auto file =
      env_.create(lake_->store_path((*manifest)->files.at(0)), Create::kTruncate).value();
  ASSERT_TRUE(file->write(std::string("no Parquet")));
  ASSERT_TRUE(file->close());
  const Status damaged =
      lake_->scan(table::candles_1m(), {}, [](const RowBatch&) { return Status(); });
  ASSERT_FALSE(damaged);
  EXPECT_EQ(damaged.error().code(), Code::kQuery);
}

}  // namespace
}  // namespace fm::lake
