#include "jobs/open_lake.h"

#include <gtest/gtest.h>

#include "base/testing_fault_env.h"
#include "jobs/config.h"
#include "jobs/live_config.h"
#include "table/catalogue.h"

namespace fm::jobs {
namespace {

const Date kDay(2025, 6, 16);

Status put_contract(lake::Lake& lake, std::int64_t volume) {
  const table::Table& table = table::candle_session_contracts();
  table::RowBatch batch(table, 1);
  table::RowAppender(batch)
      .text("ES")
      .date(kDay)
      .text("ESM5")
      .int64(volume)
      .int64(1)
      .timestamp(0)
      .end();
  table::BatchStream rows(batch);
  FM_TRY(lake.replace(table, {.root = "ES", .date = kDay}, rows, {}));
  return {};
}

TEST(OpenLake, KeepsWhatPartitionsHeldForTheDaysAsked) {
  const TestDirectory folder;
  FaultEnv env;
  const Nanos start = Env::posix().now();
  const Nanos day = 86'400 * kNanosPerSecond;
  const struct {
    std::int64_t days;
    Nanos asked;  // behind the change
    bool kept;
  } cases[] = {{0, 1, false}, {2, 2 * day - 1, true}, {2, 2 * day, false}};
  for (const auto& c : cases) {
    SCOPED_TRACE(c.asked);
    const LakePlace place{.directory = folder.file(fmt::format("lake-{}-{}", c.days, c.asked)),
                          .state_dir = folder.file("state"),
                          .keep_days = c.days};
    env.set_now(start);
    auto lake = open_lake(env, place);
    ASSERT_TRUE(lake) << lake.error().message();
    EXPECT_EQ((*lake)->state_dir(), folder.file("state"));
    EXPECT_TRUE(env.exists(folder.file("state")));
    ASSERT_TRUE(put_contract(**lake, 1));
    env.set_now(start + day);
    ASSERT_TRUE(put_contract(**lake, 2));
    env.set_now(start + day + c.asked);
    lake = open_lake(env, place);
    ASSERT_TRUE(lake);
    EXPECT_EQ(
        (*lake)->partitions_as_of(table::candle_session_contracts(), start + day - 1).has_value(),
        c.kept);
    EXPECT_TRUE((*lake)->partitions_as_of(table::candle_session_contracts(), start + day));
  }
}

TEST(OpenLake, TheFeedsJobsTakeTheDaysFromTheConfiguration) {
  ConfigSources sources;
  sources.environment = {{"FRONTMONTH_LAKE_KEEP_DAYS", "7"},
                         {"FRONTMONTH_DATABENTO_SYMBOLS", "ES.FUT"}};
  const auto config = load_config(Env::posix(), sources);
  ASSERT_TRUE(config) << config.error().message();
  const auto live = live_options(*config);
  ASSERT_TRUE(live) << live.error().message();
  EXPECT_EQ(places_of(*live).keep_days, 7);
  sources.environment["FRONTMONTH_LAKE_KEEP_DAYS"] = "-1";
  const auto refused = load_config(Env::posix(), sources);
  ASSERT_FALSE(refused);
  EXPECT_EQ(
      refused.error().message(),
      "environment variable FRONTMONTH_LAKE_KEEP_DAYS: found '-1', expected a whole number of "
      "days from 0 (nothing is kept) to 3650");
}

}  // namespace
}  // namespace fm::jobs
