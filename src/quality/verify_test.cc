#include <gtest/gtest.h>

#include "quality/verify_rows.h"
#include "quality/verify_sums.h"
#include "table/catalogue.h"

namespace fm::quality {
namespace {

using table::Engine;

TEST(VerifySums, EveryEngineSaysTheSameInItsOwnWords) {
  const SumsRange range{.root = "E'S",
                        .from = Date(2025, 1, 1),
                        .before = Date(2026, 1, 1),
                        .final_to = 1'750'000'000};
  const std::string duckdb = sums_statement(table::candles_1m(), Engine::kDuckdb, range);
  const std::string postgres = sums_statement(table::candles_1m(), Engine::kPostgres, range);
  const std::string bigquery = sums_statement(table::candles_1m(), Engine::kBigquery, range);
  EXPECT_NE(duckdb.find("\"time\" < TIMESTAMPTZ '2025-06-15T15:06:40Z'"), std::string::npos)
      << duckdb;
  EXPECT_NE(postgres.find("\"ticker\" = 'E''S'"), std::string::npos) << postgres;
  EXPECT_NE(postgres.find("\"open\" * '1e9'::float8"), std::string::npos) << postgres;
  EXPECT_NE(bigquery.find("`ticker` = 'E\\'S'"), std::string::npos) << bigquery;
  EXPECT_NE(bigquery.find("MOD("), std::string::npos);
  EXPECT_EQ(bigquery.find(" % "), std::string::npos);
  EXPECT_NE(sums_statement(table::candle_sessions(), Engine::kDuckdb, range)
                .find("CAST(date_trunc('year', \"trade_date\") AS DATE)"),
            std::string::npos);
  EXPECT_EQ(sums_statement(table::candle_sessions(), Engine::kDuckdb, range).find("created_at"),
            std::string::npos)
      << "bookkeeping is nobody's business";
}

TEST(VerifySums, AreMadeOfEveryTable) {
  const SumsRange range{
      .root = "ES", .from = Date(2025, 1, 1), .before = Date(2026, 1, 1), .final_to = {}};
  for (const table::Table& table : table::all_tables())
    for (const Engine engine : {Engine::kDuckdb, Engine::kPostgres, Engine::kBigquery}) {
      const std::string statement = sums_statement(table, engine, range);
      for (const table::Column& column : table.columns)
        EXPECT_EQ(statement.find(std::string(column.name)) == std::string::npos, column.bookkeeping)
            << table.name << " " << column.name;
    }
}

std::vector<std::string> cells(const std::string& date, const std::string& rows,
                               const std::string& sum) {
  std::vector<std::string> row{date, rows};
  for (std::size_t i = 0; i < table::candles_1s().columns.size(); ++i) {
    row.emplace_back("0");
    row.push_back(i == 8 ? sum : "1");
  }
  return row;
}

TEST(VerifySums, DifferencesNamePartitionAndColumns) {
  const auto& table = table::candles_1s();
  const auto left = parse_sums(table, {cells("2025-06-10", "5", "7"), cells("2025-06-11", "5", "7"),
                                       cells("2025-06-12", "5", "7")});
  const auto right =
      parse_sums(table, {cells("2025-06-09", "1", "7"), cells("2025-06-10", "5", "7"),
                         cells("2025-06-11", "5", "8")});
  ASSERT_TRUE(left && right);
  EXPECT_TRUE(compare(table, *left, *left).empty());
  const auto found = compare(table, *left, *right);
  ASSERT_EQ(found.size(), 3U);
  EXPECT_EQ(found[0].partition, Date(2025, 6, 9));
  EXPECT_EQ(found[0].left_rows, "0");
  EXPECT_EQ(found[1].partition, Date(2025, 6, 11));
  EXPECT_EQ(found[1].columns, (std::vector<std::string_view>{table.columns[8].name}));
  EXPECT_EQ(found[2].right_rows, "0");
  EXPECT_FALSE(parse_sums(table, {{"2025-06-10", "5"}}));
}

// Seconds 0, 1, 2, … of a contract with these volumes; a negative one leaves the row out.
table::RowBatch seconds(const std::vector<std::int64_t>& volumes) {
  const table::Table& table = table::candle_session_contracts();
  table::RowBatch rows(table);
  for (std::size_t i = 0; i < volumes.size(); ++i)
    if (volumes[i] >= 0)
      table::RowAppender(rows)
          .text("ES")
          .date(Date(2025, 6, 1) + static_cast<int>(i))
          .text("ESM5")
          .int64(volumes[i])
          .int64(1)
          .timestamp(static_cast<std::int64_t>(i))
          .end();
  return rows;
}

TEST(VerifyRows, SaysWhatIsWhere) {
  const table::RowBatch left = seconds({1, 2, 3, -1, 5});
  const table::RowBatch right = seconds({1, 9, -1, 4, 5});
  table::BatchStream one(left), other(right);
  const auto found = compare_rows(one, "the lake", other, "postgres", 2);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->count, 3U);
  ASSERT_EQ(found->examples.size(), 2U);
  EXPECT_EQ(found->examples[0].key, "ES 2025-06-02 ESM5");
  EXPECT_EQ(found->examples[0].what, "volume: 2 in the lake, 9 in postgres");
  EXPECT_EQ(found->examples[1].what, "only in the lake");
}

TEST(VerifyRows, OnlyWhatIsFinalIsCompared) {
  const table::Table& table = table::candle_session_contracts();
  const std::size_t created = table.column_index("created_at");
  const table::RowBatch rows = seconds({1, 2, 3, 4});
  table::RowBatch moved(table);
  moved.append(rows, 0, rows.size());
  for (std::size_t i = 0; i < 4; ++i) moved.int64s(created)[i] = (i == 1 ? 9 : 3) * 1'000'000;
  RowsBefore some(std::make_unique<table::BatchStream>(moved), created, 9);
  table::RowBatch read(table, 64);
  const auto more = some.next(read);
  ASSERT_TRUE(more && *more);
  EXPECT_EQ(read.size(), 3U);
  EXPECT_EQ(read.int64s(3)[1], 3);
  EXPECT_FALSE(*some.next(read));
}

}  // namespace
}  // namespace fm::quality
