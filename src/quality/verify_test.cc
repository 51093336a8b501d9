#include <gtest/gtest.h>

#include <limits>
#include <optional>

#include "quality/verify_row_sums.h"
#include "quality/verify_rows.h"
#include "quality/verify_sums.h"
#include "table/catalogue.h"
#include "table/ddl.h"

namespace fm::quality {
namespace {

using table::Engine;

TEST(VerifySums, EveryEngineSaysTheSameInItsOwnWords) {
  SumsScope scope{.from = Date(2025, 1, 1), .before = Date(2026, 1, 1), .root = "E'S"};
  scope.root_final_to = {{"E'S", 1'750'000'000}};
  const std::string postgres = sums_statement(table::candles_1m(), Engine::kPostgres, scope);
  const std::string bigquery = sums_statement(table::candles_1m(), Engine::kBigquery, scope);
  EXPECT_NE(postgres.find("\"ticker\" = 'E''S' AND \"time\" < TIMESTAMPTZ '2025-06-15T15:06:40Z'"),
            std::string::npos)
      << postgres;
  EXPECT_NE(postgres.find("\"open\" / '1e-9'::float8"), std::string::npos) << postgres;
  EXPECT_NE(bigquery.find("`ticker` = 'E\\'S' AND `time` < TIMESTAMP '2025-06-15T15:06:40Z'"),
            std::string::npos)
      << bigquery;
  EXPECT_NE(bigquery.find("MOD("), std::string::npos);
  EXPECT_EQ(bigquery.find(" % "), std::string::npos);
  // A year is one partition here, two years are two.
  const table::Table& sessions = table::candle_sessions();
  const std::string year = sums_statement(sessions, Engine::kPostgres, scope);
  EXPECT_NE(year.find("DATE '2025-01-01' AS d"), std::string::npos) << year;
  EXPECT_EQ(year.find("created_at"), std::string::npos) << "bookkeeping is nobody's business";
  scope.before = Date(2026, 1, 2);
  const std::string years = sums_statement(sessions, Engine::kPostgres, scope);
  EXPECT_NE(years.find("CAST(date_trunc('year', \"trade_date\") AS DATE) AS p"), std::string::npos)
      << years;
}

TEST(VerifySums, EachRootIsBoundByItsOwnTime) {
  SumsScope scope{.from = Date(2025, 1, 1), .before = Date(2026, 1, 1)};
  const auto where = [&] {
    const std::string sql = sums_statement(table::candles_1m(), Engine::kPostgres, scope);
    const std::size_t begin = sql.find("DATE '2026-01-01'") + 17;
    return sql.substr(begin, sql.find(" OFFSET") - begin);
  };
  EXPECT_EQ(where(), "");
  scope.final_to = 60;
  EXPECT_EQ(where(), " AND \"time\" < TIMESTAMPTZ '1970-01-01T00:01:00Z'");
  scope.root_final_to = {{"ES", 120}};
  EXPECT_EQ(where(),
            " AND ((\"ticker\" NOT IN ('ES') AND \"time\" < TIMESTAMPTZ '1970-01-01T00:01:00Z') OR "
            "(\"ticker\" = 'ES' AND \"time\" < TIMESTAMPTZ '1970-01-01T00:02:00Z'))");
  scope.root = "NQ";
  EXPECT_EQ(where(), " AND \"ticker\" = 'NQ' AND \"time\" < TIMESTAMPTZ '1970-01-01T00:01:00Z'");
}

TEST(VerifySums, AreMadeOfEveryTable) {
  const SumsScope scope{.from = Date(2025, 1, 1), .before = Date(2026, 1, 1)};
  for (const table::Table& table : table::all_tables())
    for (const Engine engine : {Engine::kPostgres, Engine::kBigquery}) {
      const std::string statement = sums_statement(table, engine, scope);
      for (const table::Column& column : table.columns)
        EXPECT_EQ(statement.find(table::quote_name(column.name, engine)) == std::string::npos,
                  column.bookkeeping)
            << table.name << " " << column.name;
    }
}

std::vector<std::string> cells(const std::string& date, const std::string& rows,
                               const std::string& sum) {
  std::vector<std::string> row{"ES", date, rows};
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
  EXPECT_TRUE(compare(table, left->at("ES"), left->at("ES")).empty());
  const auto found = compare(table, left->at("ES"), right->at("ES"));
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

// However the rows are cut into batches, and in whatever order they come.
TEST(VerifySums, RowsSumUpInAnyOrder) {
  const table::RowBatch rows = seconds({1, 2, 3, 4, 5, 6});
  RowSums at_once(rows.table());
  at_once.add(rows);
  const Sums expected = at_once.result();
  ASSERT_EQ(expected.size(), 1U);
  EXPECT_EQ(expected.begin()->second.rows, "6");
  RowSums one_by_one(rows.table());
  for (const std::size_t row : {4U, 0U, 5U, 2U, 1U, 3U}) {
    table::RowBatch one(rows.table(), 1);
    one.append(rows, row, 1);
    one_by_one.add(one);
  }
  EXPECT_EQ(one_by_one.result(), expected);
}

// Every change that leaves plain sums as they are.
TEST(VerifySums, RowsThatChangePlacesAreFound) {
  const auto sums_of = [](const table::RowBatch& rows) {
    RowSums sums(rows.table());
    sums.add(rows);
    return sums.result();
  };
  const table::RowBatch rows = seconds({1, 2, 3});
  EXPECT_EQ(sums_of(rows), sums_of(seconds({1, 2, 3})));
  EXPECT_NE(sums_of(rows), sums_of(seconds({2, 1, 3}))) << "two values change places";
  EXPECT_NE(sums_of(rows), sums_of(seconds({0, 3, 3}))) << "one grows as the other shrinks";
  EXPECT_NE(sums_of(rows), sums_of(seconds({1, 2, -1, 3}))) << "a row has another key";
}

// Whose delivery is a date, or none.
table::RowBatch bars(const std::vector<std::optional<Date>>& deliveries) {
  table::RowBatch rows(table::databento_futures_ohlcv_1m());
  std::int64_t minute = 0;
  for (const std::optional<Date> delivery : deliveries) {
    table::RowAppender row(rows);
    row.timestamp(60'000'000 * minute++).text("ES").text("ESM5").int64(1).int64(1);
    row.number(1.5).number(2.5).number(0.0).number(2.0).int64(7).boolean(false);
    delivery ? row.date(*delivery) : row.null();
    row.date(Date(1970, 1, 1)).timestamp(0).text("hash").timestamp(0).end();
  }
  return rows;
}

TEST(VerifySums, NullsHaveTheirPlaces) {
  const auto sums_of = [](const table::RowBatch& rows) {
    RowSums sums(rows.table());
    sums.add(rows);
    return sums.result();
  };
  const Date epoch(1970, 1, 1);  // whose code is 0
  const table::RowBatch rows = bars({{}, epoch, Date(2025, 6, 1)});
  EXPECT_NE(sums_of(rows), sums_of(bars({epoch, {}, Date(2025, 6, 1)})));
  const auto found = compare(rows.table(), sums_of(rows), sums_of(bars({{}, epoch, {}})));
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].columns, std::vector<std::string_view>{"delivery"});
  EXPECT_TRUE(sums_of(rows).begin()->second.columns.at(11).starts_with("1 "));
  // Zero, and what is no number.
  table::RowBatch other = bars({{}, epoch, Date(2025, 6, 1)});
  other.doubles(7)[1] = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(compare(rows.table(), sums_of(rows), sums_of(other)).at(0).columns,
            std::vector<std::string_view>{"low"});
}

TEST(VerifySums, OnlyWhatIsFinalCounts) {
  const table::RowBatch rows = bars({{}, {}, {}, Date(2025, 6, 1)});
  RowSums some(rows.table(), Second{60 * 3});
  some.add(rows);
  const table::RowBatch first = bars({{}, {}, {}});
  RowSums expected(rows.table());
  expected.add(first);
  EXPECT_EQ(some.result(), expected.result());
  RowSums none(rows.table(), Second{0});
  none.add(rows);
  EXPECT_TRUE(none.result().empty());
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
