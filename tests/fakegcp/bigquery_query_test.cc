#include "bigquery_query.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "quality/verify_sums.h"
#include "table/catalogue.h"
#include "table/ddl.h"
#include "testing_client.h"

namespace fm::fakegcp {
namespace {

constexpr std::string_view kCreate =
    "CREATE TABLE market_data.bars (day DATE, symbol STRING, price FLOAT64, size INT64)\n"
    "PARTITION BY day CLUSTER BY symbol OPTIONS(description='bars', require_partition_filter=true)";

void fill(TestCloud& test) {
  EXPECT_EQ(test.query(kCreate), "");
  EXPECT_EQ(test.query("INSERT INTO market_data.bars (day, symbol, price, size) VALUES "
                       "(DATE '2025-06-10', 'ES', 1.5, 10), (DATE '2025-06-10', 'NQ', 2.5, 20), "
                       "(DATE '2025-06-11', 'ES', 3.5, 30)"),
            "");
}

TEST(Queries, CreateEveryTableOfTheCatalogue) {
  TestCloud test;
  for (const table::Table& table : table::all_tables())
    EXPECT_EQ(test.query(table::create_statement(table, table::Engine::kBigquery)), "")
        << table.name;
  const Json made = test.expect(200, "GET", std::string(kTables) + "/candles_1m");
  EXPECT_EQ(made.at("timePartitioning", "field").text(), "trade_date");
  EXPECT_EQ(made.at("schema", "fields").items()[0].at("mode").text(), "NULLABLE");
  EXPECT_FALSE(made.at("description").text().empty());
  // Again: nothing happens.
  for (const table::Table& table : table::all_tables())
    EXPECT_EQ(test.query(table::create_statement(table, table::Engine::kBigquery)), "")
        << table.name;
}

TEST(Queries, SumsStatementsRun) {
  TestCloud test;
  for (const table::Table& table : table::all_tables()) {
    ASSERT_EQ(test.query(table::create_statement(table, table::Engine::kBigquery)), "");
    const std::string sums = quality::sums_statement(
        table, table::Engine::kBigquery, {.from = Date(2025, 1, 1), .before = Date(2026, 1, 1)});
    EXPECT_EQ(test.query(sums), "") << table.name << ": " << sums;
  }
}

TEST(Queries, MergeAndChangeRows) {
  TestCloud test;
  fill(test);
  const std::string merge =
      "MERGE market_data.bars AS t USING (SELECT DATE '2025-06-10' AS day, 'ES' AS symbol, 9.5 AS "
      "price, 90 AS size "
      "UNION ALL SELECT DATE '2025-06-10', 'CL', 7.5, 70) AS s "
      "ON t.day = DATE '2025-06-10' AND t.symbol = s.symbol "
      "WHEN MATCHED THEN UPDATE SET price = s.price, size = s.size "
      "WHEN NOT MATCHED THEN INSERT (day, symbol, price, size) VALUES (s.day, s.symbol, s.price, "
      "s.size) "
      "WHEN NOT MATCHED BY SOURCE AND t.day = DATE '2025-06-10' THEN DELETE";
  const Json job = test.run(TestCloud::query_body("merge", merge));
  EXPECT_TRUE(job.at("status", "errorResult").is_null()) << job.dump();
  EXPECT_EQ(job.at("statistics", "query", "numDmlAffectedRows").text(), "3");
  EXPECT_EQ(test.query("SELECT day, symbol, size FROM `acme.market_data.bars` WHERE day >= "
                       "'2025-01-01' ORDER BY 1, 2"),
            "2025-06-10|CL|70\n2025-06-10|ES|90\n2025-06-11|ES|30");
  EXPECT_TRUE(
      test.query("MERGE INTO market_data.bars t USING (SELECT 'ES' AS symbol FROM UNNEST([1, 2]) "
                 "AS x) s "
                 "ON t.symbol = s.symbol AND t.day = DATE '2025-06-10' WHEN MATCHED THEN DELETE")
          .contains("at most one source row"));
  EXPECT_EQ(test.query("UPDATE market_data.bars SET size = size + 1 WHERE day = DATE '2025-06-11'"),
            "");
  EXPECT_EQ(
      test.query("DELETE FROM market_data.bars WHERE day = DATE '2025-06-10' AND symbol = 'CL'"),
      "");
  EXPECT_EQ(test.query("SELECT SUM(size) FROM market_data.bars WHERE day IN (DATE '2025-06-10', "
                       "DATE '2025-06-11')"),
            "121");
}

TEST(Queries, ScriptsAreAllOrNothingInATransaction) {
  TestCloud test;
  fill(test);
  const std::string count = "SELECT COUNT(*) FROM market_data.bars WHERE day > '2000-01-01'";
  EXPECT_TRUE(
      test.query("BEGIN TRANSACTION; DELETE FROM market_data.bars WHERE day = DATE '2025-06-10'; "
                 "SELECT nothing FROM market_data.bars WHERE day = DATE '2025-06-10'; COMMIT "
                 "TRANSACTION")
          .starts_with("invalidQuery"));
  EXPECT_EQ(test.query(count), "3");
  EXPECT_EQ(
      test.query("BEGIN TRANSACTION; DELETE FROM market_data.bars WHERE day = DATE '2025-06-10'; "
                 "INSERT INTO market_data.bars SELECT DATE '2025-06-10', 'X', 1.0, 1; COMMIT "
                 "TRANSACTION;"),
      "");
  EXPECT_EQ(test.query(count), "2");
}

TEST(Queries, CostWhatTheyRead) {
  TestCloud test;
  fill(test);
  const auto dry = [&](std::string_view sql) {
    std::string body = TestCloud::query_body("dry", sql);
    body.insert(body.find("\"configuration\":{") + 17, "\"dryRun\":true,");
    const Reply reply = test.send("POST", std::string(kProject) + "/jobs", body);
    const Json json = Json::parse(reply.response.body).value();
    return reply.response.status == 200 ? json.at("statistics", "totalBytesProcessed").text()
                                        : json.at("error", "message").text();
  };
  const struct {
    const char *sql, *bytes;
  } cases[] = {
      {"SELECT size FROM market_data.bars WHERE day >= '2025-01-01'", "48"},      // 3 · (8 + 8)
      {"SELECT size FROM market_data.bars WHERE day = DATE '2025-06-10'", "32"},  // 2 · 16
      {"SELECT size FROM market_data.bars AS b WHERE b.day < DATE_ADD(DATE '2025-06-10', INTERVAL "
       "1 DAY)",
       "32"},
      {"SELECT size FROM market_data.bars WHERE day BETWEEN '2025-06-11' AND '2025-06-30'", "16"},
      {"SELECT * FROM market_data.bars WHERE day IN ('2025-06-11')", "28"},  // 8 + 4 + 8 + 8
      {"SELECT size FROM market_data.bars WHERE (day = '2025-06-11' AND size > 1) AND symbol = "
       "'ES'",
       "20"},
      {"SELECT COUNT(*) FROM market_data.bars", "without a filter"},
      {"SELECT size FROM market_data.bars WHERE size > 1", "without a filter"},
      {"SELECT size FROM market_data.bars WHERE day = '2025-06-11' OR size > 1",
       "without a filter"},
      {"SELECT size FROM market_data.bars WHERE day = (SELECT DATE '2025-06-11')",
       "without a filter"},
      {"MERGE market_data.bars t USING (SELECT 'ES' AS symbol) s ON t.symbol = s.symbol WHEN "
       "MATCHED THEN DELETE",
       "without a filter"},
      {"MERGE market_data.bars t USING (SELECT 'ES' AS symbol) s ON t.symbol = s.symbol AND t.day "
       "= '2025-06-11' "
       "WHEN MATCHED THEN DELETE",
       "28"},
      {"SELECT colour FROM market_data.bars WHERE day = '2025-06-11'", "colour"},
  };
  for (const auto& c : cases) {
    const std::string found = dry(c.sql);
    EXPECT_TRUE(found == c.bytes || (std::isdigit(c.bytes[0]) == 0 && found.contains(c.bytes)))
        << c.sql << ": " << found;
  }
  EXPECT_EQ(test.query("ALTER TABLE market_data.bars SET OPTIONS(require_partition_filter=false)"),
            "");
  // Without a constant predicate a MERGE pays for the whole table.
  EXPECT_EQ(dry(cases[10].sql), "84");
  EXPECT_EQ(dry("SELECT COUNT(*) FROM market_data.bars"), "0");
  EXPECT_EQ(test.reason("GET", std::string(kProject) + "/jobs/dry?location=US"), "404 notFound");
  const std::string sql = "SELECT size FROM market_data.bars WHERE day = '2025-06-11'";
  const Json refused =
      test.run(TestCloud::query_body("low", sql, R"("maximumBytesBilled":"1000000")"));
  EXPECT_EQ(refused.at("status", "errorResult", "reason").text(), "bytesBilledLimitExceeded");
  const Json done =
      test.run(TestCloud::query_body("enough", sql, R"("maximumBytesBilled":"10485760")"));
  EXPECT_EQ(done.at("statistics", "query", "totalBytesBilled").text(), "10485760");
}

TEST(Queries, RowsComePageByPage) {
  TestCloud test;
  test.run(TestCloud::query_body("many",
                                 "SELECT x, TIMESTAMP '2025-06-15 00:00:00.5 UTC' AS t FROM "
                                 "UNNEST(GENERATE_ARRAY(1, 5)) AS x ORDER BY x"));
  std::string all;
  std::string token;
  do {
    const Json page = test.expect(
        200, "GET",
        fmt::format(
            "{}/queries/many?location=US&maxResults=2{}&formatOptions.useInt64Timestamp=true",
            kProject, token.empty() ? "" : "&pageToken=" + token));
    EXPECT_EQ(page.at("totalRows").text(), "5");
    for (const Json& row : page.at("rows").items())
      all += row.at("f").items()[0].at("v").text() + " ";
    EXPECT_EQ(page.at("rows").items()[0].at("f").items()[1].at("v").text(), "1749945600500000");
    token = page.at("pageToken").text();
  } while (!token.empty());
  EXPECT_EQ(all, "1 2 3 4 5 ");
}

TEST(Queries, WaitForTheirJob) {
  TestCloud test({.jobs = {.running_max = 60 * kNanosPerSecond}});
  test.expect(200, "POST", std::string(kProject) + "/jobs",
              TestCloud::query_body("slow", "SELECT 1"));
  const Json early =
      test.expect(200, "GET", std::string(kProject) + "/queries/slow?location=US&timeoutMs=0");
  EXPECT_FALSE(early.at("jobComplete").boolean());
  const Json later =
      test.expect(200, "GET", std::string(kProject) + "/queries/slow?location=US&timeoutMs=60000");
  EXPECT_TRUE(later.at("jobComplete").boolean());
  EXPECT_EQ(later.at("rows").items().size(), 1U);
  // Only whether it is over.
  const Json state =
      test.expect(200, "GET", std::string(kProject) + "/queries/slow?location=US&maxResults=0");
  EXPECT_TRUE(state.at("jobComplete").boolean());
  EXPECT_EQ(state.at("totalRows").text(), "1");
  EXPECT_FALSE(state.has("rows"));
  EXPECT_FALSE(state.has("pageToken"));
}

TEST(Queries, SeeTheStateOfTheWarehouse) {
  TestCloud test;
  fill(test);
  EXPECT_EQ(test.query("SELECT table_name, partition_id, total_rows FROM "
                       "market_data.INFORMATION_SCHEMA.PARTITIONS ORDER BY 2"),
            "bars|20250610|2\nbars|20250611|1");
  EXPECT_EQ(
      test.query(
          "SELECT table_schema, table_name, total_rows, total_partitions, total_logical_bytes "
          "FROM `acme`.`region-us`.INFORMATION_SCHEMA.TABLE_STORAGE"),
      "market_data|bars|3|2|84");
  EXPECT_EQ(test.query("SELECT job_type, statement_type, COUNT(*) FROM "
                       "`region-us`.INFORMATION_SCHEMA.JOBS_BY_PROJECT "
                       "WHERE creation_time > TIMESTAMP '2020-01-01' AND statement_type = 'INSERT' "
                       "GROUP BY 1, 2"),
            "QUERY|INSERT|1");
  EXPECT_EQ(test.query("SELECT column_name, data_type, is_partitioning_column FROM "
                       "market_data.INFORMATION_SCHEMA.COLUMNS "
                       "WHERE ordinal_position = 1"),
            "day|DATE|YES");
}

TEST(Queries, ViewsAndTablesOfQueries) {
  TestCloud test;
  fill(test);
  EXPECT_EQ(test.query("CREATE OR REPLACE VIEW market_data.big AS SELECT day, symbol FROM "
                       "`acme.market_data.bars` WHERE size > 15"),
            "");
  EXPECT_EQ(test.query("SELECT symbol FROM market_data.big WHERE day = DATE '2025-06-10'"), "NQ");
  EXPECT_TRUE(test.query("SELECT symbol FROM market_data.big").contains("without a filter"));
  EXPECT_EQ(test.query("CREATE TABLE market_data.copy AS SELECT day, size FROM market_data.bars "
                       "WHERE day >= '2025-01-01'"),
            "");
  EXPECT_EQ(test.query("SELECT SUM(size) FROM market_data.copy"), "60");
  EXPECT_EQ(test.query("DROP TABLE IF EXISTS market_data.copy"), "");
  EXPECT_TRUE(test.query("DROP TABLE market_data.copy").starts_with("notFound"));
}

TEST(Queries, TakeTheRarerForms) {
  TestCloud test;
  fill(test);
  const struct {
    const char *sql, *rows;
  } cases[] = {
      {"CREATE TABLE market_data.months (day DATE, n INT64) PARTITION BY DATE_TRUNC(day, MONTH)",
       ""},
      {"CREATE TABLE market_data.times (t TIMESTAMP NOT NULL, n INT64) PARTITION BY DATE(t)", ""},
      {"MERGE market_data.months t USING (SELECT 1 AS n, DATE '2025-06-01' AS day) s ON t.day = "
       "s.day "
       "WHEN NOT MATCHED THEN INSERT ROW",
       ""},
      {"SELECT day, n FROM market_data.months", "2025-06-01|1"},
      {"SELECT 1 UNION DISTINCT SELECT 1", "1"},
      {"SELECT x FROM UNNEST([1, 2]) AS x EXCEPT DISTINCT SELECT 2", "1"},
      {"SELECT symbol FROM market_data.bars WHERE day = '2025-06-10' "
       "QUALIFY ROW_NUMBER() OVER (ORDER BY size DESC) = 1",
       "NQ"},
      {"SELECT a.symbol, b.size FROM market_data.bars AS a JOIN `acme.market_data.bars` AS b "
       "USING (symbol, day) WHERE a.day = DATE '2025-06-11' AND b.day = DATE '2025-06-11'",
       "ES|30"},
      {"SELECT symbol, MAX(size) AS m FROM market_data.bars WHERE day > DATE_SUB(CURRENT_DATE(), "
       "INTERVAL 30 DAY) "
       "GROUP BY symbol HAVING m > 20",
       "ES|30"},
      {"INSERT market_data.times (t, n) VALUES (NULL, 1)",
       "invalidQuery: Required field cannot be null: Constraint Error: NOT NULL constraint failed: "
       "times.t"},
      {"ALTER TABLE market_data.months ADD COLUMN IF NOT EXISTS extra STRING", ""},
      {"SELECT extra FROM market_data.months", "NULL"},
      {"TRUNCATE TABLE market_data.months", "invalidQuery: Statement not supported: TRUNCATE"},
  };
  for (const auto& c : cases) EXPECT_EQ(test.query(c.sql), c.rows) << c.sql;
  test.run(TestCloud::query_body(
      "with_parameter", "SELECT @n + 1",
      R"("parameterMode":"NAMED","queryParameters":[{"name":"n","parameterType":{"type":"INT64"},)"
      R"("parameterValue":{"value":"41"}}])"));
  EXPECT_EQ(test.rows_of("with_parameter"), "42");
}

TEST(Queries, WriteToADestination) {
  TestCloud test;
  const std::string to =
      R"("destinationTable":{"projectId":"acme","datasetId":"market_data","tableId":"out"})";
  const auto error = [](const Json& job) {
    return job.at("status", "errorResult", "reason").text();
  };
  EXPECT_EQ(error(test.run(TestCloud::query_body("d1", "SELECT 1 AS n", to))), "");
  EXPECT_EQ(error(test.run(TestCloud::query_body("d2", "SELECT 2 AS n", to))), "duplicate");
  EXPECT_EQ(error(test.run(TestCloud::query_body("d3", "SELECT 3 AS n",
                                                 to + R"(,"writeDisposition":"WRITE_APPEND")"))),
            "");
  EXPECT_EQ(test.query("SELECT SUM(n) FROM market_data.out"), "4");
  EXPECT_EQ(error(test.run(TestCloud::query_body("d4", "SELECT 9 AS n",
                                                 to + R"(,"writeDisposition":"WRITE_TRUNCATE")"))),
            "");
  EXPECT_EQ(test.query("SELECT SUM(n) FROM market_data.out"), "9");
}

}  // namespace
}  // namespace fm::fakegcp
