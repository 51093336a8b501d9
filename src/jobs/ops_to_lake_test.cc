// What happened, in the lake too: the rows of ops.sqlite, each once, whoever asks.
#include "jobs/ops_to_lake.h"

#include <gtest/gtest.h>

#include <string>

#include "base/testing_fault_env.h"
#include "base/text_file.h"
#include "jobs/config.h"
#include "jobs/housekeeping.h"
#include "jobs/query_job.h"
#include "lake/query.h"
#include "table/catalogue.h"

namespace fm::jobs {
namespace {

class OpsToLake : public ::testing::Test {
 protected:
  OpsToLake() {
    env_.set_now(static_cast<Nanos>(Date(2025, 6, 16).first_second()) * kNanosPerSecond);
    auto lake = lake::Lake::open(env_, folder_.file("lake"));
    EXPECT_TRUE(lake);
    lake_ = *std::move(lake);
    auto state = ops::State::open(env_, ops::state_file(lake_->state_dir()));
    EXPECT_TRUE(state);
    state_.emplace(*std::move(state));
  }
  OpsToLakeReport append() {
    const auto report = append_ops_to_lake(*lake_, *state_);
    EXPECT_TRUE(report) << report.error().message();
    return report.value_or(OpsToLakeReport{});
  }
  // By other tools: of the lake alone.
  std::string in_lake(const std::string& sql) {
    const auto query = lake::Query::open(*lake_, {.threads = 1});
    EXPECT_TRUE(query);
    TextFile out;
    const auto ran = (*query)->run(sql, lake::Format::kCsv, out);
    EXPECT_TRUE(ran) << ran.error().message();
    return out.text();
  }
  // As `frontmonth query` shows it.
  std::string in_query(const std::string& sql) {
    Config config;
    config.lake = lake_->directory();
    config.state_dir = lake_->state_dir();
    config.query.memory_mib = 256;
    TextFile out;
    const Status ran = run_query(env_, config, sql, {.format = "csv"}, out);
    EXPECT_TRUE(ran) << ran.error().message();
    return out.text();
  }

  FaultEnv env_;
  const TestDirectory folder_;
  std::unique_ptr<lake::Lake> lake_;
  std::optional<ops::State> state_;
};

TEST_F(OpsToLake, EachRowIsThereOnceAndAsItIsNow) {
  const auto run = state_->begin_run({.job = "load", .parameters_json = "{}"});
  ASSERT_TRUE(run);
  ASSERT_TRUE(state_->add_gap({.dataset = "GLBX.MDP3",
                               .schema = std::nullopt,
                               .from = kNanosPerSecond,
                               .to = 2 * kNanosPerSecond,
                               .reason = "test"}));
  ASSERT_TRUE(state_->record_rejects(
      std::vector<ops::Rejects>{{std::nullopt, Date(2025, 6, 16), {{"bad_price", 3}}},
                                {"ES", Date(2025, 6, 16), {{"bad_price", 4}}}}));
  EXPECT_EQ(append().months_changed, 3U);
  EXPECT_EQ(in_lake("SELECT job, status FROM job_runs"), "job,status\nload,running\n");
  EXPECT_EQ(in_lake("SELECT sum(count) AS n FROM candle_rejects"), "n\n7\n");

  const auto files = [&] { return lake_->partitions(table::job_runs()).value(); };
  const auto before = files();
  EXPECT_EQ(append().months_changed, 0U);
  EXPECT_EQ(files(), before) << "the same rows touch nothing";

  ASSERT_TRUE(state_->finish_run(*run, {.rows_processed = 5, .error_message = std::nullopt}));
  env_.set_now(static_cast<Nanos>(Date(2025, 7, 1).first_second()) * kNanosPerSecond);
  ASSERT_TRUE(state_->begin_run({.job = "audit", .parameters_json = "{}"}));
  EXPECT_EQ(append().months_changed, 2U);
  EXPECT_EQ(in_lake("SELECT job, status FROM job_runs ORDER BY date"),
            "job,status\nload,success\naudit,running\n");
  // ops.sqlite's own rows, not both.
  EXPECT_EQ(in_query("SELECT count(*) AS n FROM job_runs"), "n\n2\n");
  EXPECT_EQ(in_query("SELECT count(*) AS n FROM feed_gaps"), "n\n1\n");
}

TEST_F(OpsToLake, IsDueHourly) {
  EXPECT_EQ(ops_are_due(*lake_), true);
  ASSERT_TRUE(state_->begin_run({.job = "load", .parameters_json = "{}"}));
  const LakePlace place{.directory = lake_->directory(), .state_dir = lake_->state_dir()};
  keep_ops_in_lake(env_, place);
  EXPECT_EQ(in_lake("SELECT count(*) AS n FROM job_runs"), "n\n1\n");
  EXPECT_EQ(ops_are_due(*lake_), false);
  ASSERT_TRUE(state_->begin_run({.job = "load", .parameters_json = "{}"}));
  keep_ops_in_lake(env_, place);
  EXPECT_EQ(in_lake("SELECT count(*) AS n FROM job_runs"), "n\n1\n") << "not yet";
  env_.set_now(static_cast<Nanos>(Date(2025, 6, 16).first_second() + 3'601) * kNanosPerSecond);
  keep_ops_in_lake(env_, place);
  EXPECT_EQ(in_lake("SELECT count(*) AS n FROM job_runs"), "n\n2\n");
}

TEST_F(OpsToLake, AFaultLeavesWhatWasThere) {
  ASSERT_TRUE(state_->begin_run({.job = "load", .parameters_json = "{}"}));
  append();
  ASSERT_TRUE(state_->begin_run({.job = "audit", .parameters_json = "{}"}));
  env_.fail_call(Call::kRename, 1, EIO);
  EXPECT_FALSE(append_ops_to_lake(*lake_, *state_));
  EXPECT_EQ(in_lake("SELECT count(*) AS n FROM job_runs"), "n\n1\n");
  append();
  EXPECT_EQ(in_lake("SELECT count(*) AS n FROM job_runs"), "n\n2\n");
}

}  // namespace
}  // namespace fm::jobs
