// The lake against a real PostgreSQL: one cell that differs is found, on whichever side, and what
// differs is mended.
#include "jobs/verify.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "jobs/database.h"
#include "jobs/testing_any_rows.h"
#include "jobs/testing_candles.h"
#include "jobs/testing_live.h"
#include "lake/expired.h"
#include "lake/lake.h"
#include "postgres/testing_database.h"
#include "table/catalogue.h"

namespace fm::jobs {
namespace {

constexpr std::uint64_t kTrades = 6'000;

class Verify : public postgres::DatabaseTest {
 protected:
  static void SetUpTestSuite() {
    shared_ = std::make_unique<TestDirectory>();
    make_trades(shared_->file("trades.dbn"), kTrades, 7, 1, {"ES"});
    make_batch_lake(shared_->file("trades.dbn"), lake_of());
  }
  static void TearDownTestSuite() { shared_.reset(); }
  static std::string lake_of() { return shared_->file("batch"); }

  void SetUp() override {
    DatabaseTest::SetUp();
    if (IsSkipped()) return;
    for (const char* table : {"candles_1m", "candles_1s", "candle_sessions"}) {
      const auto made = apply_schema(Env::posix(), uri(), {.table = table});
      ASSERT_TRUE(made) << made.error().message();
    }
  }

  VerifyReport verify(const std::vector<std::string>& tables = {}, bool repair = false) {
    VerifyOptions options;
    options.lake = lake_of();
    options.tables = tables;
    options.repair = repair;
    NoProgress progress;
    const auto report = run_verify(Env::posix(), options, uri(), progress);
    EXPECT_TRUE(report) << (report ? "" : report.error().message());
    return report.value_or(VerifyReport{});
  }
  void fill() {
    const VerifyReport filled = verify({"candles_1m", "candles_1s", "candle_sessions"}, true);
    ASSERT_TRUE(filled.equal()) << to_text(filled);
    ASSERT_GT(filled.rows_sent, 0U);
  }
  void change(const std::string& statement) {
    const auto changed = connect().run(statement);
    ASSERT_TRUE(changed) << changed.error().message();
    ASSERT_EQ(*changed, 1U) << statement;
  }

  static inline std::unique_ptr<TestDirectory> shared_;
};

TEST_F(Verify, RepairFillsAnEmptyDatabaseAndThenAllIsEqual) {
  const VerifyReport empty = verify();
  EXPECT_TRUE(empty.tables.empty());
  EXPECT_NE(std::ranges::find(empty.left_out, "candles_1m"), empty.left_out.end());
  const VerifyReport missing = verify({"candles_1m"});
  EXPECT_FALSE(missing.equal());
  EXPECT_EQ(missing.tables.at(0).differences.at(0).other_rows, "0");
  fill();
  const VerifyReport equal = verify();
  EXPECT_TRUE(equal.equal()) << to_text(equal);
  EXPECT_EQ(equal.tables.size(), 3U);
  for (const TableVerdict& one : equal.tables) {
    EXPECT_GT(one.rows, 0U);
    EXPECT_EQ(ask("SELECT count(*) FROM market_data." + one.table), std::to_string(one.rows));
  }
  EXPECT_EQ(equal.rows_sent, 0U);
  EXPECT_NE(to_json(equal).find("\"equal\":true"), std::string::npos);
}

// The lake's sums are made of its rows, the copy's by SQL: of every table, and of every value.
TEST_F(Verify, EveryTableSumsUpAlikeOnBothSides) {
  const TestDirectory directory;
  const auto lake = lake::Lake::open(Env::posix(), directory.file("lake"));
  ASSERT_TRUE(lake);
  const Date day(2025, 6, 16);
  std::uint64_t seed = 0;
  for (const table::Table& table : table::all_tables()) {
    SCOPED_TRACE(table.name);
    const auto made = apply_schema(Env::posix(), uri(), {.table = std::string(table.name)});
    ASSERT_TRUE(made) << made.error().message();
    // Two roots' rows of one key would be one in the database.
    const bool root_is_key = std::ranges::find(table.key, table.root_column) != table.key.end();
    for (const char* const root : {"ES", "ZL"}) {
      if (!root_is_key && root == std::string_view("ZL")) break;
      const lake::PartitionKey key{table.root_column.empty() ? "" : root, day};
      const table::RowBatch rows =
          any_rows(table, ++seed, 200, root, key.first_day(table), key.end_day(table));
      table::BatchStream stream(rows);
      const auto merged = (*lake)->merge(table, key, stream, {});
      ASSERT_TRUE(merged) << merged.error().message();
    }
    VerifyOptions options;
    options.lake = directory.file("lake");
    options.tables = {std::string(table.name)};
    options.repair = true;
    NoProgress progress;
    auto report = run_verify(Env::posix(), options, uri(), progress);
    ASSERT_TRUE(report) << report.error().message();
    EXPECT_GT(report->rows_sent, 4U);
    options.repair = false;
    report = run_verify(Env::posix(), options, uri(), progress);
    ASSERT_TRUE(report) << report.error().message();
    EXPECT_TRUE(report->equal()) << to_text(*report);
  }
}

// The least change of a value.
std::string changed_cell(const table::Column& column, const std::string& cell) {
  switch (column.type) {
    case table::Type::kText:
      return cell + " || ' '";
    case table::Type::kBool:
      return "NOT " + cell;
    case table::Type::kDouble:
      return fmt::format("{} + 2 * 10^(-{})", cell, column.scale);
    case table::Type::kTimestamp:
      return cell + " + INTERVAL '1 microsecond'";
    case table::Type::kInt8:
      return fmt::format("({} + 1) % 2 + 5", cell);
    default:
      return cell + " + 1";
  }
}

// The least change of a cell of each column of one row, one after the other.
TEST_F(Verify, OneCellIsFoundInEveryColumn) {
  fill();
  for (const table::Table* table : {&table::candles_1m(), &table::candle_sessions()}) {
    const std::string name = "market_data." + std::string(table->name);
    for (const table::Column& column : table->columns) {
      const bool is_key = std::ranges::find(table->key, column.name) != table->key.end();
      if (column.bookkeeping || column.name == table->partition_column || is_key) continue;
      SCOPED_TRACE(column.name);
      const std::string cell = "\"" + std::string(column.name) + "\"";
      const std::string where = fmt::format(
          " WHERE (tableoid, ctid) = (SELECT tableoid, ctid FROM {} WHERE {} IS NOT NULL "
          "ORDER BY 1, 2 DESC LIMIT 1)",
          name, cell);
      if (ask(fmt::format("SELECT count(*) FROM {}{}", name, where)) == "0")
        continue;  // nothing but nulls
      change(fmt::format("UPDATE {} SET {} = {}{}", name, cell, changed_cell(column, cell), where));
      const VerifyReport found = verify({std::string(table->name)}, true);
      ASSERT_EQ(found.tables.at(0).different, 1U) << to_text(found);
      EXPECT_EQ(found.tables[0].repaired, 1U) << "only what differs";
      const PartitionDifference& one = found.tables[0].differences.at(0);
      EXPECT_EQ(one.columns, (std::vector<std::string>{std::string(column.name)}));
      EXPECT_EQ(one.rows.count, 1U) << to_text(found);
      EXPECT_TRUE(one.rows.examples.at(0).what.starts_with(std::string(column.name) + ": "));
    }
  }
  EXPECT_TRUE(verify().equal());
}

TEST_F(Verify, NullsMovedRowsAndForeignRowsAreFound) {
  fill();
  struct {
    const char* what;
    std::string statement;
  } const cases[] = {
      {"a null in place of a value",
       "UPDATE market_data.candles_1m SET vwap = NULL WHERE (ticker, time) = (SELECT ticker, time "
       "FROM market_data.candles_1m WHERE vwap IS NOT NULL ORDER BY 1, 2 LIMIT 1)"},
      {"a row that is gone",
       "DELETE FROM market_data.candles_1m WHERE (ticker, time) = (SELECT max(ticker), max(time) "
       "FROM market_data.candles_1m WHERE ticker = 'ES')"},
      {"a row that nobody sent",
       "INSERT INTO market_data.candles_1m SELECT (jsonb_populate_record(c, '{\"ticker\": "
       "\"XX\"}')).* "
       "FROM market_data.candles_1m c LIMIT 1"},
      {"a key that was changed",
       "UPDATE market_data.candles_1m SET time = time + INTERVAL '0.5 s' WHERE (ticker, time) = "
       "(SELECT min(ticker), min(time) FROM market_data.candles_1m WHERE ticker = 'ES')"},
  };
  for (const auto& one : cases) {
    SCOPED_TRACE(one.what);
    change(one.statement);
    const VerifyReport found = verify({"candles_1m"});
    EXPECT_EQ(found.tables.at(0).different, 1U) << to_text(found);
    const PartitionDifference& one_partition = found.tables.at(0).differences.at(0);
    EXPECT_TRUE(one_partition.lake_rows == "0" || !one_partition.rows.examples.empty());
    EXPECT_TRUE(verify({"candles_1m"}, true).equal());
    EXPECT_TRUE(verify({"candles_1m"}).equal());
  }
}

// The same row in two lakes: the lake's side is computed from cells as well.
TEST_F(Verify, ACellOfTheLakeIsFound) {
  fill();
  const TestDirectory folder;
  make_trades(folder.file("other.dbn"), kTrades, 8, 1, {"ES"});
  make_batch_lake(folder.file("other.dbn"), folder.file("lake"));
  VerifyOptions options;
  options.lake = folder.file("lake");
  options.tables = {"candles_1m"};
  NoProgress progress;
  const auto other = run_verify(Env::posix(), options, uri(), progress);
  ASSERT_TRUE(other) << other.error().message();
  EXPECT_FALSE(other->equal());

  // One cell of one row of the lake itself.
  auto lake = lake::Lake::open(Env::posix(), lake_of());
  ASSERT_TRUE(lake);
  const auto partitions = (*lake)->partitions(table::candles_1m(), "ES");
  ASSERT_TRUE(partitions && !partitions->empty());
  const Date date = *Date::parse(
      partitions->front().partition.substr(partitions->front().partition.rfind('=') + 1));
  table::RowBatch rows(table::candles_1m(), 100'000);
  auto cursor =
      (*lake)->read(table::candles_1m(), {.root = "ES", .from = date, .before = date + 1});
  ASSERT_TRUE(cursor);
  table::RowBatch some(table::candles_1m());
  while (*(*cursor)->next(some)) rows.append(some, 0, some.size());
  cursor->reset();
  const std::size_t volume = table::candles_1m().column_index("volume");
  const auto write = [&] {
    table::BatchStream stream(rows);
    const auto written = (*lake)->replace(table::candles_1m(), {"ES", date}, stream, {});
    ASSERT_TRUE(written) << written.error().message();
  };
  rows.int64s(volume)[5] += 1;
  write();
  const VerifyReport found = verify({"candles_1m"});
  EXPECT_EQ(found.tables.at(0).different, 1U) << to_text(found);
  EXPECT_EQ(found.tables.at(0).differences.at(0).rows.count, 1U);
  rows.int64s(volume)[5] -= 1;
  write();
  EXPECT_TRUE(verify({"candles_1m"}).equal());
}

// Rows that are not final on both sides are nobody's difference.
TEST_F(Verify, OnlyUpToTheSmallerFinality) {
  fill();
  change(
      "INSERT INTO frontmonth.cursors SELECT '\"market_data\".\"candles_1m\"', 'live X', 0, "
      "(SELECT min(time) + INTERVAL '1 hour' FROM market_data.candles_1m), 1, now()");
  const auto deleted = connect().run(
      "DELETE FROM market_data.candles_1m WHERE time >= (SELECT final_to FROM frontmonth.cursors)");
  ASSERT_TRUE(deleted);
  EXPECT_GT(*deleted, 0U);
  const VerifyReport report = verify({"candles_1m"});
  EXPECT_TRUE(report.equal()) << to_text(report);
  EXPECT_GT(report.tables.at(0).rows, 0U);
  ASSERT_TRUE(report.tables.at(0).final_to);
}

TEST_F(Verify, NamesWhatIsNotThere) {
  VerifyOptions options;
  NoProgress progress;
  options.lake = lake_of();
  options.tables = {"candles_1"};
  auto refused = run_verify(Env::posix(), options, uri(), progress);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message().find("did you mean 'candles_1"), std::string::npos);
  options.tables.clear();
  options.lake = lake_of() + "-nowhere";
  refused = run_verify(Env::posix(), options, uri(), progress);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::kNotFound);
}

TEST_F(Verify, ACopyNeedNotForgetWhatTheLakeHasExpired) {
  fill();
  const TestDirectory folder;
  make_batch_lake(shared_->file("trades.dbn"), folder.file("lake"));
  auto lake = lake::Lake::open(Env::posix(), folder.file("lake"));
  ASSERT_TRUE(lake);
  const auto manifests = (*lake)->partitions(table::candles_1m());
  ASSERT_TRUE(manifests && !manifests->empty());
  table::EmptyStream none(table::candles_1m());
  const auto empty = [&](const char* parameters) {
    ASSERT_TRUE((*lake)->replace(table::candles_1m(), manifests->front().key(), none,
                                 {.parameters = parameters}));
  };
  VerifyOptions options;
  options.lake = folder.file("lake");
  options.tables = {"candles_1m"};
  NoProgress progress;
  empty("{}");
  const auto lost = run_verify(Env::posix(), options, uri(), progress);
  ASSERT_TRUE(lost) << lost.error().message();
  EXPECT_FALSE(lost->equal());
  empty(std::string(lake::kExpiredParameters).c_str());
  const auto expired = run_verify(Env::posix(), options, uri(), progress);
  ASSERT_TRUE(expired);
  EXPECT_TRUE(expired->equal()) << to_text(*expired);
}

}  // namespace
}  // namespace fm::jobs
