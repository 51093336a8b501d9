#include "bigquery_load.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "testing_client.h"

namespace fm::fakegcp {
namespace {

const TableName kTrades{"acme", "market_data", "trades"};

// Columns as frontmonth's tables have them, all NULLABLE: DuckDB writes no REQUIRED columns.
void make_table(TestCloud& test, std::string_view name = "trades", bool partitioned = true,
                std::string_view mode = "NULLABLE") {
  test.expect(
      200, "POST", kTables,
      fmt::format(
          R"({{"tableReference":{{"projectId":"acme","datasetId":"market_data","tableId":"{}"}},)"
          R"("schema":{{"fields":[{{"name":"ts","type":"TIMESTAMP","mode":"{}"}},)"
          R"({{"name":"day","type":"DATE"}},{{"name":"price","type":"FLOAT64"}},)"
          R"({{"name":"size","type":"INTEGER"}},{{"name":"symbol","type":"STRING"}}]}}{}}})",
          name, mode,
          partitioned ? R"(,"timePartitioning":{"type":"DAY","field":"day"},)"
                        R"("clustering":{"fields":["symbol"]})"
                      : ""));
}

std::string rows(std::string_view day, int count) {
  return fmt::format(
      "SELECT TIMESTAMPTZ '{0} 12:00:00+00' + INTERVAL (i) SECOND AS ts, DATE '{0}' AS day, "
      "100.5::DOUBLE + i AS price, i::BIGINT AS size, 'ES' AS symbol FROM range({1}) AS t(i)",
      day, count);
}

std::string error_of(const Json& job) {
  const Json& error = job.at("status", "errorResult");
  return error.at("reason").text() + ": " + error.at("message").text();
}

std::string count(TestCloud& test, std::string_view where = "true") {
  return *test.cloud
              ->sql(fmt::format("SELECT count(*) FROM {} WHERE {}", test.cloud->table_sql(kTrades),
                                where))
              ->rows[0][0];
}

TEST(LoadJobs, AppendOnceHoweverOftenTheyAreSent) {
  TestCloud test(
      {.jobs = {.pending_max = 2 * kNanosPerSecond, .running_max = 30 * kNanosPerSecond}});
  make_table(test);
  test.put_object("a/1.parquet", test.parquet(rows("2025-06-10", 5)));
  test.put_object("a/2.parquet", test.parquet(rows("2025-06-11", 3)));
  const std::string body = TestCloud::load_body("load_1", "gs://lake/a/*.parquet", "trades");
  const Json made = test.expect(200, "POST", std::string(kProject) + "/jobs", body);
  EXPECT_NE(made.at("status", "state").text(), "DONE");
  EXPECT_EQ(count(test), "0");  // all at its end
  EXPECT_EQ(test.reason("POST", std::string(kProject) + "/jobs", body), "409 duplicate");
  test.env.set_now(test.cloud->next_job_end());
  const Json job = test.expect(200, "GET", std::string(kProject) + "/jobs/load_1?location=US");
  EXPECT_EQ(job.at("status", "state").text(), "DONE");
  const Json& load = job.at("statistics", "load");
  EXPECT_EQ(load.at("inputFiles").text(), "2");
  EXPECT_EQ(load.at("outputRows").text(), "8");
  EXPECT_EQ(load.at("badRecords").text(), "0");
  EXPECT_EQ(load.at("outputBytes").text(), std::to_string(8 * (4 * 8 + 4)));
  EXPECT_EQ(test.reason("POST", std::string(kProject) + "/jobs", body), "409 duplicate");
  EXPECT_EQ(count(test), "8");
}

TEST(LoadJobs, ReplaceAPartitionWhole) {
  TestCloud test;
  make_table(test);
  test.put_object("old", test.parquet(rows("2025-06-10", 5)));
  test.put_object("other", test.parquet(rows("2025-06-11", 4)));
  test.put_object("new", test.parquet(rows("2025-06-10", 2)));
  test.run(TestCloud::load_body("1", "gs://lake/old", "trades"));
  test.run(TestCloud::load_body("2", "gs://lake/other", "trades"));
  const std::string truncate = R"("writeDisposition":"WRITE_TRUNCATE")";
  EXPECT_EQ(
      error_of(test.run(TestCloud::load_body("3", "gs://lake/new", "trades$20250610", truncate))),
      ": ");
  EXPECT_EQ(count(test, "day = DATE '2025-06-10'"), "2");
  EXPECT_EQ(count(test, "day = DATE '2025-06-11'"), "4");
  EXPECT_TRUE(
      error_of(test.run(TestCloud::load_body("4", "gs://lake/new", "trades$20250611", truncate)))
          .contains("different partitions"));
  EXPECT_TRUE(
      error_of(test.run(TestCloud::load_body("5", "gs://lake/new", "trades$202506", truncate)))
          .contains("Invalid partition ID"));
  EXPECT_EQ(count(test), "6");
}

TEST(LoadJobs, RefuseWhatDoesNotFitTheTable) {
  TestCloud test;
  make_table(test);
  make_table(test, "strict", true, "REQUIRED");
  test.put_object("good", test.parquet(rows("2025-06-10", 2)));
  test.put_object("text_price", test.parquet("SELECT '1' AS price, DATE '2025-06-10' AS day"));
  test.put_object(
      "local_time",
      test.parquet("SELECT TIMESTAMP '2025-06-10 12:00:00' AS ts, DATE '2025-06-10' AS day"));
  test.put_object(
      "nanos",
      test.parquet("SELECT TIMESTAMP_NS '2025-06-10 12:00:00' AS ts, DATE '2025-06-10' AS day"));
  test.put_object("more", test.parquet("SELECT 1 AS surprise, DATE '2025-06-10' AS day"));
  test.put_object("not_parquet", "hello");
  const struct {
    const char *object, *table, *more, *error;
  } cases[] = {
      {"good", "trades", "", ""},
      {"none", "trades", "", "notFound: Not found: URI gs://lake/none"},
      {"text_price", "trades", "", "Field price has changed type from FLOAT to STRING"},
      {"local_time", "trades", "", "Field ts has changed type from TIMESTAMP to DATETIME"},
      {"nanos", "trades", "", "Field ts has changed type from TIMESTAMP to INTEGER"},
      {"more", "trades", "", "Cannot add fields (field: surprise)"},
      {"more", "trades", R"("schemaUpdateOptions":["ALLOW_FIELD_ADDITION"])", ""},
      {"not_parquet", "trades", "", "not in Parquet format"},
      {"good", "strict", "", "Field ts has changed mode from REQUIRED to NULLABLE"},
      {"good", "strict", R"("schemaUpdateOptions":["ALLOW_FIELD_RELAXATION"])", ""},
      {"good", "missing", R"("createDisposition":"CREATE_NEVER")", "notFound: Not found: Table"},
      {"good", "missing", R"("timePartitioning":{"type":"DAY","field":"day"})", ""},
      {"good", "missing", R"("writeDisposition":"WRITE_EMPTY")", "duplicate: Already Exists"},
      {"good", "trades", R"("timePartitioning":{"type":"MONTH","field":"day"})",
       "Incompatible table partitioning"},
  };
  int id = 0;
  for (const auto& c : cases) {
    const std::string error = error_of(test.run(TestCloud::load_body(
        fmt::format("job_{}", ++id), std::string("gs://lake/") + c.object, c.table, c.more)));
    const std::string_view wanted = *c.error == '\0' ? ": " : c.error;
    EXPECT_TRUE(error.contains(wanted)) << c.object << " " << c.table << ": " << error;
    EXPECT_EQ(error == ": ", *c.error == '\0') << c.object << " " << c.table << ": " << error;
  }
}

TEST(LoadJobs, AreRefusedAtOnce) {
  TestCloud test;
  make_table(test);
  test.cloud->add_bucket("elsewhere", "EUROPE-WEST1");
  const struct {
    std::string body, reason;
  } cases[] = {
      {TestCloud::load_body("a b", "gs://lake/x", "trades"), "400 invalid"},
      {TestCloud::load_body("a", "gs://lake/x", "trades", R"("autodetect":true)"), "400 invalid"},
      {TestCloud::load_body("a", "gs://lake/x", "trades", R"("colour":"red")"), "400 invalid"},
      {TestCloud::load_body("a", "gs://lake/x", "trades", R"("writeDisposition":"WRITE")"),
       "400 invalid"},
      {TestCloud::load_body(
           "a", "gs://lake/x", "trades",
           R"("writeDisposition":"WRITE_TRUNCATE","schemaUpdateOptions":["ALLOW_FIELD_ADDITION"])"),
       "400 invalid"},
      {R"({"jobReference":{"projectId":"acme","jobId":"a","location":"EU"},"configuration":{"load":)"
       R"({"sourceUris":["gs://lake/x"],"sourceFormat":"PARQUET","destinationTable":{"projectId":"acme",)"
       R"("datasetId":"market_data","tableId":"trades"}}}})",
       "404 notFound"},
      {R"({"configuration":{}})", "400 invalid"},
  };
  for (const auto& c : cases)
    EXPECT_EQ(test.reason("POST", std::string(kProject) + "/jobs", c.body), c.reason) << c.body;
  EXPECT_EQ(test.reason("GET", std::string(kProject) + "/jobs/a?location=US"), "404 notFound");
}

TEST(LoadJobs, NeedTheBucketNearTheDataset) {
  TestCloud test;
  test.cloud->add_bucket("far", "EUROPE-WEST1");
  test.expect(200, "POST", "/bigquery/v2/projects/acme/datasets",
              R"({"datasetReference":{"datasetId":"east"},"location":"us-east1"})");
  const Json job = test.expect(
      200, "POST", std::string(kProject) + "/jobs",
      R"({"jobReference":{"projectId":"acme","jobId":"a","location":"us-east1"},"configuration":{"load":)"
      R"({"sourceUris":["gs://far/x"],"sourceFormat":"PARQUET","destinationTable":{"projectId":"acme",)"
      R"("datasetId":"east","tableId":"t"}}}})");
  test.send("POST", "/upload/storage/v1/b/far/o?uploadType=media&name=x", "PAR1",
            "application/octet-stream");
  EXPECT_EQ(test.reason("GET", std::string(kProject) + "/jobs/a"),
            "404 notFound");  // says no location
  const Json done = test.expect(200, "GET", std::string(kProject) + "/jobs/a?location=us-east1");
  EXPECT_EQ(done.at("status", "state").text(), "DONE");
}

TEST(LoadJobs, CountAgainstTheQuotas) {
  TestCloud test(
      {.limits = {
           .table_loads_per_day = 3, .partition_changes_per_day = 6, .partitions_per_job = 4}});
  make_table(test, "plain", false);
  make_table(test);
  test.put_object("one", test.parquet(rows("2025-06-10", 1)));
  test.put_object("three",
                  test.parquet(rows("2025-06-10", 1) + " UNION ALL " + rows("2025-06-11", 1) +
                               " UNION ALL " + rows("2025-06-12", 1)));
  test.put_object(
      "five", test.parquet("SELECT DATE '2025-06-10' + i::INTEGER AS day FROM range(5) AS t(i)"));
  int id = 0;
  const auto load = [&](std::string_view object, std::string_view table) {
    test.advance(11 * kNanosPerSecond);
    return error_of(test.run(TestCloud::load_body(fmt::format("q{}", ++id),
                                                  fmt::format("gs://lake/{}", object), table)));
  };
  EXPECT_EQ(load("one", "plain"), ": ");
  EXPECT_TRUE(load("none", "plain").starts_with("notFound"));  // counts, too
  EXPECT_EQ(load("one", "plain"), ": ");
  EXPECT_TRUE(load("one", "plain").starts_with("quotaExceeded"));
  EXPECT_EQ(load("three", "trades"), ": ");
  EXPECT_TRUE(load("five", "trades").contains("Too many partitions"));
  EXPECT_EQ(load("three", "trades"), ": ");
  EXPECT_TRUE(load("one", "trades").starts_with("quotaExceeded"));
  test.advance(kNanosPerDay);
  test.log_in();
  EXPECT_EQ(load("one", "trades"), ": ");
  EXPECT_EQ(load("one", "plain"), ": ");
  for (int i = 0; i < 5; ++i)
    test.run(TestCloud::load_body(fmt::format("r{}", i), "gs://lake/three", "new_one"));
  EXPECT_TRUE(error_of(test.run(TestCloud::load_body("r5", "gs://lake/one", "new_one")))
                  .contains("rateLimitExceeded"));
}

TEST(LoadJobs, FailAndTakeTheirIdWithThem) {
  TestCloud test;
  make_table(test);
  test.put_object("one", test.parquet(rows("2025-06-10", 1)));
  const struct {
    Fault fault;
    const char* reason;
  } cases[] = {{Fault::kJobBackend, "backendError"},
               {Fault::kJobInternal, "internalError"},
               {Fault::kJobRateLimit, "rateLimitExceeded"}};
  for (const auto& c : cases) {
    test.cloud->script("bigquery.jobs.insert", 1, c.fault);
    const std::string body = TestCloud::load_body(c.reason, "gs://lake/one", "trades");
    EXPECT_TRUE(error_of(test.run(body)).starts_with(c.reason));
    EXPECT_EQ(test.reason("POST", std::string(kProject) + "/jobs", body), "409 duplicate");
  }
  EXPECT_EQ(count(test), "0");
  test.run(TestCloud::load_body("again", "gs://lake/one", "trades"));
  EXPECT_EQ(count(test), "1");
}

}  // namespace
}  // namespace fm::fakegcp
