#include "google/schema_apply.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "google/iam.h"
#include "google/table_resource.h"
#include "google/testing_cloud.h"
#include "table/views.h"

namespace fm::google {
namespace {

class SchemaApplyTest : public ::testing::Test {
 protected:
  SchemaApplyTest()
      : endpoints_(cloud_.endpoints()),
        tokens_(cloud_.env, cloud_.credentials(), cloud_.transports()().value(),
                {.endpoints = endpoints_}),
        api_(cloud_.env, tokens_, cloud_.transports()().value()),
        bigquery_(api_, endpoints_, std::string(kProject), "US"),
        destination_(cloud_.options().destination) {}

  std::vector<SchemaChange> differences(const SchemaApplyOptions& options = {}) {
    auto found = schema_difference(bigquery_, destination_, options);
    EXPECT_TRUE(found) << found.error().message();
    return found.value_or(std::vector<SchemaChange>{});
  }
  std::vector<SchemaChange> apply(const SchemaApplyOptions& options = {}, bool force = false) {
    auto made = apply_schema(bigquery_, destination_, options, force);
    EXPECT_TRUE(made) << made.error().message();
    return made.value_or(std::vector<SchemaChange>{});
  }
  Status patch(const table::Table& table, const std::string& body) {
    return bigquery_.patch_table(destination_.table_of(table), body);
  }

  TestCloud cloud_;
  Endpoints endpoints_;
  Tokens tokens_;
  Api api_;
  BigQuery bigquery_;
  Destination destination_;
};

TEST_F(SchemaApplyTest, MakesEverythingOnce) {
  const std::size_t there = 3;  // datasets that the double begins with
  const std::size_t all = datasets(destination_).size() - there + table::all_tables().size() +
                          table::all_views().size();
  EXPECT_EQ(differences().size(), all);
  EXPECT_EQ(apply().size(), all);
  EXPECT_TRUE(differences().empty());
  EXPECT_TRUE(apply().empty());
  const auto table = bigquery_.table(destination_.table_of(table::candles_1m()));
  ASSERT_TRUE(table && *table);
  EXPECT_EQ((*table)->text("/timePartitioning/field"), "trade_date");
  EXPECT_EQ((*table)->text("/schema/fields/0/mode"), "NULLABLE");
}

TEST_F(SchemaApplyTest, AddsColumnsAndKeepsStrangersOnes) {
  const TableName name = destination_.table_of(table::job_runs());
  ASSERT_TRUE(bigquery_.create_table(
      name, fmt::format(R"({{"tableReference":{},"schema":{{"fields":[)"
                        R"({{"name":"run_id","type":"STRING","mode":"REQUIRED"}},)"
                        R"({{"name":"date","type":"DATE"}},{{"name":"mine","type":"STRING"}}]}},)"
                        R"("timePartitioning":{{"type":"DAY","field":"date"}}}})",
                        name.json())));
  const SchemaApplyOptions only{.tables = {&table::job_runs()}};
  bool adds = false;
  for (const SchemaChange& change : differences(only))
    if (change.kind == ChangeKind::kAddColumns) {
      adds = true;
      EXPECT_TRUE(change.what.starts_with("add job, status")) << change.what;
      EXPECT_TRUE(change.what.ends_with("relax run_id")) << change.what;
    }
  EXPECT_TRUE(adds);
  apply(only);
  EXPECT_TRUE(std::ranges::none_of(differences(only), [](const SchemaChange& change) {
    return change.place.ends_with("job_runs");
  }));
  EXPECT_TRUE((*bigquery_.table(name))->raw("/schema").contains("\"mine\""));
}

TEST_F(SchemaApplyTest, WhatCannotBeChangedIsSaid) {
  const TableName name = destination_.table_of(table::job_runs());
  ASSERT_TRUE(bigquery_.create_table(
      name,
      fmt::format(R"({{"tableReference":{},"schema":{{"fields":[)"
                  R"({{"name":"run_id","type":"INTEGER"}},{{"name":"date","type":"DATE"}}]}},)"
                  R"("timePartitioning":{{"type":"MONTH","field":"date"}}}})",
                  name.json())));
  const SchemaApplyOptions only{.tables = {&table::job_runs()}};
  std::string said;
  for (const SchemaChange& change : differences(only))
    if (change.kind == ChangeKind::kIncompatible) said += change.what + "\n";
  EXPECT_EQ(said,
            "column run_id: INTEGER; expected STRING\n"
            "partitioned by date (MONTH); expected date (DAY)\n");
  const auto applied = apply_schema(bigquery_, destination_, only, true);
  ASSERT_FALSE(applied);
  EXPECT_EQ(applied.error().code(), Code::kConflict);
}

TEST_F(SchemaApplyTest, ADescriptionAndAnExpirationFollow) {
  apply();
  ASSERT_TRUE(patch(table::candles_1m(), R"({"description":"another"})"));
  const auto found = differences();
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].kind, ChangeKind::kDescribe);
  apply();
  EXPECT_TRUE(differences().empty());
  const SchemaApplyOptions expiring{.expire_live_days = 90};
  EXPECT_EQ(apply(expiring).size(), 3u);  // the live tables, and no history
  EXPECT_TRUE(differences(expiring).empty());
  EXPECT_EQ(apply().size(), 3u);
  EXPECT_TRUE(differences().empty());
}

TEST_F(SchemaApplyTest, AViewIsReplacedOnlyByForce) {
  apply();
  const TableName name{std::string(kProject), "market_data", "zl_daily_stitched"};
  ASSERT_TRUE(
      bigquery_.patch_table(name, R"({"view":{"query":"SELECT 1 AS date","useLegacySql":false}})"));
  const auto refused = apply_schema(bigquery_, destination_, {}, false);
  ASSERT_FALSE(refused);
  EXPECT_TRUE(refused.error().advice().contains("--force"));
  EXPECT_EQ(apply({}, true).size(), 1u);
  EXPECT_TRUE(differences().empty());
}

TEST_F(SchemaApplyTest, GrantsTheLeastAndOnce) {
  apply();
  const Principals principals{
      .collector = "serviceAccount:collector@market-4711.iam.gserviceaccount.com",
      .trainer = {},
      .dashboard = "group:desk@example.com"};
  const auto granted = grant(api_, bigquery_, endpoints_, destination_, principals);
  ASSERT_TRUE(granted) << granted.error().message();
  EXPECT_FALSE(granted->empty());
  EXPECT_TRUE(cloud_.cloud->project_grants(std::string(kProject), "roles/bigquery.jobUser",
                                           principals.collector));
  const auto again = grant(api_, bigquery_, endpoints_, destination_, principals);
  ASSERT_TRUE(again) << again.error().message();
  EXPECT_TRUE(again->empty());
}

TEST(Iam, ScheduledRollupsNeedARoleOfTheProjectsOwn) {
  const Destination destination{.project = "market-4711", .bucket = "market-lake", .prefix = ""};
  std::string commands;
  for (const Binding& binding : least_bindings(destination, {}))
    commands += command_of(binding, destination) + "\n";
  EXPECT_TRUE(
      commands.contains("gcloud iam roles create frontmonthSchedules --project=market-4711 "
                        "--permissions=bigquery.transfers.get,bigquery.transfers.update\n"
                        "gcloud projects add-iam-policy-binding market-4711 "
                        "--member=serviceAccount:collector@PROJECT.iam.gserviceaccount.com "
                        "--role=projects/market-4711/roles/frontmonthSchedules\n"))
      << commands;
  EXPECT_FALSE(commands.contains("bigquery.admin"));
}

TEST(Iam, SaysWhoIsNoMember) {
  for (const char* const bad : {"collector", "collector@p", "serviceAccount:x", "allUsers"})
    EXPECT_FALSE(check(Principals{.collector = bad, .trainer = {}, .dashboard = {}})) << bad;
  EXPECT_TRUE(check(Principals{}));
}

}  // namespace
}  // namespace fm::google
