#include "lake/query.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <thread>

#include "base/testing_fault_env.h"
#include "base/text_file.h"
#include "lake/duckdb.h"
#include "lake/testing_rows.h"
#include "table/ddl.h"

namespace fm::lake {
namespace {

const Date kDay(2025, 6, 16);

class QueryTest : public testing::Test {
 protected:
  void SetUp() override {
    auto lake = Lake::open(Env::posix(), dir_.file("lake"));
    ASSERT_TRUE(lake) << lake.error().message();
    lake_ = *std::move(lake);
    ASSERT_TRUE(write_version(*lake_, "ES", kDay, 3));
    ASSERT_TRUE(write_version(*lake_, "NQ", kDay, 4));
    auto query = Query::open(*lake_, {.threads = 1});
    ASSERT_TRUE(query);
    query_ = *std::move(query);
  }

  std::string run(std::string_view sql, Format format = Format::kCsv) {
    TextFile out;
    const auto done = query_->run(sql, format, out);
    return done ? out.text() : "error: " + done.error().message();
  }

  TestDirectory dir_;
  std::unique_ptr<Lake> lake_;
  std::unique_ptr<Query> query_;
};

TEST_F(QueryTest, ReadsTablesByEitherName) {
  for (const char* name : {"market_data.candles_1m", "candles_1m"})
    EXPECT_EQ(run("SELECT ticker, count(*) AS n, sum(volume) AS v FROM " + std::string(name) +
                  " GROUP BY 1 ORDER BY 1"),
              "ticker,n,v\nES,23,69\nNQ,24,96\n");
}

TEST_F(QueryTest, WritesValuesAsTheyRead) {
  EXPECT_EQ(
      run("SELECT time, trade_date, open, vd_ratio, symbol FROM candles_1m WHERE ticker = 'ES' "
          "ORDER BY time LIMIT 2"),
      "time,trade_date,open,vd_ratio,symbol\n"
      "2025-06-16T00:00:00Z,2025-06-16,5000.25,5000.25,ESM5\n"
      "2025-06-16T00:00:01Z,2025-06-16,5000.5,,ESM5\n");
  EXPECT_EQ(run("SELECT 0.1::DOUBLE + 0.2 AS d, TIMESTAMPTZ '2025-01-01 00:00:00.5+00' AS t, "
                "'a,\"b' AS s, '' AS e, [1,2] AS l, 1.50::DECIMAL(9,2) AS m, "
                "170141183460469231731687303715884105727::HUGEINT AS h"),
            "d,t,s,e,l,m,h\n0.30000000000000004,2025-01-01T00:00:00.500000Z,\"a,\"\"b\",\"\","
            "\"[1, 2]\",1.50,170141183460469231731687303715884105727\n");
  EXPECT_EQ(run("SELECT 1 AS a, NULL AS b, 'x\"y' AS c, DATE '2025-01-01' AS d, true AS e",
                Format::kJson),
            "{\"a\":1,\"b\":null,\"c\":\"x\\\"y\",\"d\":\"2025-01-01\",\"e\":true}\n");
  EXPECT_EQ(
      run("SELECT ticker, count(*) AS n FROM candles_1m GROUP BY 1 ORDER BY 1", Format::kTable),
      "ticker     n\n------  ----\nES        23\nNQ        24\n(2 rows)\n");
}

TEST_F(QueryTest, EmptyTablesHaveTheirColumns) {
  for (const table::Table& table : table::all_tables()) {
    if (table.name == "candles_1m") continue;
    std::string header;
    for (const auto& column : table.columns)
      header = fmt::format("{}{}{}", header, header.empty() ? "" : ",", column.name);
    EXPECT_EQ(run("SELECT * FROM " + std::string(table.name)), header + "\n");
  }
  const TestDirectory nothing;
  const auto lake = Lake::view(Env::posix(), nothing.file("none"));
  auto query = Query::open(*lake, {.threads = 1});
  TextFile out;
  EXPECT_TRUE((*query)->run("SELECT count(*) AS n FROM candles_1m", Format::kCsv, out));
  EXPECT_EQ(out.text(), "n\n0\n");
  EXPECT_FALSE(Env::posix().exists(nothing.file("none")));
}

TEST_F(QueryTest, ExplainDescribeAndShowWork) {
  for (const char* sql : {"EXPLAIN SELECT * FROM candles_1m", "DESCRIBE candles_1m",
                          "DESCRIBE SELECT 1", "SHOW TABLES", "FROM candles_1m LIMIT 1",
                          "VALUES (1)", "WITH a AS (SELECT 1) SELECT * FROM a",
                          "-- comment\nSELECT 1;", "/* c */ (SELECT 1)", "SUMMARIZE candles_1m"})
    EXPECT_FALSE(run(sql).starts_with("error")) << sql << ": " << run(sql);
  EXPECT_TRUE(run("SHOW TABLES").contains("candles_1m"));
}

TEST_F(QueryTest, NothingElseDoes) {
  const std::string victim = dir_.file("victim.csv");
  ASSERT_TRUE(write_text_atomically(Env::posix(), victim, "a\n1\n"));
  const std::string cases[] = {
      "DROP VIEW candles_1m",
      "CREATE TABLE x AS SELECT 1",
      "INSERT INTO candles_1m SELECT * FROM candles_1m",
      "COPY candles_1m TO '" + dir_.file("out.csv") + "'",
      "COPY candles_1m TO '" + dir_.file("lake/.store/out.part") + "'",
      "EXPLAIN ANALYZE COPY candles_1m TO '" + dir_.file("lake/.store/out.part") + "'",
      "SET threads = 4",
      "PRAGMA database_list",
      "ATTACH '" + dir_.file("x.db") + "'",
      "INSTALL httpfs",
      "LOAD httpfs",
      "CALL pragma_version()",
      "SELECT 1; SELECT 2",
      "",
      "SELEC 1",
      "SELECT * FROM read_csv('" + victim + "')",
      "SELECT * FROM '" + victim + "'",
      "SELECT * FROM read_text('/etc/hostname')",
      "SELECT * FROM glob('/*')",
      "EXPORT DATABASE '" + dir_.file("db") + "'",
      "WITH a AS (SELECT 1) INSERT INTO t SELECT * FROM a"};
  for (const auto& sql : cases) EXPECT_TRUE(run(sql).starts_with("error")) << sql;
  EXPECT_EQ(Env::posix().list(dir_.path())->size(), 3u);  // lake, state, victim
  EXPECT_TRUE(run("SELECT nothing FROM candles_1m").contains("nothing"));
}

// What would take hours, or everything.
constexpr const char* kEndless =
    "SELECT sum(hash(a.range + b.range)) FROM range(10000000) a, range(10000000) b";

TEST_F(QueryTest, EndsAStatementWhoseTimeIsOver) {
  const auto limited = Query::open(*lake_, {.threads = 1, .time_max = 200'000'000});
  ASSERT_TRUE(limited);
  TextFile out;
  const auto late = (*limited)->run(kEndless, Format::kCsv, out);
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code(), Code::kTimedOut) << late.error().message();
  EXPECT_EQ(out.text(), "");
  // The next one has its own time.
  const auto quick = (*limited)->run("SELECT count(*) AS n FROM candles_1m", Format::kCsv, out);
  ASSERT_TRUE(quick) << quick.error().message();
  EXPECT_EQ(quick->rows, 1U);
}

TEST_F(QueryTest, CanBeCancelled) {
  // Who cancels before the statement has begun cancels nothing: so again and again.
  std::jthread other([&](const std::stop_token& ended) {
    while (!ended.stop_requested()) {
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
      query_->cancel();
    }
  });
  TextFile out;
  const auto ended = query_->run(kEndless, Format::kCsv, out);
  other.request_stop();
  ASSERT_FALSE(ended);
  EXPECT_EQ(ended.error().message(), "the statement was cancelled");
  other.join();
  query_->cancel();  // nothing is under way
  EXPECT_EQ(run("SELECT 1 AS one"), "one\n1\n");
}

TEST_F(QueryTest, WritesAsManyRowsAsAreAllowed) {
  const auto limited = Query::open(*lake_, {.threads = 1, .rows_max = 3});
  ASSERT_TRUE(limited);
  const struct {
    const char* sql;
    std::uint64_t rows;
    bool is_cut;
  } cases[] = {{"SELECT * FROM range(2)", 2, false},
               {"SELECT * FROM range(3)", 3, false},
               {"SELECT * FROM range(4)", 3, true},
               {"SELECT * FROM range(1000000)", 3, true}};
  for (const auto& c : cases) {
    TextFile out;
    const auto outcome = (*limited)->run(c.sql, Format::kCsv, out);
    ASSERT_TRUE(outcome) << outcome.error().message();
    EXPECT_EQ(outcome->rows, c.rows) << c.sql;
    EXPECT_EQ(outcome->is_cut, c.is_cut) << c.sql;
    EXPECT_EQ(std::ranges::count(out.text(), '\n'), static_cast<std::ptrdiff_t>(c.rows) + 1);
  }
}

TEST_F(QueryTest, UsesNoMoreMemoryThanIsAllowed) {
  const auto limited = Query::open(*lake_, {.memory_max_mb = 64, .threads = 1});
  ASSERT_TRUE(limited);
  TextFile out;
  const auto large = (*limited)->run(
      "SELECT count(*) FROM (SELECT DISTINCT range::VARCHAR || repeat('x', 100) FROM "
      "range(20000000))",
      Format::kCsv, out);
  ASSERT_FALSE(large);
  EXPECT_EQ(large.error().code(), Code::kQuery) << large.error().message();
}

TEST_F(QueryTest, TakesRowsFromElsewhere) {
  table::RowBatch batch(table::job_runs());
  table::RowAppender row(batch);
  row.text("r1").date(kDay).text("candles").text("success").timestamp(0).null().int64(5).null();
  row.null().text("1").end();
  table::BatchStream rows(batch);
  ASSERT_TRUE(query_->set_rows(rows));
  EXPECT_EQ(run("SELECT run_id, rows_processed, finished_at FROM ops.job_runs"),
            "run_id,rows_processed,finished_at\nr1,5,\n");
  EXPECT_EQ(run("SELECT count(*) AS n FROM job_runs"), "n\n1\n");
}

TEST_F(QueryTest, ViewsReadTheTablesBehindThem) {
  const auto put = [&](const table::Table& table, const PartitionKey& key, auto fill) {
    table::RowBatch batch(table);
    table::RowAppender row(batch);
    fill(row);
    table::BatchStream rows(batch);
    const auto stored = lake_->replace(table, key, rows, {});
    ASSERT_TRUE(stored) << stored.error().message();
  };
  const auto empty = run("SELECT count(*) AS n FROM zl_daily_stitched");
  EXPECT_EQ(empty, "n\n0\n");
  put(table::yahoo_zl_historical_2000_2010(), {.root = "", .date = Date(2010, 1, 1)},
      [](table::RowAppender& row) {
        row.date(Date(2010, 6, 4)).null().null().null().number(37.5).null().null();
        row.boolean(true).timestamp(1).text("0").timestamp(1).end();
      });
  put(table::databento_futures_continuous_1d(), {.root = "ZL", .date = Date(2010, 1, 1)},
      [](table::RowAppender& row) {
        row.date(Date(2010, 6, 7)).text("ZL").text("ZL_CONT_VOL").number(38).number(39).number(37);
        row.number(38.25).null().int64(10).null().number(0).boolean(false).text("ZLN0");
        row.text("volume").int32(0).text("none").text("trade_date").boolean(false).end();
      });
  EXPECT_EQ(run("SELECT date, source, close, volume, seam_basis FROM market_data.zl_daily_stitched "
                "ORDER BY date"),
            "date,source,close,volume,seam_basis\n"
            "2010-06-04,yahoo,37.5,,0.75\n"
            "2010-06-07,databento,38.25,10,0.75\n");
}

TEST_F(QueryTest, SeesEachCommit) {
  ASSERT_TRUE(write_version(*lake_, "ES", kDay, 9));
  EXPECT_EQ(run("SELECT max(volume) AS v FROM candles_1m"), "v\n9\n");
}

TEST_F(QueryTest, AnswersAsOfAnEarlierTime) {
  FaultEnv env;
  const Nanos start = Env::posix().now();
  env.set_now(start);
  auto lake = Lake::open(env, dir_.file("past"), {.state_dir = "", .keep = kNanosPerSecond});
  ASSERT_TRUE(lake);
  for (std::int64_t seed = 1; seed <= 3; ++seed) {
    env.set_now(start + static_cast<Nanos>(seed));
    ASSERT_TRUE(write_version(**lake, seed == 3 ? "NQ" : "ES", kDay, seed));
  }
  const struct {
    Nanos as_of;
    const char* rows;
  } cases[] = {{start, "ticker,v\n"},
               {start + 1, "ticker,v\nES,1\n"},
               {start + 2, "ticker,v\nES,2\n"},
               {start + 3, "ticker,v\nES,2\nNQ,3\n"}};
  for (const auto& c : cases) {
    auto query = Query::open(**lake, {.threads = 1, .as_of = c.as_of});
    ASSERT_TRUE(query);
    query_ = *std::move(query);
    EXPECT_EQ(run("SELECT ticker, max(volume) AS v FROM candles_1m GROUP BY 1 ORDER BY 1"), c.rows);
  }
  EXPECT_EQ(Query::open(**lake, {.as_of = start + 4}).error().code(), Code::kInvalidArgument);

  // Its time is over.
  ASSERT_TRUE(write_version(**lake, "ES", kDay, 4));
  env.set_now(start + 2 * kNanosPerSecond);
  ASSERT_TRUE((*lake)->clean());
  query_ = *Query::open(**lake, {.threads = 1, .as_of = start + 1});
  EXPECT_TRUE(run("FROM candles_1m").contains("no longer kept"));
  EXPECT_EQ(run("SELECT count(*) AS n FROM candle_sessions"), "n\n0\n");
}

TEST(Ddl, DuckdbTakesItAndHasTheCataloguesTypes) {
  auto database = Database::open({});
  ASSERT_TRUE(database);
  for (const table::Table& table : table::all_tables()) {
    const Status created = database->execute(create_statement(table, table::Engine::kDuckdb));
    ASSERT_TRUE(created) << created.error().message();
    const auto rows = database->query(fmt::format("FROM {}.{}", table.dataset, table.name));
    ASSERT_TRUE(rows);
    ASSERT_EQ(rows->columns(), table.columns.size());
    for (std::size_t c = 0; c < table.columns.size(); ++c) {
      EXPECT_EQ(rows->name(c), table.columns[c].name);
      EXPECT_EQ(rows->type(c), duckdb_type_of(table.columns[c].type)) << rows->name(c);
    }
  }
}

}  // namespace
}  // namespace fm::lake
