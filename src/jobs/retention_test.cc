// How long the lake keeps rows: what goes, what stays, and that dying on the way loses no more.
#include "jobs/retention.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <string>
#include <vector>

#include "base/testing_fault_env.h"
#include "jobs/housekeeping.h"
#include "lake/expired.h"
#include "lake/lake.h"
#include "lake/testing_rows.h"
#include "table/catalogue.h"

namespace fm::jobs {
namespace {

using lake::write_version;

const Date kToday(2025, 6, 16);

class RetentionTest : public ::testing::Test {
 protected:
  RetentionTest() {
    env_.set_now(static_cast<Nanos>(kToday.first_second()) * kNanosPerSecond + 5);
    lake_ = open();
    for (int days = 0; days < 10; ++days)
      for (const char* root : {"ES", "NQ"}) {
        const auto stored = write_version(*lake_, root, kToday - days, days + 1);
        EXPECT_TRUE(stored) << stored.error().message();
      }
    // A root that has not traded for long.
    EXPECT_TRUE(write_version(*lake_, "ZL", kToday - 100, 1));
  }
  std::unique_ptr<lake::Lake> open() {
    auto lake = lake::Lake::open(env_, folder_.file("lake"));
    EXPECT_TRUE(lake) << lake.error().message();
    return lake ? *std::move(lake) : nullptr;
  }
  Result<RetentionReport> apply(std::int64_t days, bool dry_run = false,
                                std::optional<Date> needed_from = {}) {
    RetentionOptions options;
    options.rules = {{&table::candles_1m(), days}};
    options.dry_run = dry_run;
    options.needed_from = needed_from;
    return apply_retention(*lake_, options);
  }
  // The dates with rows.
  std::vector<std::string> dates(const std::string& root) {
    const auto manifests = lake_->partitions(table::candles_1m(), root);
    EXPECT_TRUE(manifests);
    std::vector<std::string> dates;
    for (const lake::Manifest& manifest : *manifests)
      if (manifest.rows > 0) dates.push_back(manifest.key().date.iso());
    return dates;
  }

  FaultEnv env_;
  const TestDirectory folder_;
  std::unique_ptr<lake::Lake> lake_;
};

TEST_F(RetentionTest, RemovesWholePartitionsThatAreTooOld) {
  const auto would = apply(3, true);
  ASSERT_TRUE(would);
  EXPECT_EQ(dates("ES").size(), 10U) << "a dry run touches nothing";
  const auto done = apply(3);
  ASSERT_TRUE(done) << done.error().message();
  EXPECT_EQ(dates("ES"),
            (std::vector<std::string>{"2025-06-13", "2025-06-14", "2025-06-15", "2025-06-16"}));
  EXPECT_EQ(dates("ZL").size(), 1U) << "the newest of a root stays";
  for (const auto* report : {&*would, &*done}) {
    ASSERT_EQ(report->tables.size(), 1U);
    const ExpiredTable& table = report->tables[0];
    EXPECT_EQ(table.partitions, 12U);
    EXPECT_EQ(table.before, Date(2025, 6, 13));
    EXPECT_EQ(table.first, Date(2025, 6, 7));
    EXPECT_EQ(table.last, Date(2025, 6, 12));
    EXPECT_EQ(table.needed, 1U);
    EXPECT_GT(table.rows, 0U);
    EXPECT_GT(table.bytes, 0U);
  }
  EXPECT_NE(to_text(*would).find("would remove 12 partitions"), std::string::npos)
      << to_text(*would);
  EXPECT_NE(to_text(*done).find("removed 12 partitions"), std::string::npos);
  const auto again = apply(3);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->tables[0].partitions, 0U);

  const auto kept = look_at_retention(*lake_, {{&table::candles_1m(), 3}});
  ASSERT_TRUE(kept);
  ASSERT_EQ(kept->size(), 1U);
  EXPECT_EQ((*kept)[0].days, 3);
  EXPECT_EQ((*kept)[0].oldest, kToday - 100);
  EXPECT_EQ((*kept)[0].partitions, 9U);
  EXPECT_EQ((*kept)[0].expired, 12U);
}

TEST_F(RetentionTest, NeverGoesPastWhatACopyNeeds) {
  const auto done = apply(3, false, kToday - 7);
  ASSERT_TRUE(done);
  EXPECT_EQ(dates("ES").front(), "2025-06-09") << "needed from there on";
  EXPECT_EQ(done->tables[0].partitions, 4U);
  EXPECT_EQ(done->tables[0].needed, 9U);
}

TEST_F(RetentionTest, AnExpiredPartitionSaysSoAndTakesRowsAgain) {
  ASSERT_TRUE(apply(3));
  const auto manifest = lake_->find(table::candles_1m(), {.root = "ES", .date = kToday - 9});
  ASSERT_TRUE(manifest && *manifest);
  EXPECT_TRUE(lake::is_expired(**manifest));
  ASSERT_TRUE(write_version(*lake_, "ES", kToday - 9, 3));
  EXPECT_EQ(dates("ES").front(), "2025-06-07");
}

// Every kind of call of the run fails once at each of its places: what is there afterwards is
// whole, and running again ends it.
TEST_F(RetentionTest, AFaultOnTheWayLosesNothingElse) {
  const RetentionOptions options{.rules = {{&table::candles_1m(), 3}}};
  int faults = 0;
  for (const Call kind :
       {Call::kCreate, Call::kSync, Call::kRename, Call::kExchange, Call::kLink}) {
    for (std::uint64_t n = 1;; ++n) {
      FaultEnv env;
      env.set_now(static_cast<Nanos>(kToday.first_second()) * kNanosPerSecond + 5);
      const TestDirectory folder;
      auto lake = lake::Lake::open(env, folder.file("lake"));
      ASSERT_TRUE(lake);
      for (int days = 0; days < 6; ++days)
        ASSERT_TRUE(write_version(**lake, "ES", kToday - days, days + 1));
      const std::uint64_t before = env.count(kind);
      env.fail_call(kind, n, ENOSPC);
      const auto first = apply_retention(**lake, options);
      if (env.count(kind) < before + n) {
        EXPECT_TRUE(first);
        break;
      }
      ++faults;
      lake = lake::Lake::open(env, folder.file("lake"));
      ASSERT_TRUE(lake) << lake.error().message();
      ASSERT_TRUE(apply_retention(**lake, options)) << name(kind) << ' ' << n;
      const auto manifests = (*lake)->partitions(table::candles_1m(), "ES");
      ASSERT_TRUE(manifests);
      std::size_t with_rows = 0;
      for (const lake::Manifest& manifest : *manifests) {
        with_rows += manifest.rows > 0 ? 1 : 0;
        EXPECT_TRUE(manifest.rows > 0 || lake::is_expired(manifest));
      }
      EXPECT_EQ(with_rows, 4U) << name(kind) << ' ' << n;
      for (int days = 0; days < 4; ++days)
        EXPECT_EQ(lake::read_version(**lake, "ES", kToday - days), days + 1);
    }
  }
  EXPECT_GT(faults, 10);
}

TEST_F(RetentionTest, HousekeepingKeepsEverythingWhileACopyCannotBeAsked) {
  const RetentionRules rules = {{&table::candles_1m(), 3}};
  Housekeeping unsure(env_, *lake_, rules, []() -> Result<std::optional<Date>> {
    return fail(Code::kDisconnected, "the database is away");
  });
  unsure.run_when_due();
  EXPECT_EQ(dates("ES").size(), 10U);
  Housekeeping needed(env_, *lake_, rules,
                      []() -> Result<std::optional<Date>> { return kToday - 7; });
  needed.run_when_due();
  EXPECT_EQ(dates("ES").front(), "2025-06-09");
  // On its thread, and stopped at once when nothing is left to do.
  {
    const HousekeepingThread house(Env::posix(), *lake_, rules,
                                   []() -> Result<std::optional<Date>> { return std::nullopt; });
    for (int i = 0; i < 200 && dates("ES").size() > 4; ++i) Env::posix().sleep_for(50'000'000);
  }
  EXPECT_EQ(dates("ES").front(), "2025-06-13");
}

TEST(Retention, RulesAreReadAndRefused) {
  const auto rules = parse_retention("candles_1s=400, market_data.futures_ohlcv_1m_live = 90");
  ASSERT_TRUE(rules) << rules.error().message();
  ASSERT_EQ(rules->size(), 2U);
  EXPECT_EQ((*rules)[0].table, &table::candles_1s());
  EXPECT_EQ((*rules)[0].days, 400);
  EXPECT_EQ((*rules)[1].table, &table::futures_ohlcv_1m_live());
  EXPECT_TRUE(parse_retention("")->empty());
  const struct {
    const char* text;
    const char* says;
  } cases[] = {
      {"candles_1s", "expected TABLE=DAYS"},    {"candles_1x=4", "did you mean candles_1"},
      {"candles_1s=2", "expected 3 to"},        {"candles_1s=1e3", "expected 3 to"},
      {"candles_1s=-4", "expected 3 to"},       {"candles_1s=30,candles_1s=40", "twice"},
      {"candle_sessions=30", "never expires"},  {"databento_futures_ohlcv_1m=30", "never expires"},
      {"databento_trades=30", "never expires"}, {"job_runs=30", "never expires"},
  };
  for (const auto& c : cases) {
    const auto parsed = parse_retention(c.text);
    ASSERT_FALSE(parsed) << c.text;
    EXPECT_EQ(parsed.error().code(), Code::kInvalidArgument);
    EXPECT_NE(parsed.error().message().find(c.says), std::string::npos) << parsed.error().message();
  }
}

}  // namespace
}  // namespace fm::jobs
