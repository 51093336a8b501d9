// The lake against a double of BigQuery: one cell that differs is found, on whichever side, and the
// mirror mends it.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "jobs/testing_any_rows.h"
#include "jobs/testing_mirror.h"
#include "lake/expired.h"
#include "lake/testing_rows.h"
#include "ops/state.h"
#include "table/catalogue.h"

namespace fm::jobs {
namespace {

const Date kDay(2025, 6, 16);

class VerifyBigQuery : public MirroredLake {
 protected:
  void fill() {
    for (const char* const root : {"ES", "NQ", "ZL"}) {
      ASSERT_TRUE(lake::write_version(*lake_, root, kDay, 3));
      ASSERT_TRUE(lake::write_version(*lake_, root, kDay + 1, 4));
      write_session(root, 7);
    }
    mirror();
  }
  void write_session(std::string_view root, std::int64_t cvd) {
    const auto row = lake::session_row(root, kDay, cvd, 1);
    table::BatchStream rows(row);
    ASSERT_TRUE(lake_->replace_dates(table::candle_sessions(), root, rows, {}));
  }
  std::string candles() { return relation(table::candles_1m()); }
};

TEST_F(VerifyBigQuery, WhatTheMirrorBroughtIsEqual) {
  fill();
  const VerifyReport report = verify();
  EXPECT_TRUE(report.equal()) << to_text(report);
  ASSERT_EQ(report.tables.size(), 2U) << to_text(report);
  for (const TableVerdict& one : report.tables) {
    const table::Table& table = *table::find_table(one.table);
    EXPECT_EQ(std::to_string(one.rows), ask("SELECT count(*) FROM " + relation(table)));
    EXPECT_GT(one.rows, 0U);
    EXPECT_EQ(one.waiting_files, 0U);
  }
  ASSERT_TRUE(report.bytes_billed);
  EXPECT_GT(*report.bytes_billed, 0U);
  EXPECT_NE(to_text(report).find("Billed for"), std::string::npos);
  EXPECT_NE(to_json(report).find("\"copy\":\"bigquery\""), std::string::npos);
  EXPECT_NE(to_json(report).find("\"equal\":true"), std::string::npos);
}

// The lake's sums are made of its rows, the copy's by SQL: of every table, and of every value.
TEST_F(VerifyBigQuery, EveryTableSumsUpAlikeOnBothSides) {
  std::uint64_t seed = 0;
  for (const table::Table& table : table::all_tables()) {
    SCOPED_TRACE(table.name);
    for (const char* const root : {"ES", "ZL"}) {
      const lake::PartitionKey key{table.root_column.empty() ? "" : root, kDay};
      const table::RowBatch rows =
          any_rows(table, ++seed, 200, root, key.first_day(table), key.end_day(table));
      table::BatchStream stream(rows);
      const auto merged = lake_->merge(table, key, stream, {});
      ASSERT_TRUE(merged) << merged.error().message();
    }
    mirror(std::string(table.name));
    const VerifyReport report = verify({std::string(table.name)});
    EXPECT_TRUE(report.equal()) << to_text(report);
    EXPECT_GT(report.tables.at(0).rows, 4U);
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
      return fmt::format("{} + 2e-{}", cell, column.scale);
    case table::Type::kTimestamp:
      return cell + " + INTERVAL 1 MICROSECOND";
    default:
      return cell + " + 1";
  }
}

// The least change of a cell of each column of one row, one after the other; and a null of each
// type.
TEST_F(VerifyBigQuery, OneCellIsFoundInEveryColumn) {
  fill();
  std::set<table::Type> nulled;
  for (const table::Table* const table : {&table::candles_1m(), &table::candle_sessions()}) {
    const std::string name = relation(*table);
    for (const table::Column& column : table->columns) {
      const bool is_key = std::ranges::find(table->key, column.name) != table->key.end();
      if (column.bookkeeping || column.name == table->partition_column || is_key) continue;
      SCOPED_TRACE(column.name);
      const std::string cell = "\"" + std::string(column.name) + "\"";
      const std::string where = fmt::format(
          " WHERE rowid = (SELECT max(rowid) FROM {} WHERE {} IS NOT NULL)", name, cell);
      if (ask(fmt::format("SELECT count(*) FROM {}{}", name, where)) == "0") continue;
      change(
          fmt::format("CREATE OR REPLACE TEMP TABLE before AS SELECT rowid AS r, {} AS v FROM "
                      "{}{}",
                      cell, name, where));
      std::vector<std::string> values{changed_cell(column, cell)};
      if (nulled.insert(column.type).second) values.emplace_back("NULL");
      for (const std::string& value : values) {
        change(fmt::format("UPDATE {} SET {} = {}{}", name, cell, value, where));
        const VerifyReport found = verify({std::string(table->name)});
        ASSERT_EQ(found.tables.at(0).different, 1U) << value << to_text(found);
        const PartitionDifference& one = found.tables[0].differences.at(0);
        EXPECT_EQ(one.columns, (std::vector<std::string>{std::string(column.name)}));
        EXPECT_EQ(one.rows.count, 1U) << to_text(found);
        ASSERT_FALSE(one.rows.examples.empty());
        EXPECT_TRUE(one.rows.examples[0].what.starts_with(std::string(column.name) + ": "));
        change(
            fmt::format("UPDATE {} SET {} = (SELECT v FROM before) WHERE rowid = (SELECT r FROM "
                        "before)",
                        name, cell));
      }
    }
  }
  EXPECT_TRUE(verify().equal());
}

// One that nobody but the file tells of: the mirror's state says that the copy has it.
TEST_F(VerifyBigQuery, ACellOfTheLakeIsFound) {
  fill();
  const auto before = lake_->find(table::candles_1m(), {"ES", kDay});
  ASSERT_TRUE(before && *before);
  table::RowBatch rows = lake::candle_rows("ES", kDay, 3);
  rows.int64s(table::candles_1m().column_index("volume"))[2] += 1;
  table::BatchStream stream(rows);
  ASSERT_TRUE(lake_->replace(table::candles_1m(), {"ES", kDay}, stream, {}));
  const auto after = lake_->find(table::candles_1m(), {"ES", kDay});
  ASSERT_TRUE(after && *after);
  auto state = ops::State::open(cloud_.env, ops::state_file(lake_->state_dir()));
  ASSERT_TRUE(state);
  auto parts = state->mirror_parts({.destination = cloud_.options().destination.name(),
                                    .table = (*before)->table,
                                    .partition = (*before)->partition});
  ASSERT_TRUE(parts && parts->size() == 1);
  ASSERT_TRUE(state->remove_mirror(*parts));
  parts->front().part = (*after)->files.at(0).name;
  ASSERT_TRUE(state->record_mirror(*parts));
  const VerifyReport found = verify({"candles_1m"});
  ASSERT_EQ(found.tables.at(0).different, 1U) << to_text(found);
  const PartitionDifference& one = found.tables[0].differences.at(0);
  EXPECT_EQ(one.root, "ES");
  EXPECT_EQ(one.columns, std::vector<std::string>{"volume"});
  EXPECT_EQ(one.rows.count, 1U);
}

TEST_F(VerifyBigQuery, RepairMendsWhateverDiffers) {
  fill();
  struct {
    const char* what;
    std::string statement;
    bool is_foreign = false;
  } const cases[] = {
      {"a value", "UPDATE {} SET volume = volume + 1 WHERE rowid = (SELECT min(rowid) FROM {})"},
      {"a number beyond all bounds",
       "UPDATE {} SET close = 1e300 WHERE rowid = (SELECT min(rowid) FROM {})"},
      {"a null", "UPDATE {} SET volume = NULL WHERE rowid = (SELECT min(rowid) FROM {})"},
      {"a row that is gone", "DELETE FROM {} WHERE rowid = (SELECT max(rowid) FROM {})"},
      {"a partition that is gone",
       "DELETE FROM {} WHERE ticker = 'NQ' AND trade_date = '2025-06-17'"},
      {"a root that the lake has not",
       "INSERT INTO {} SELECT * REPLACE ('XX' AS ticker) FROM {} WHERE ticker = 'ES' LIMIT 1",
       true},
      {"a day that the lake has not",
       "INSERT INTO {} SELECT * REPLACE (DATE '2025-06-20' AS trade_date) FROM {} WHERE ticker = "
       "'ES' LIMIT 1",
       true},
  };
  for (const auto& one : cases) {
    SCOPED_TRACE(one.what);
    std::string statement = one.statement;
    for (std::size_t at = 0; (at = statement.find("{}")) != std::string::npos;)
      statement.replace(at, 2, candles());
    change(statement);
    const VerifyReport found = verify({"candles_1m"});
    EXPECT_EQ(found.tables.at(0).different, 1U) << to_text(found);
    EXPECT_EQ(found.tables[0].repaired, 0U);
    const VerifyReport repaired = verify({"candles_1m"}, true);
    EXPECT_TRUE(repaired.equal()) << to_text(repaired);
    EXPECT_EQ(repaired.tables.at(0).repaired, 1U);
    EXPECT_EQ(one.is_foreign ? repaired.rows_removed > 0 : repaired.rows_sent > 0, true)
        << to_text(repaired);
    const VerifyReport equal = verify({"candles_1m"});
    EXPECT_TRUE(equal.equal()) << to_text(equal);
    EXPECT_EQ(equal.rows_sent, 0U);
    EXPECT_EQ(cloud_.copied(table::candles_1m()), cloud_.stored(table::candles_1m()));
  }
}

// A year of a root is mended by a MERGE.
TEST_F(VerifyBigQuery, RepairMendsAYear) {
  fill();
  change("UPDATE " + relation(table::candle_sessions()) +
         " SET cvd_close = cvd_close + 1 WHERE ticker = 'NQ'");
  EXPECT_TRUE(verify({"candle_sessions"}, true).equal());
  EXPECT_EQ(cloud_.copied(table::candle_sessions()), cloud_.stored(table::candle_sessions()));
}

// What the mirror has not brought yet is nobody's difference.
TEST_F(VerifyBigQuery, WhatWaitsForTheMirrorIsNotCompared) {
  for (int minute = 0; minute < 3; ++minute)
    ASSERT_TRUE(lake::append_minute(*lake_, "ES", kDay, minute));
  ASSERT_TRUE(lake::write_version(*lake_, "NQ", kDay, 3));
  mirror();
  // At the end of a root's rows: compared up to there.
  for (int minute = 3; minute < 5; ++minute)
    ASSERT_TRUE(lake::append_minute(*lake_, "ES", kDay, minute));
  VerifyReport report = verify({"candles_1m"});
  EXPECT_TRUE(report.equal()) << to_text(report);
  EXPECT_EQ(report.tables.at(0).waiting_files, 2U);
  EXPECT_EQ(report.tables[0].waiting_rows, 2 * lake::kRowsOfMinute);
  EXPECT_EQ(report.tables[0].rows, 3 * lake::kRowsOfMinute + lake::rows_of_version(3));
  EXPECT_NE(to_text(report).find("2 files with 12 rows wait for the mirror"), std::string::npos)
      << to_text(report);
  change("UPDATE " + candles() + " SET volume = 99 WHERE rowid = (SELECT min(rowid) FROM " +
         candles() + " WHERE ticker = 'ES')");
  EXPECT_EQ(verify({"candles_1m"}).tables.at(0).different, 1U);
  // A partition that is brought anew: left out as a whole.
  ASSERT_TRUE(lake::write_version(*lake_, "NQ", kDay, 9));
  mirror();
  report = verify({"candles_1m"});
  EXPECT_EQ(report.tables.at(0).waiting_files, 0U);
  ASSERT_TRUE(lake::write_version(*lake_, "NQ", kDay, 4));
  report = verify({"candles_1m"});
  EXPECT_TRUE(report.equal()) << to_text(report);
  EXPECT_EQ(report.tables.at(0).waiting_files, 1U);
  mirror();
  EXPECT_TRUE(verify({"candles_1m"}).equal());
}

// Rows that a retention has removed from the lake stay in the copy, and in its repairs.
TEST_F(VerifyBigQuery, WhatTheLakeHasExpiredIsNotCompared) {
  fill();
  table::EmptyStream none(table::candles_1m());
  const auto emptied = lake_->replace(table::candles_1m(), {"ES", kDay}, none,
                                      {.parameters = std::string(lake::kExpiredParameters)});
  ASSERT_TRUE(emptied) << emptied.error().message();
  const VerifyReport report = verify({"candles_1m"}, true);
  EXPECT_TRUE(report.equal()) << to_text(report);
  EXPECT_EQ(report.tables.at(0).waiting_files, 0U);
  EXPECT_EQ(report.rows_removed, 0U);
  EXPECT_EQ(report.tables[0].partitions, 5U);
  EXPECT_NE(ask("SELECT count(*) FROM " + candles() + " WHERE ticker = 'ES' AND trade_date = '" +
                kDay.iso() + "'"),
            "0");
}

TEST_F(VerifyBigQuery, NamesWhatIsNotThere) {
  fill();
  CloudPlace where = place();
  VerifyOptions options;
  options.lake = cloud_.directory.file("lake");
  options.tables = {"candles_1s"};
  NoProgress progress;
  const auto refused = run_verify(cloud_.env, options, where, mirror_options(), progress);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::kNotFound);
  EXPECT_NE(refused.error().message().find("candles_1s: is not there"), std::string::npos);
}

TEST_F(VerifyBigQuery, ALimitOfBytesHolds) {
  fill();
  CloudPlace where = place();
  VerifyOptions options;
  options.lake = cloud_.directory.file("lake");
  MirrorJobOptions mirror = mirror_options();
  mirror.query_bytes_max = 1;
  NoProgress progress;
  const auto refused = run_verify(cloud_.env, options, where, mirror, progress);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message().find("bytesBilledLimitExceeded"), std::string::npos)
      << refused.error().message();
}

}  // namespace
}  // namespace fm::jobs
