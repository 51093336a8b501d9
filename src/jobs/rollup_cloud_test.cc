// Bars made in the double of BigQuery against those that the lake makes, and the query that makes
// them by itself.
#include "jobs/rollup_cloud.h"

#include <gtest/gtest.h>

#include "bars/testing_bars.h"
#include "jobs/rollup.h"
#include "jobs/testing_mirror.h"
#include "ops/state.h"
#include "table/catalogue.h"

namespace fm::jobs {
namespace {

const table::Table& minutes() { return table::futures_ohlcv_1m_live(); }
const table::Table& hours() { return table::futures_ohlcv_1h_live(); }
const table::Table& days() { return table::futures_ohlcv_1d_live(); }

class CloudRollupTest : public MirroredLake {
 protected:
  // Each root's minutes at some pace over some days, at all hours: also those outside sessions.
  void poll(const std::vector<std::string>& roots, Date first, int count, Second pace,
            std::int64_t volume = 1) {
    for (std::size_t r = 0; r < roots.size(); ++r) {
      std::vector<bars::TestBar> bars;
      for (Second at = first.first_second(); at < (first + count).first_second(); at += pace)
        for (const char* const month : {"H6", "M6"}) {
          bars::TestBar bar = bars::flat_bar(at, roots[r] + month,
                                             100 + static_cast<double>(at / pace % 97) / 8, volume);
          bar.high += static_cast<double>(at / pace % 5) / 4;
          bar.low -= static_cast<double>(at / pace % 3) / 4;
          bars.push_back(bar);
        }
      bars::store_bars(*lake_, minutes(), roots[r], bars);
    }
    mirror(std::string(minutes().name));
  }
  void roll_up_in_the_lake() {
    RollupOptions options;
    options.place.lake = cloud_.directory.file("lake");
    options.tables = {std::string(hours().name), std::string(days().name)};
    NoProgress progress;
    const auto report = run_rollup(cloud_.env, options, progress);
    ASSERT_TRUE(report) << report.error().message();
  }
  CloudRollupOptions options() {
    CloudRollupOptions options;
    options.lake = cloud_.directory.file("lake");
    return options;
  }
  CloudRollupReport roll_up(const CloudRollupOptions& options) {
    CloudPlace where = place();
    const auto report = run_cloud_rollup(cloud_.env, options, where);
    EXPECT_TRUE(report) << (report ? "" : report.error().message());
    return report.value_or(CloudRollupReport{});
  }
  CloudRollupReport roll_up() { return roll_up(options()); }
  void expect_equal() {
    roll_up_in_the_lake();
    const VerifyReport report = verify({std::string(hours().name), std::string(days().name)});
    EXPECT_TRUE(report.equal()) << to_text(report);
    for (const TableVerdict& one : report.tables) EXPECT_GT(one.rows, 0U);
    for (const table::Table* const table : {&hours(), &days()})
      EXPECT_EQ(cloud_.copied(*table), cloud_.stored(*table)) << table->name;
  }
};

// Whole weeks around both changes of the clock, Christmas and Independence Day, in every family of
// sessions.
TEST_F(CloudRollupTest, MakesTheBarsOfTheLake) {
  const std::vector<std::string> roots{"ES", "CL", "ZC", "ZL", "LE", "GC", "6E"};
  for (const Date first :
       {Date(2025, 3, 5), Date(2025, 7, 1), Date(2025, 10, 30), Date(2025, 12, 22)}) {
    SCOPED_TRACE(first.iso());
    poll(roots, first, 9, 1'740);
    const CloudRollupReport report = roll_up();
    EXPECT_FALSE(report.statements.empty());
    expect_equal();
  }
}

TEST_F(CloudRollupTest, MakesWhatChangedAndNothingElse) {
  poll({"ES", "ZC"}, Date(2025, 6, 16), 3, 600);
  cloud_.env.sleep_for(3'600 * kNanosPerSecond);  // more than two clocks differ
  CloudRollupReport report = roll_up();
  ASSERT_EQ(report.statements.size(), 2U);
  EXPECT_GT(report.statements[0].rows_changed, 0);
  EXPECT_GT(report.statements[0].bytes_billed, 0);
  expect_equal();
  EXPECT_TRUE(roll_up().statements.empty());
  EXPECT_NE(to_text(roll_up()).find("nothing is due"), std::string::npos);

  poll({"ES"}, Date(2025, 6, 18), 1, 600, 5);
  report = roll_up();
  ASSERT_EQ(report.statements.size(), 2U);
  EXPECT_GT(report.statements[0].rows_changed, 0);
  expect_equal();
  // Whoever names days has them made again; what is right already is not written.
  CloudRollupOptions again = options();
  again.from = again.to = Date(2025, 6, 18);
  EXPECT_EQ(roll_up(again).statements.at(0).rows_changed, 0);
  // A row that follows from no minutes goes.
  change("INSERT INTO " + relation(hours()) + " SELECT * REPLACE ('ESZ9' AS symbol) FROM " +
         relation(hours()) + " WHERE trade_date = DATE '2025-06-18' LIMIT 1");
  EXPECT_EQ(roll_up(again).statements.at(0).rows_changed, 1);
  expect_equal();
}

TEST_F(CloudRollupTest, ADryRunReadsAndChangesNothing) {
  poll({"ES"}, Date(2025, 6, 16), 1, 600);
  CloudRollupOptions dry = options();
  roll_up();
  const auto before = cloud_.copied(hours());
  poll({"ES"}, Date(2025, 6, 16), 1, 600, 9);
  dry.dry_run = true;
  const CloudRollupReport report = roll_up(dry);
  ASSERT_EQ(report.statements.size(), 2U);
  EXPECT_GT(report.statements[0].bytes_processed, 0);
  EXPECT_NE(to_text(report).find("would read"), std::string::npos);
  EXPECT_EQ(cloud_.copied(hours()), before);
}

TEST_F(CloudRollupTest, RefusesTablesThatTheMirrorBrings) {
  poll({"ES"}, Date(2025, 6, 16), 1, 600);
  roll_up_in_the_lake();
  mirror(std::string(hours().name));
  CloudPlace where = place();
  const auto refused = run_cloud_rollup(cloud_.env, options(), where);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::kConflict);
  EXPECT_NE(refused.error().message().find("the mirror brings"), std::string::npos);
}

TEST_F(CloudRollupTest, NamesWhatIsMissing) {
  CloudPlace where = place();
  auto refused = run_cloud_rollup(cloud_.env, options(), where);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::kNotFound);
  CloudRollupOptions wrong = options();
  wrong.tables = {"bars_1h"};
  refused = run_cloud_rollup(cloud_.env, wrong, where);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::kInvalidArgument);
}

TEST_F(CloudRollupTest, TheServiceDoesItByItself) {
  const Date today = Date::of_second(second_of(cloud_.env.now()));
  poll({"ES", "ZC"}, today - 8, 9, 600);
  CloudPlace where = place();
  const auto put = [&](std::string_view schedule) {
    const auto report = schedule_cloud_rollup(cloud_.env, options(), schedule, where);
    EXPECT_TRUE(report) << (report ? "" : report.error().message());
    return report ? report->outcome : google::Scheduled::kUnchanged;
  };
  EXPECT_EQ(put("every 5 minutes"), google::Scheduled::kCreated);
  EXPECT_EQ(put("every 5 minutes"), google::Scheduled::kUnchanged);
  EXPECT_EQ(put("every 15 minutes"), google::Scheduled::kUpdated);
  EXPECT_EQ(put("every 15 minutes"), google::Scheduled::kUnchanged);

  google::Api api(cloud_.env, *where.tokens, where.transports().value());
  const auto list =
      api.call("GET",
               where.endpoints.transfer +
                   "/v1/projects/market-4711/locations/us/transferConfigs?dataSourceIds="
                   "scheduled_query",
               "list");
  ASSERT_TRUE(list) << list.error().message();
  ASSERT_EQ(list->list("/transferConfigs").size(), 1U);
  const auto name = list->list("/transferConfigs")[0].text("/name");
  const auto run = api.call(
      "POST", fmt::format("{}/v1/{}:startManualRuns", where.endpoints.transfer, *name), "run",
      fmt::format(R"({{"requestedRunTime":"{}"}})", iso_second(second_of(cloud_.env.now()) - 1)));
  ASSERT_TRUE(run) << run.error().message();
  EXPECT_EQ(run->text("/runs/0/state"), "SUCCEEDED") << run->raw("");
  roll_up_in_the_lake();
  VerifyOptions recent;
  recent.lake = cloud_.directory.file("lake");
  recent.tables = {std::string(hours().name), std::string(days().name)};
  recent.from = today - kScheduleDays;
  NoProgress progress;
  const auto report = run_verify(cloud_.env, recent, where, mirror_options(), progress);
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_TRUE(report->equal()) << to_text(*report);
  EXPECT_GT(report->tables.at(0).rows, 0U);
}

}  // namespace
}  // namespace fm::jobs
