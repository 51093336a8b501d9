#include "transfer.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "testing_client.h"

namespace fm::fakegcp {
namespace {

constexpr std::string_view kConfigs = "/v1/projects/acme/locations/us/transferConfigs";

TEST(Transfers, ReadSchedules) {
  const struct {
    const char* text;
    std::int64_t minutes;  // 0: refused
  } cases[] = {{"every 5 minutes", 5}, {"every 4 minutes", 0},
               {"every 2 hours", 120}, {"every day 05:30", 1440},
               {"every day", 1440},    {"every day 25:00", 0},
               {"hourly", 0},          {"every x minutes", 0},
               {"every 5 moons", 0}};
  for (const auto& c : cases) EXPECT_EQ(schedule_minutes(c.text).value_or(0), c.minutes) << c.text;
}

TEST(Transfers, RunTheirQuery) {
  TestCloud test;
  EXPECT_EQ(test.query("CREATE TABLE market_data.runs (day DATE, ran TIMESTAMP)"), "");
  const std::string body =
      R"({"displayName":"rollup","dataSourceId":"scheduled_query","schedule":"every 15 minutes",)"
      R"("params":{"query":"INSERT INTO market_data.runs (day, ran) SELECT @run_date, @run_time"}})";
  const Json made = test.expect(200, "POST", kConfigs, body);
  const std::string path = "/v1/" + made.at("name").text();
  EXPECT_EQ(made.at("schedule").text(), "every 15 minutes");
  const Json run = test.expect(200, "POST", path + ":startManualRuns",
                               R"({"requestedRunTime":"2025-06-10T01:02:03Z"})");
  EXPECT_EQ(run.at("runs").items()[0].at("state").text(), "SUCCEEDED") << run.dump();
  EXPECT_EQ(test.query("SELECT day, UNIX_SECONDS(ran) FROM market_data.runs"),
            "2025-06-10|1749517323");
  EXPECT_EQ(test.reason("PATCH", path, R"({"schedule":"every 6 hours"})"), "400 required");
  EXPECT_EQ(
      test.reason("PATCH", path + "?updateMask=schedule", R"({"schedule":"every 1 minutes"})"),
      "400 invalid");
  test.expect(200, "PATCH", path + "?updateMask=schedule",
              R"({"schedule":"every 6 hours","displayName":"other"})");
  const Json now = test.expect(200, "GET", path);
  EXPECT_EQ(now.at("schedule").text(), "every 6 hours");
  EXPECT_EQ(now.at("displayName").text(), "rollup");
  EXPECT_EQ(test.expect(200, "GET", kConfigs).at("transferConfigs").items().size(), 1U);
  test.expect(200, "DELETE", path);
  EXPECT_EQ(test.reason("GET", path), "404 notFound");
  EXPECT_EQ(test.reason("POST", kConfigs, R"({"displayName":"x","dataSourceId":"s3","params":{}})"),
            "400 invalid");
}

TEST(Policies, ChangeOnTopOfWhatWasRead) {
  TestCloud test;
  const struct {
    std::string get, set, verb;
  } cases[] = {{"/v1/projects/acme:getIamPolicy", "/v1/projects/acme:setIamPolicy", "POST"},
               {"/storage/v1/b/lake/iam", "/storage/v1/b/lake/iam", "PUT"}};
  for (const auto& c : cases) {
    const bool is_project = c.verb == "POST";
    const std::string etag =
        test.expect(200, is_project ? "POST" : "GET", c.get, is_project ? "{}" : "")
            .at("etag")
            .text();
    const auto policy = [&](std::string_view tag, std::string_view role, std::string_view member) {
      const std::string text = fmt::format(
          R"({{"etag":"{}","bindings":[{{"role":"{}","members":["{}"]}}]}})", tag, role, member);
      return is_project ? fmt::format(R"({{"policy":{}}})", text) : text;
    };
    const std::string member = "serviceAccount:" + std::string(kAccount);
    EXPECT_EQ(test.reason(c.verb, c.set, policy(etag, "roles/bigquery.jobUser", "someone")),
              "400 invalid");
    EXPECT_EQ(test.reason(c.verb, c.set, policy(etag, "jobUser", member)), "400 invalid");
    test.expect(200, c.verb, c.set, policy(etag, "roles/bigquery.jobUser", member));
    EXPECT_EQ(test.reason(c.verb, c.set, policy(etag, "roles/bigquery.admin", member)),
              "409 aborted");
  }
  EXPECT_TRUE(test.cloud->project_grants("acme", "roles/bigquery.jobUser",
                                         "serviceAccount:" + std::string(kAccount)));
}

}  // namespace
}  // namespace fm::fakegcp
