// The lines of a health report out of real lakes: what is kept up to date, what is late, and that
// asking each second is cheap.
#include "jobs/lake_health.h"

#include <gtest/gtest.h>

#include <span>
#include <string>
#include <vector>

#include "base/testing_fault_env.h"
#include "base/testing_forwarding_env.h"
#include "dbn/enums.h"
#include "lake/lake.h"
#include "lake/testing_rows.h"
#include "ops/state.h"
#include "table/catalogue.h"

namespace fm::jobs {
namespace {

const Date kMonday(2025, 6, 16);

Second at(std::string_view utc) { return second_of(parse_iso_nanos(utc).value()); }

class LakeHealthTest : public ::testing::Test {
 protected:
  void set_now(std::string_view utc) { env_.set_now(parse_iso_nanos(utc).value()); }
  void open_lake() {
    auto lake = lake::Lake::open(env_, folder_.file("lake"));
    ASSERT_TRUE(lake) << lake.error().message();
    lake_ = *std::move(lake);
  }
  [[nodiscard]] LakeHealthOptions options() const {
    return {.lake = folder_.file("lake"), .state_dir = folder_.file("state"), .universe_file = ""};
  }
  static const HealthLine* find(const HealthReport& report, std::string_view root,
                                std::string_view table) {
    for (const HealthLine& line : report.lines)
      if (line.root == root && line.table == table) return &line;
    return nullptr;
  }

  FaultEnv env_;
  const TestDirectory folder_;
  std::unique_ptr<lake::Lake> lake_;
};

TEST_F(LakeHealthTest, AnEmptyLakeHasNoLines) {
  set_now("2025-06-16T15:00:00Z");
  const HealthReport report = LakeHealth(env_, options()).health();
  EXPECT_TRUE(report.lines.empty());
  EXPECT_EQ(report.problem, "");
  EXPECT_TRUE(report.ok());
  ASSERT_TRUE(report.disk);
  EXPECT_GT(report.disk->free_bytes, 0U);
  EXPECT_EQ(iso_second(report.asof), "2025-06-16T15:00:00Z");
}

TEST_F(LakeHealthTest, ALineSaysWhatItsRootHolds) {
  // The session of the 16th begins on the evening of the 15th; rows of the testing lake at
  // midnight.
  set_now("2025-06-16T00:01:30Z");
  open_lake();
  ASSERT_TRUE(append_minute(*lake_, "ES", kMonday, 0));
  const HealthReport report = LakeHealth(env_, options()).health();
  const HealthLine* line = find(report, "ES", "candles_1m");
  ASSERT_NE(line, nullptr);
  EXPECT_EQ(line->light, Light::kGreen) << line->reason;
  EXPECT_EQ(line->expected, Expected::kFresh);
  EXPECT_EQ(line->rows_today, lake::kRowsOfMinute);
  EXPECT_EQ(Date::of_second(line->last_row.value_or(0)), kMonday);
  EXPECT_NE(line->contract, "");
  EXPECT_TRUE(report.ok());
}

TEST_F(LakeHealthTest, ADeadFeedTurnsYellowThenRedAndIsMissedForDays) {
  set_now("2025-06-16T00:01:30Z");
  open_lake();
  ASSERT_TRUE(append_minute(*lake_, "ES", kMonday, 0));
  struct {
    const char* now;
    Light light;
  } const cases[] = {{"2025-06-16T00:05:00Z", Light::kYellow},
                     {"2025-06-16T00:30:00Z", Light::kRed},
                     {"2025-06-18T15:00:00Z", Light::kRed},
                     {"2025-06-22T15:00:00Z", Light::kGrey}};
  for (const auto& c : cases) {
    set_now(c.now);
    const HealthReport report = LakeHealth(env_, options()).health();
    const HealthLine* line = find(report, "ES", "candles_1m");
    ASSERT_NE(line, nullptr);
    EXPECT_EQ(line->light, c.light) << c.now << ": " << line->reason;
    EXPECT_EQ(report.ok(), c.light == Light::kGrey);
  }
}

TEST_F(LakeHealthTest, WhatIsExpectedIsMissedForEver) {
  set_now("2025-06-16T00:01:30Z");
  open_lake();
  ASSERT_TRUE(append_minute(*lake_, "ES", kMonday, 0));
  LakeHealth health(env_, options());
  health.expect("candles_1m", {"ES", "NQ"});
  set_now("2025-08-04T15:00:00Z");
  const HealthReport report = health.health();
  for (const char* root : {"ES", "NQ"}) {
    const HealthLine* line = find(report, root, "candles_1m");
    ASSERT_NE(line, nullptr) << root;
    EXPECT_EQ(line->light, Light::kRed) << root << ": " << line->reason;
  }
  EXPECT_FALSE(report.ok());
}

TEST_F(LakeHealthTest, NoNewsOfAConnectedFeedIsNoDelay) {
  set_now("2025-06-16T00:30:00Z");
  open_lake();
  ASSERT_TRUE(append_minute(*lake_, "ES", kMonday, 0));
  LakeHealth health(env_, options());
  health.seen("candles_1m", "", at("2025-06-16T00:29:00Z"));
  const HealthReport report = health.health();
  const HealthLine* line = find(report, "ES", "candles_1m");
  ASSERT_NE(line, nullptr);
  EXPECT_EQ(line->light, Light::kGreen) << line->reason;
}

TEST_F(LakeHealthTest, AReplayIsJudgedByItsOwnClock) {
  set_now("2026-11-27T15:00:00Z");
  open_lake();
  ASSERT_TRUE(append_minute(*lake_, "ES", kMonday, 0));
  LakeHealth health(env_, options());
  health.replayed(at("2025-06-16T00:01:30Z"));
  const HealthReport report = health.health();
  const HealthLine* line = find(report, "ES", "candles_1m");
  ASSERT_NE(line, nullptr);
  EXPECT_EQ(line->light, Light::kGreen) << line->reason;
  EXPECT_EQ(line->reason, "as of 2025-06-16T00:01:30Z in the replay");
  EXPECT_EQ(line->rows_today, lake::kRowsOfMinute);
  EXPECT_LT(line->age_s.value_or(0), 100);
  LakeHealth late(env_, options());
  late.replayed(at("2025-06-16T00:30:00Z"));
  EXPECT_EQ(find(late.health(), "ES", "candles_1m")->light, Light::kRed);
}

// The status records of a day: what happened to a contract, and when.
struct Event {
  const char* utc;
  const char* contract;
  const char* root;
  dbn::StatusAction action;
  std::int32_t reason;
};

Status write_statuses(lake::Lake& lake, std::span<const Event> events) {
  const table::Table& table = table::databento_status();
  table::RowBatch batch(table);
  for (const Event& event : events) {
    const std::int64_t micros = at(event.utc) * 1'000'000;
    table::RowAppender row(batch);
    row.int64(micros * 1'000).text(event.contract).int32(static_cast<std::int32_t>(event.action));
    row.int32(event.reason).int32(0).timestamp(micros).timestamp(micros).text(event.root);
    row.int64(1).int64(1).text("N").text("N").text("~").date(kMonday);
    row.timestamp(1).text("0").timestamp(1).end();
  }
  table::BatchStream rows(batch);
  FM_TRY(lake.replace(table, {.root = "", .date = kMonday}, rows, {}));
  return {};
}

TEST_F(LakeHealthTest, AHaltIsToldFromADeadFeed) {
  using enum dbn::StatusAction;
  struct {
    const char* what;
    const char* now;
    std::vector<Event> events;
    Light light;
    const char* reason;
  } const cases[] = {
      {"no word of a halt", "2025-06-16T00:30:00Z", {}, Light::kRed, "no rows for"},
      {"halted",
       "2025-06-16T00:30:00Z",
       {{"2025-06-16T00:02:00Z", "ESU5", "ES", kHalt, 121}},
       Light::kGreen,
       "trading is halted: ESU5 since Sun 19:02 CT (market-wide halt, level 2)"},
      {"of a reason without words",
       "2025-06-16T00:30:00Z",
       {{"2025-06-16T00:02:00Z", "ESU5", "ES", kPause, 999}},
       Light::kGreen,
       "(reason 999)"},
      {"over",
       "2025-06-16T00:30:00Z",
       {{"2025-06-16T00:02:00Z", "ESU5", "ES", kHalt, 121},
        {"2025-06-16T00:12:00Z", "ESU5", "ES", kTrading, 0}},
       Light::kRed,
       "no rows for"},
      {"of another root",
       "2025-06-16T00:30:00Z",
       {{"2025-06-16T00:02:00Z", "NQU5", "NQ", kHalt, 121}},
       Light::kRed,
       "no rows for"},
      {"of a spread",
       "2025-06-16T00:30:00Z",
       {{"2025-06-16T00:02:00Z", "ESU5-ESZ5", "ES", kHalt, 121}},
       Light::kRed,
       "no rows for"},
      {"begun before rows that were traded",
       "2025-06-16T00:30:00Z",
       {{"2025-06-16T00:00:10Z", "ESU5", "ES", kHalt, 121}},
       Light::kRed,
       "no rows for"},
      {"too long ago to be believed",
       "2025-06-17T01:00:00Z",
       {{"2025-06-16T00:02:00Z", "ESU5", "ES", kHalt, 121}},
       Light::kRed,
       "no rows for"},
  };
  set_now("2025-06-16T00:01:30Z");
  open_lake();
  ASSERT_TRUE(append_minute(*lake_, "ES", kMonday, 0));
  for (const auto& c : cases) {
    set_now(c.now);
    const Status written = write_statuses(*lake_, c.events);
    ASSERT_TRUE(written) << written.error().message();
    LakeHealth health(env_, options());
    health.expect("candles_1m", {"ES"});
    const HealthReport report = health.health();
    EXPECT_EQ(report.problem, "") << c.what;
    const HealthLine* line = find(report, "ES", "candles_1m");
    ASSERT_NE(line, nullptr) << c.what;
    EXPECT_EQ(line->light, c.light) << c.what << ": " << line->reason;
    EXPECT_TRUE(line->reason.contains(c.reason)) << c.what << ": " << line->reason;
  }
}

TEST_F(LakeHealthTest, CountsWhatWasLeftOutAndWhatIsMissing) {
  set_now("2025-06-16T00:01:30Z");
  open_lake();
  ASSERT_TRUE(append_minute(*lake_, "ES", kMonday, 0));
  auto state = ops::State::open(env_, ops::state_file(folder_.file("state")));
  ASSERT_TRUE(state) << state.error().message();
  ASSERT_TRUE(state->record_rejects(
      std::vector<ops::Rejects>{{"ES", kMonday, {{"bad_price", 3}, {"crossed", 4}}},
                                {"ES", kMonday - 3, {{"bad_price", 100}}},
                                {"NQ", kMonday, {{"bad_price", 1}}}}));
  const Nanos evening = parse_iso_nanos("2025-06-15T23:00:00Z").value();
  ASSERT_TRUE(state->add_gap({.dataset = "GLBX.MDP3",
                              .schema = {},
                              .from = evening,
                              .to = evening + 9 * kNanosPerSecond,
                              .reason = "test"}));
  const Nanos friday = parse_iso_nanos("2025-06-13T15:00:00Z").value();
  ASSERT_TRUE(state->add_gap({.dataset = "GLBX.MDP3",
                              .schema = {},
                              .from = friday,
                              .to = friday + kNanosPerSecond,
                              .reason = "test"}));
  const HealthReport report = LakeHealth(env_, options()).health();
  const HealthLine* line = find(report, "ES", "candles_1m");
  ASSERT_NE(line, nullptr);
  EXPECT_EQ(line->rejected_today, 7U);
  EXPECT_EQ(line->gaps_today, 1U);
}

TEST_F(LakeHealthTest, ANewDayWithoutRowsKeepsTheLastRow) {
  set_now("2025-06-16T00:01:30Z");
  open_lake();
  ASSERT_TRUE(append_minute(*lake_, "ES", kMonday, 0));
  table::EmptyStream rows(table::candles_1m());
  lake::CommitInfo info;
  info.final_to = at("2025-06-16T22:00:00Z");
  ASSERT_TRUE(lake_->append(table::candles_1m(), {.root = "ES", .date = kMonday + 1}, rows, info,
                            std::nullopt));
  set_now("2025-06-16T22:01:00Z");
  const HealthReport report = LakeHealth(env_, options()).health();
  const HealthLine* line = find(report, "ES", "candles_1m");
  ASSERT_NE(line, nullptr);
  EXPECT_EQ(Date::of_second(line->last_row.value_or(0)), kMonday);
  EXPECT_EQ(line->light, Light::kGreen) << line->reason;
}

TEST_F(LakeHealthTest, ManyLinesAreJudgedInNoTime) {
  set_now("2025-06-14T00:01:30Z");  // a weekend is the longest way round
  open_lake();
  LakeHealth health(env_, options());
  std::vector<std::string> roots;
  for (int i = 0; i < 40; ++i) roots.push_back(fmt::format("R{}", i));
  for (const FreshnessRule& rule : freshness_rules()) health.expect(rule.table, roots);
  const Nanos start = Env::posix().monotonic();
  EXPECT_EQ(health.health().lines.size(), 40 * freshness_rules().size());
  EXPECT_LT(Env::posix().monotonic() - start, kNanosPerSecond);
}

TEST_F(LakeHealthTest, ADamagedManifestIsSaidAndNotOk) {
  set_now("2025-06-16T00:01:30Z");
  open_lake();
  ASSERT_TRUE(append_minute(*lake_, "ES", kMonday, 0));
  const std::string manifest =
      join(lake_->manifests_of(table::candles_1m()), "p_root=ES/p_day=2025-06-16.json");
  ASSERT_TRUE(write_text_atomically(env_, manifest, "{"));
  const HealthReport report = LakeHealth(env_, options()).health();
  EXPECT_NE(report.problem.find("p_day=2025-06-16"), std::string::npos) << report.problem;
  EXPECT_FALSE(report.ok());
}

TEST_F(LakeHealthTest, AUniverseThatCannotBeReadIsSaid) {
  LakeHealthOptions wrong = options();
  wrong.universe_file = folder_.file("none.yaml");
  const HealthReport report = LakeHealth(env_, wrong).health();
  EXPECT_NE(report.problem.find("none.yaml"), std::string::npos) << report.problem;
  EXPECT_FALSE(report.ok());
}

// A clock that can be moved, and a count of the files that are opened.
class CountingEnv final : public ForwardingEnv {
 public:
  CountingEnv() {
    on_open = [this](const std::string&, std::unique_ptr<ReadableFile> file) {
      ++opened;
      return file;
    };
  }
  Nanos now() override { return ForwardingEnv::now() + ahead; }
  Nanos monotonic() override { return ForwardingEnv::monotonic() + ahead; }
  int opened = 0;
  Nanos ahead = 0;
};

TEST_F(LakeHealthTest, AskingAgainReadsOnlyWhatChanged) {
  CountingEnv env;
  open_lake();
  const Date today = Date::of_second(second_of(env.now()));
  for (const char* root : {"ES", "NQ", "ZL"}) ASSERT_TRUE(append_minute(*lake_, root, today, 0));
  const LakeHealth health(env, options());
  env.ahead = 5 * kNanosPerSecond;
  static_cast<void>(health.health());
  EXPECT_GE(env.opened, 3);
  env.ahead = 7 * kNanosPerSecond;  // the contracts of three roots take two looks
  static_cast<void>(health.health());
  for (int seconds = 7; seconds < 10; ++seconds) {
    env.ahead = static_cast<Nanos>(seconds) * kNanosPerSecond;
    env.opened = 0;
    static_cast<void>(health.health());
    EXPECT_EQ(env.opened, 0) << seconds;
  }
  ASSERT_TRUE(append_minute(*lake_, "NQ", today, 1));
  env.ahead = 20 * kNanosPerSecond;
  const HealthReport report = health.health();
  EXPECT_GE(env.opened, 1);
  EXPECT_LE(env.opened, 2);
  ASSERT_NE(find(report, "NQ", "candles_1m"), nullptr);
  EXPECT_EQ(find(report, "NQ", "candles_1m")->last_row.value_or(0) / 60,
            (today.first_second() + 60) / 60);
}

TEST(HealthReport, AsJsonHasTheFieldsOfTheApi) {
  HealthReport report;
  report.asof = at("2025-06-16T15:00:00Z");
  HealthLine line;
  line.root = "ES";
  line.table = "candles_1m";
  line.last_row = at("2025-06-16T14:59:00Z");
  line.age_s = 60;
  line.expected = Expected::kFresh;
  line.contract = "ESU5";
  line.rows_today = 7;
  line.light = Light::kGreen;
  report.lines.push_back(line);
  report.parts.push_back({.name = "feed GLBX.MDP3",
                          .kind = "feed",
                          .state = PartState::kRunning,
                          .lag_s = 0.5,
                          .restarts = 2,
                          .last_error = "a \"quoted\" word",
                          .last_error_at = at("2025-06-16T14:00:00Z"),
                          .detail = R"({"sessions":3})"});
  report.disk = {"/lake", 10, 20};
  EXPECT_EQ(
      to_json(report),
      R"({"asof":"2025-06-16T15:00:00Z","ok":true,"problem":null,"lines":[{"root":"ES",)"
      R"("table":"candles_1m","last_row":"2025-06-16T14:59:00Z","age_s":60,"expected":"fresh",)"
      R"("expected_by":null,"next_open":null,"reason":"","contract":"ESU5","rows_today":7,)"
      R"("rejected_today":0,"gaps_today":0,"state":"green"}],"parts":[{"name":"feed GLBX.MDP3",)"
      R"("kind":"feed","state":"running","lag_s":0.5,"restarts":2,)"
      R"("last_error":"a \"quoted\" word","last_error_at":"2025-06-16T14:00:00Z",)"
      R"("detail":{"sessions":3}}],"alarms":[],"disk":{"path":"/lake","free_bytes":10,)"
      R"("total_bytes":20},"clock_skew_ms":null})");
  report.parts[0].state = PartState::kFailed;
  EXPECT_FALSE(report.ok());
}

}  // namespace
}  // namespace fm::jobs
