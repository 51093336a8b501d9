#include "postgres/sink.h"

#include <gtest/gtest.h>

#include "postgres/schema.h"
#include "postgres/testing_rows.h"
#include "postgres/testing_sink.h"

namespace fm::postgres {
namespace {

constexpr Second kFirst = 1'749'500'000;
const Date kDate(2025, 6, 10);

class Sink : public SinkTest, public ::testing::WithParamInterface<Server> {
 protected:
  [[nodiscard]] Server server() const override { return GetParam(); }
};
INSTANTIATE_TEST_SUITE_P(On, Sink, ::testing::Values(Server::kPlain, Server::kTimescale),
                         [](const auto& one) {
                           return one.param == Server::kPlain ? "Plain" : "Timescale";
                         });

TEST_P(Sink, RowsAndCursorComeTogether) {
  PostgresSink sink = open();
  EXPECT_EQ(sink.cursor(table::candles_1m())->final_to, 0);
  EXPECT_EQ(*sink.stamp(table::candles_1m()), 0);
  table::RowBatch rows(table::candles_1m());
  fill_candles(rows, "ES", kDate, kFirst, 1'000);
  ASSERT_TRUE(sink.write(rows));
  EXPECT_EQ(ask("SELECT count(*) FROM market_data.candles_1m"), "0") << "not committed yet";
  ASSERT_TRUE(sink.commit(table::candles_1m(), {"", 7, kFirst + 1'000}));
  EXPECT_EQ(ask("SELECT count(*) FROM market_data.candles_1m"), "1000");

  PostgresSink other = open();
  const auto cursor = other.cursor(table::candles_1m());
  ASSERT_TRUE(cursor);
  EXPECT_EQ(cursor->source, "test");
  EXPECT_EQ(cursor->position, 7U);
  EXPECT_EQ(cursor->final_to, kFirst + 1'000);
  EXPECT_EQ(*other.stamp(table::candles_1m()), 0);
  EXPECT_EQ(other.cursor(table::candles_1s())->final_to, 0) << "each table has its own";
}

TEST_P(Sink, EqualRowsAreLeftAloneAndCorrectionsReplace) {
  PostgresSink sink = open();
  table::RowBatch rows(table::candles_1m());
  fill_candles(rows, "ES", kDate, kFirst, 100);
  ASSERT_TRUE(sink.write(rows));
  ASSERT_TRUE(sink.commit(table::candles_1m(), {}));
  EXPECT_EQ(sink.figures().rows_changed, 100U);
  const std::string versions =
      "SELECT string_agg(xmin::text, ',' ORDER BY time) FROM market_data.candles_1m";
  const std::string before = ask(versions);
  ASSERT_TRUE(sink.write(rows));
  ASSERT_TRUE(sink.commit(table::candles_1m(), {}));
  EXPECT_EQ(sink.figures().rows_changed, 100U);
  EXPECT_EQ(ask(versions), before) << "nothing was written";

  rows.clear();
  fill_candles(rows, "ES", kDate, kFirst + 90, 20, 5);
  ASSERT_TRUE(sink.write(rows));
  ASSERT_TRUE(sink.commit(table::candles_1m(), {}));
  EXPECT_EQ(sink.figures().rows_changed, 120U);
  EXPECT_EQ(ask("SELECT count(*) FROM market_data.candles_1m"), "110");
  EXPECT_EQ(ask("SELECT min(volume) FROM market_data.candles_1m WHERE time >= to_timestamp(" +
                std::to_string(kFirst + 90) + ")"),
            "8005");
}

TEST_P(Sink, NullsAreValuesToo) {
  PostgresSink sink = open();
  table::RowBatch rows(table::candles_1m());
  fill_candles(rows, "ES", kDate, kFirst, 5);
  ASSERT_TRUE(sink.write(rows));
  ASSERT_TRUE(sink.commit(table::candles_1m(), {}));
  const std::size_t vwap = table::candles_1m().column_index("vwap");
  ASSERT_TRUE(rows.is_null(vwap, 0));
  rows.set_null(vwap, 1);
  ASSERT_TRUE(sink.write(rows));
  ASSERT_TRUE(sink.commit(table::candles_1m(), {}));
  EXPECT_EQ(sink.figures().rows_changed, 6U);
  EXPECT_EQ(ask("SELECT count(*) FROM market_data.candles_1m WHERE vwap IS NULL"), "2");
}

TEST_P(Sink, TheFirstLoadsTimeSurvives) {
  PostgresSink sink = open();
  table::RowBatch rows(table::candle_session_contracts());
  const auto store = [&](std::int64_t volume, std::int64_t created) {
    rows.clear();
    table::RowAppender(rows)
        .text("ES")
        .date(kDate)
        .text("ESM5")
        .int64(volume)
        .int64(1)
        .timestamp(created)
        .end();
    ASSERT_TRUE(sink.write(rows));
    ASSERT_TRUE(sink.commit(table::candle_session_contracts(), {}));
  };
  store(10, 1'000'000);
  store(10, 2'000'000);
  EXPECT_EQ(sink.figures().rows_changed, 1U) << "only the bookkeeping differs";
  store(11, 3'000'000);
  EXPECT_EQ(ask("SELECT volume || ' ' || extract(epoch FROM created_at)::int "
                "FROM market_data.candle_session_contracts"),
            "11 1");
}

// Its unique key holds a column that may be null.
TEST_P(Sink, NullsInAKeyAreOneKey) {
  PostgresSink sink = open();
  table::RowBatch rows(table::candle_rejects());
  for (const int count : {3, 4}) {
    rows.clear();
    table::RowAppender(rows).null().date(kDate).text("late").int64(count).timestamp(0).end();
    ASSERT_TRUE(sink.write(rows));
    const Status done = sink.commit(table::candle_rejects(), {});
    ASSERT_TRUE(done) << done.error().message();
  }
  EXPECT_EQ(ask("SELECT count(*) || ' ' || max(count) FROM ops.candle_rejects"), "1 4");
}

TEST_P(Sink, PartitionsAreMadeAsRowsCome) {
  if (is_timescale()) GTEST_SKIP() << "hypertables make their own";
  PostgresSink sink = open();
  table::RowBatch rows(table::candles_1m());
  for (const Date date : {Date(2025, 6, 30), Date(2025, 7, 1), Date(2025, 7, 2)})
    fill_candles(rows, "ES", date, date.first_second(), 10);
  // Somebody reads the whole table, for long.
  Connection reader = connect();
  ASSERT_TRUE(reader.run("BEGIN; SELECT count(*) FROM market_data.candles_1m"));
  const Status written = sink.write(rows);
  ASSERT_TRUE(written) << written.error().message();
  ASSERT_TRUE(sink.commit(table::candles_1m(), {}));
  EXPECT_EQ(ask("SELECT string_agg(c.relname, ' ' ORDER BY c.relname) FROM pg_inherits, pg_class c "
                "WHERE inhparent = 'market_data.candles_1m'::regclass AND c.oid = inhrelid"),
            "candles_1m_2025_06 candles_1m_2025_07");
  EXPECT_EQ(ask("SELECT count(*) FROM market_data.candles_1m_2025_07"), "20");
}

TEST_P(Sink, ADefaultPartitionOfTheUsersKeepsItsRows) {
  if (is_timescale()) GTEST_SKIP() << "hypertables have none";
  PostgresSink sink = open();
  Connection user = connect();
  ASSERT_TRUE(
      user.run("CREATE TABLE market_data.rest PARTITION OF ops.candle_rejects "
               "DEFAULT; INSERT INTO ops.candle_rejects VALUES (NULL, '2025-06-10', 'late', "
               "1, now())"))
      << "a default partition may lie in another schema";
  table::RowBatch rows(table::candle_rejects());
  table::RowAppender(rows).text("ES").date(kDate).text("late").int64(1).timestamp(0).end();
  const Status written = sink.write(rows);
  ASSERT_TRUE(written) << written.error().message();
  ASSERT_TRUE(sink.commit(table::candle_rejects(), {}));
  EXPECT_EQ(ask("SELECT count(*) FROM market_data.rest"), "2");
}

TEST_P(Sink, ATableThatIsNotThereIsNamed) {
  PostgresSink sink = open();
  Connection owner = connect();
  ASSERT_TRUE(owner.run("DROP TABLE market_data.candles_1s CASCADE"));
  table::RowBatch rows(table::candles_1s());
  fill_seconds(rows, "ESM5", kDate, kFirst, 1);
  const Status refused = sink.write(rows);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::kNotFound);
  EXPECT_NE(refused.error().message().find("market_data.candles_1s"), std::string::npos);
  EXPECT_NE(refused.error().advice().find("--apply"), std::string::npos);
}

TEST_P(Sink, TheSameKeyTwiceInACommitIsRefused) {
  PostgresSink sink = open();
  table::RowBatch rows(table::candles_1m());
  fill_candles(rows, "ES", kDate, kFirst, 3);
  fill_candles(rows, "ES", kDate, kFirst, 1, 9);
  ASSERT_TRUE(sink.write(rows));
  const Status refused = sink.commit(table::candles_1m(), {});
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message().find("[21000]"), std::string::npos)
      << refused.error().message();
  EXPECT_EQ(ask("SELECT count(*) FROM market_data.candles_1m"), "0");
}

TEST_P(Sink, ReplacesWhatAConditionNames) {
  PostgresSink sink = open();
  table::RowBatch rows(table::candles_1m());
  fill_candles(rows, "ES", kDate, kFirst, 10);
  fill_candles(rows, "NQ", kDate, kFirst, 10);
  ASSERT_TRUE(sink.write(rows));
  ASSERT_TRUE(sink.commit(table::candles_1m(), {}));
  rows.clear();
  fill_candles(rows, "ES", kDate, kFirst + 5, 10, 3);
  ASSERT_TRUE(sink.write(rows));
  const Status done = sink.replace(table::candles_1m(), "ticker = 'ES'");
  ASSERT_TRUE(done) << done.error().message();
  EXPECT_EQ(sink.figures().rows_removed, 5U);
  EXPECT_EQ(
      ask("SELECT string_agg(DISTINCT ticker || ' ' || n, ',') FROM (SELECT ticker, count(*) n "
          "FROM market_data.candles_1m GROUP BY ticker) q"),
      "ES 10,NQ 10");
  ASSERT_TRUE(sink.replace(table::candles_1m(), "ticker = 'ES'")) << "with nothing";
  EXPECT_EQ(ask("SELECT count(*) FROM market_data.candles_1m"), "10");
}

TEST_P(Sink, TwoTablesInOneCommit) {
  PostgresSink sink = open();
  table::RowBatch candles(table::candles_1m());
  table::RowBatch seconds(table::candles_1s());
  // More than the stage keeps between commits.
  for (int round = 0; round < 8; ++round) {
    candles.clear();
    seconds.clear();
    fill_candles(candles, "ES", kDate, kFirst + round * 1'000, 1'000);
    fill_seconds(seconds, "ESM5", kDate, kFirst + round * 1'000, 1'000);
    ASSERT_TRUE(sink.write(candles));
    ASSERT_TRUE(sink.write(seconds));
    ASSERT_TRUE(sink.commit_all(
        {{&table::candles_1m(), {"", 0, round}}, {&table::candles_1s(), {"", 0, round}}},
        round + 1));
  }
  EXPECT_EQ(ask("SELECT count(*) FROM market_data.candles_1m"), "8000");
  EXPECT_EQ(ask("SELECT count(*) FROM market_data.candles_1s"), "8000");
  EXPECT_EQ(ask("SELECT count(*) || ' ' || sum(stamp) FROM frontmonth.cursors"), "2 16");
  EXPECT_EQ(*open().stamp(table::candles_1s()), 8);
}

}  // namespace
}  // namespace fm::postgres
