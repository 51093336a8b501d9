#include "postgres/schema.h"

#include <gtest/gtest.h>

#include "postgres/layout.h"
#include "postgres/sink.h"
#include "postgres/testing_database.h"
#include "postgres/testing_rows.h"

namespace fm::postgres {
namespace {

std::vector<const table::Table*> every_table() {
  std::vector<const table::Table*> tables;
  for (const table::Table& table : table::all_tables()) tables.push_back(&table);
  return tables;
}

class SchemaTest : public DatabaseTest {};

TEST_F(SchemaTest, MakesEveryTableOnceAndSaysSo) {
  Connection db = connect();
  const auto made = migrate(db, every_table());
  ASSERT_TRUE(made) << made.error().message() << " " << made.error().advice();
  EXPECT_EQ(made->size(), table::all_tables().size() + 2);
  EXPECT_EQ(ask("SELECT count(*) FROM frontmonth.migrations"), std::to_string(made->size()));
  for (const table::Table& table : table::all_tables()) {
    const auto stored = look_up(db, table);
    ASSERT_TRUE(stored) << stored.error().message();
    EXPECT_TRUE(stored->exists) << table.name;
  }
  const auto again = migrate(db, every_table());
  ASSERT_TRUE(again) << again.error().message();
  EXPECT_TRUE(again->empty());
}

TEST_F(SchemaTest, TheSeedsTablesHaveTheirNamesAndKeys) {
  Connection db = connect();
  ASSERT_TRUE(migrate(db, {&table::candles_1m(), &table::candles_1s()}));
  EXPECT_EQ(look_up(db, table::candles_1m())->unique_key,
            (std::vector<std::string>{"ticker", "time", "trade_date"}));
  EXPECT_EQ(look_up(db, table::candles_1s())->unique_key,
            (std::vector<std::string>{"ticker", "symbol", "time", "trade_date"}));
  EXPECT_FALSE(look_up(db, table::candle_sessions())->exists);
}

TEST_F(SchemaTest, AddsWhatMayBeNullAndRefusesOtherShapes) {
  Connection db = connect();
  ASSERT_TRUE(migrate(db, {&table::candles_1m()}));
  ASSERT_TRUE(db.run("ALTER TABLE market_data.candles_1m DROP COLUMN vwap, ADD COLUMN mine text"));
  const auto added = migrate(db, {&table::candles_1m()});
  ASSERT_TRUE(added) << added.error().message();
  EXPECT_EQ(*added, (std::vector<std::string>{"market_data.candles_1m: column vwap added"}));

  struct {
    const char* change;
    const char* words;
  } const cases[] = {
      {"ALTER TABLE market_data.candles_1m ALTER volume TYPE int", "candles_1m.volume: its type"},
      {"ALTER TABLE market_data.candles_1m DROP COLUMN volume", "candles_1m.volume: there is no"},
      {"ALTER TABLE market_data.candles_1m DROP CONSTRAINT candles_1m_pkey", "has no unique key"},
  };
  for (const auto& one : cases) {
    ASSERT_TRUE(db.run("DROP TABLE market_data.candles_1m"));
    ASSERT_TRUE(migrate(db, {&table::candles_1m()}));
    ASSERT_TRUE(db.run(one.change));
    const auto refused = migrate(db, {&table::candles_1m()});
    ASSERT_FALSE(refused) << one.change;
    EXPECT_EQ(refused.error().code(), Code::kConflict);
    EXPECT_NE(refused.error().message().find(one.words), std::string::npos)
        << refused.error().message();
    EXPECT_TRUE(db.run("SELECT 1")) << "the transaction is over";
  }
}

TEST_F(SchemaTest, ANewerProgramsSchemaIsLeftAlone) {
  Connection db = connect();
  ASSERT_TRUE(migrate(db, {}));
  ASSERT_TRUE(
      db.run("INSERT INTO frontmonth.migrations (version, change, program, applied_at) "
             "VALUES (999, 'from the future', '9', now())"));
  const auto refused = migrate(db, every_table());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::kUnsupported) << refused.error().message();
}

TEST_F(SchemaTest, WithoutPermissionNothingIsMade) {
  Connection db = connect();
  const std::string user = "reader_" + database_;
  ASSERT_TRUE(db.run("CREATE USER " + user + " PASSWORD 'x'"));
  auto reader = Connection::open(Env::posix(), Secret(server_->uri(database_, "x", user)), quick());
  ASSERT_TRUE(reader) << reader.error().message();
  const auto refused = migrate(*reader, every_table());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::kPermission) << refused.error().message();
  EXPECT_NE(refused.error().advice().find("docs/postgres.md"), std::string::npos);
  EXPECT_EQ(ask("SELECT count(*) FROM pg_namespace WHERE nspname IN ('frontmonth', 'ops')"), "0");
}

TEST_F(SchemaTest, PartitionsAreMonthsOrYears) {
  struct {
    const table::Table& table;
    Date date;
    const char* name;
    Date from, before;
  } const cases[] = {
      {table::candles_1m(), Date(2025, 12, 31), "candles_1m_2025_12", Date(2025, 12, 1),
       Date(2026, 1, 1)},
      {table::candles_1s(), Date(2024, 2, 29), "candles_1s_2024_02", Date(2024, 2, 1),
       Date(2024, 3, 1)},
      {table::candle_sessions(), Date(2025, 12, 31), "candle_sessions_2025", Date(2025, 1, 1),
       Date(2026, 1, 1)},
  };
  for (const auto& one : cases) {
    const PartitionRange range = partition_of(one.table, one.date);
    EXPECT_EQ(range.name, one.name);
    EXPECT_EQ(range.from, one.from);
    EXPECT_EQ(range.before, one.before);
  }
}

// The bars of 5, 15 and 60 minutes hold what the seconds hold, once.
TEST_F(SchemaTest, BarsComeFromSeconds) {
  Connection db = connect();
  ASSERT_TRUE(migrate(db, {&table::candles_1s()}));
  auto opened = PostgresSink::open(connect(), "test");
  table::RowBatch rows(table::candles_1s());
  fill_seconds(rows, "ESM5", Date(2025, 6, 10), 1'749'500'000, 1'500);
  ASSERT_TRUE(opened->write(rows));
  ASSERT_TRUE(opened->commit(table::candles_1s(), {}));
  const std::string sums =
      "sum(volume) || ' ' || sum(trades) || ' ' || max(high) || ' ' || min(low) || ' ' || "
      "max(delta_high)";
  const std::string expected = ask("SELECT " + sums + " FROM market_data.candles_1s");
  for (const int minutes : {5, 15, 60}) {
    const std::string view = fmt::format("market_data.candles_1s_{}m", minutes);
    EXPECT_EQ(ask(fmt::format("SELECT {} FROM {}", sums, view)), expected);
    EXPECT_EQ(ask("SELECT count(*) FROM " + view),
              ask(fmt::format("SELECT count(DISTINCT floor(extract(epoch FROM time) / {})) "
                              "FROM market_data.candles_1s",
                              minutes * 60)));
    EXPECT_EQ(ask("SELECT open FROM " + view + " ORDER BY bucket LIMIT 1"),
              ask("SELECT open FROM market_data.candles_1s ORDER BY time LIMIT 1"));
    EXPECT_EQ(ask("SELECT close FROM " + view + " ORDER BY bucket DESC LIMIT 1"),
              ask("SELECT close FROM market_data.candles_1s ORDER BY time DESC LIMIT 1"));
  }
}

}  // namespace
}  // namespace fm::postgres
