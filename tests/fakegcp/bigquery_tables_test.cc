#include <fmt/format.h>
#include <gtest/gtest.h>

#include "testing_client.h"

namespace fm::fakegcp {
namespace {

std::string table(std::string_view name, std::string_view more = "") {
  return fmt::format(
      R"({{"tableReference":{{"projectId":"acme","datasetId":"market_data","tableId":"{}"}},)"
      R"("schema":{{"fields":[{{"name":"day","type":"DATE","mode":"REQUIRED"}},)"
      R"({{"name":"x","type":"FLOAT64"}},{{"name":"s","type":"STRING"}}]}}{}}})",
      name, more);
}

TEST(Tables, AreRefusedAsBigQueryWould) {
  TestCloud test;
  const struct {
    std::string body, reason;
  } cases[] = {
      {table("bad name!"), "400 invalid"},
      {table("a", R"(,"timePartitioning":{"type":"DAY","field":"s"})"), "400 invalid"},
      {table("a", R"(,"timePartitioning":{"type":"WEEK","field":"day"})"), "400 invalid"},
      {table("a", R"(,"timePartitioning":{"type":"DAY","field":"none"})"), "400 invalid"},
      {table("a", R"(,"requirePartitionFilter":true)"), "400 invalid"},
      {table("a", R"(,"clustering":{"fields":["x"]})"), "400 invalid"},
      {table("a", R"(,"clustering":{"fields":["day","s","day","s","day"]})"), "400 invalid"},
      {table("a", R"(,"colour":"red")"), "400 invalid"},
      {table("a", R"(,"view":{"query":"SELECT 1"})"), "400 invalid"},
      {R"({"tableReference":{"projectId":"other","datasetId":"market_data","tableId":"a"}})",
       "400 invalid"},
      {R"({})", "400 required"},
  };
  for (const auto& c : cases) EXPECT_EQ(test.reason("POST", kTables, c.body), c.reason) << c.body;
  test.expect(200, "POST", kTables,
              table("a", R"(,"timePartitioning":{"type":"MONTH","field":"day"})"));
  EXPECT_EQ(test.reason("POST", kTables, table("a")), "409 duplicate");
}

TEST(Tables, ChangeOnlyAsBigQueryLetsThem) {
  TestCloud test;
  const Json made = test.expect(200, "POST", kTables,
                                table("a", R"(,"timePartitioning":{"type":"DAY","field":"day"})"));
  EXPECT_EQ(made.at("schema", "fields").items()[1].at("type").text(), "FLOAT");
  const std::string path = std::string(kTables) + "/a";
  const auto patch = [&](std::string_view fields) {
    test.advance(kNanosPerSecond);
    return test.reason("PATCH", path, fmt::format(R"({{"schema":{{"fields":[{}]}}}})", fields));
  };
  const std::string_view day = R"({"name":"day","type":"DATE","mode":"REQUIRED"})";
  const std::string_view x = R"({"name":"x","type":"FLOAT"})";
  const std::string_view s = R"({"name":"s","type":"STRING"})";
  EXPECT_EQ(patch(fmt::format("{},{}", day, x)), "400 invalid");  // one is gone
  EXPECT_EQ(patch(fmt::format(R"({},{{"name":"x","type":"STRING"}},{})", day, s)), "400 invalid");
  EXPECT_EQ(
      patch(fmt::format(R"({},{},{},{{"name":"n","type":"DATE","mode":"REQUIRED"}})", day, x, s)),
      "400 invalid");
  EXPECT_EQ(patch(fmt::format(R"({},{},{},{{"name":"n","type":"DATE"}})", day, x, s)), "200 ");
  EXPECT_EQ(patch(fmt::format(
                R"({{"name":"day","type":"DATE"}},{},{},{{"name":"n","type":"DATE"}})", x, s)),
            "200 ");
  EXPECT_EQ(test.reason("PATCH", path, R"({"timePartitioning":{"type":"MONTH","field":"day"}})"),
            "400 invalid");
  const Reply stale = test.send("PATCH", path, R"({"description":"d"})", "application/json",
                                {{"If-Match", made.at("etag").text()}});
  EXPECT_EQ(stale.response.status, 412);
  test.expect(200, "PATCH", path, R"({"description":"d","labels":{"a":"1","b":"2"}})");
  const Json now = test.expect(200, "PATCH", path, R"({"labels":{"a":null}})");
  EXPECT_EQ(now.at("labels").dump(), R"({"b":"2"})");
  EXPECT_EQ(now.at("description").text(), "d");
}

TEST(Tables, ExpireWithTheirPartitions) {
  TestCloud test;
  EXPECT_EQ(test.query("CREATE TABLE market_data.t (day DATE) PARTITION BY day "
                       "OPTIONS(partition_expiration_days=10)"),
            "");
  EXPECT_EQ(
      test.query("INSERT INTO market_data.t (day) VALUES (DATE '2025-06-14'), (DATE '2025-06-01')"),
      "");
  test.advance(kNanosPerSecond);
  EXPECT_EQ(test.query("SELECT day FROM market_data.t"), "2025-06-14");
  const auto expires = (test.env.now() + kNanosPerDay) / 1'000'000;
  test.expect(200, "PATCH", std::string(kTables) + "/t",
              fmt::format(R"({{"expirationTime":"{}"}})", expires));
  test.advance(kNanosPerDay);
  test.log_in();
  EXPECT_EQ(test.reason("GET", std::string(kTables) + "/t"), "404 notFound");
}

TEST(Datasets, AreMadeChangedAndListed) {
  TestCloud test;
  const std::string datasets = "/bigquery/v2/projects/acme/datasets";
  const std::string body =
      R"({"datasetReference":{"projectId":"acme","datasetId":"ops"},"location":"EU","labels":{"a":"b"},)"
      R"("access":[{"role":"READER","userByEmail":"x@example.com"}]})";
  const Json made = test.expect(200, "POST", datasets, body);
  EXPECT_EQ(test.reason("POST", datasets, body), "409 duplicate");
  EXPECT_EQ(test.expect(200, "GET", datasets).at("datasets").items().size(), 2U);
  EXPECT_EQ(test.reason("PATCH", datasets + "/ops", R"({"location":"US"})"), "400 invalid");
  EXPECT_EQ(test.reason("PATCH", datasets + "/ops", R"({"defaultTableExpirationMs":"1000"})"),
            "400 invalid");
  const Json now =
      test.expect(200, "PATCH", datasets + "/ops", R"({"defaultTableExpirationMs":"3600000"})");
  EXPECT_NE(now.at("etag").text(), made.at("etag").text());
  EXPECT_EQ(now.at("access").items().size(), 1U);
  EXPECT_EQ(test.reason("GET", datasets + "/none"), "404 notFound");
}

TEST(TableData, IsListedPageByPage) {
  TestCloud test;
  EXPECT_EQ(test.query("CREATE TABLE market_data.t (n INT64, d NUMERIC)"), "");
  EXPECT_EQ(test.query("INSERT INTO market_data.t (n, d) SELECT x, CAST(x AS NUMERIC) / 4 FROM "
                       "UNNEST(GENERATE_ARRAY(1, 5)) AS x"),
            "");
  std::string cells, token;
  do {
    const Json page = test.expect(200, "GET",
                                  fmt::format("{}/t/data?maxResults=2{}", kTables,
                                              token.empty() ? "" : "&pageToken=" + token));
    for (const Json& row : page.at("rows").items())
      cells +=
          row.at("f").items()[0].at("v").text() + ":" + row.at("f").items()[1].at("v").text() + " ";
    token = page.at("pageToken").text();
  } while (!token.empty());
  EXPECT_EQ(cells, "1:0.25 2:0.5 3:0.75 4:1 5:1.25 ");
}

}  // namespace
}  // namespace fm::fakegcp
