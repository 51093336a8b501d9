// Runs, events, rejects and gaps as a page asks for them: newest first, page by page.
#include "ops/recent.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/testing_fault_env.h"
#include "ops/state.h"

namespace fm::ops {
namespace {

constexpr Nanos kStart = Nanos{1'750'000'000} * kNanosPerSecond;

class RecentTest : public testing::Test {
 protected:
  RecentTest() {
    env_.set_now(kStart);
    auto state = State::open(env_, folder_.file("ops.sqlite"));
    EXPECT_TRUE(state) << state.error().message();
    state_.emplace(*std::move(state));
  }
  void pass(Nanos seconds) { env_.set_now(env_.now() + seconds * kNanosPerSecond); }
  std::vector<std::string> jobs(const RunChoice& choice) {
    const auto runs = state_->runs(choice);
    EXPECT_TRUE(runs) << runs.error().message();
    std::vector<std::string> words;
    for (const StoredRun& run : *runs)
      words.push_back(fmt::format("{} {}", run.job, name(run.status)));
    return words;
  }

  FaultEnv env_;
  const TestDirectory folder_;
  std::optional<State> state_;
};

using Words = std::vector<std::string>;

TEST_F(RecentTest, RunsComeNewestFirstAndPageByPage) {
  std::vector<std::string> ids;
  for (const char* job : {"load", "rollup", "load", "mirror"}) {
    const auto id = state_->begin_run({.job = job, .parameters_json = R"({"a":1})"});
    ASSERT_TRUE(id);
    ids.push_back(*id);
    pass(60);
  }
  ASSERT_TRUE(state_->finish_run(ids[0], {.rows_processed = 12, .error_message = {}}));
  ASSERT_TRUE(state_->finish_run(ids[1], {.rows_processed = {}, .error_message = "no disk"}));
  EXPECT_EQ(jobs({}), (Words{"mirror running", "load running", "rollup failed", "load success"}));
  EXPECT_EQ(jobs({.job = "load"}), (Words{"load running", "load success"}));
  EXPECT_EQ(jobs({.before = ids[2]}), (Words{"rollup failed", "load success"}));
  EXPECT_EQ(jobs({.status = RunStatus::kFailed}), (Words{"rollup failed"}));
  EXPECT_EQ(jobs({.since = kStart + 60 * kNanosPerSecond, .rows_max = 2}),
            (Words{"mirror running", "load running"}));
  const auto runs = state_->runs({.job = "rollup"});
  ASSERT_TRUE(runs);
  ASSERT_EQ(runs->size(), 1U);
  const StoredRun& run = runs->front();
  EXPECT_EQ(run.run_id, ids[1]);
  EXPECT_EQ(run.started_at, kStart + 60 * kNanosPerSecond);
  EXPECT_EQ(run.finished_at, kStart + 240 * kNanosPerSecond);
  EXPECT_EQ(run.error_message, "no disk");
  EXPECT_EQ(run.rows_processed, std::nullopt);
  EXPECT_EQ(run.parameters_json, R"({"a":1})");
}

TEST_F(RecentTest, EventsComeNewestFirstAndPageByPage) {
  for (int i = 0; i < 5; ++i) {
    const std::string message = fmt::format("event {}", i);
    ASSERT_TRUE(state_->add_event({.source = "candles",
                                   .dataset = "market_data",
                                   .severity = Severity::kError,
                                   .check_type = "calendar_contradicted",
                                   .message = message}));
    if (i % 2 == 1) pass(60);  // two at one moment
  }
  const auto all = state_->events({});
  ASSERT_TRUE(all);
  ASSERT_EQ(all->size(), 5U);
  EXPECT_EQ(all->front().message, "event 4");
  EXPECT_EQ(all->front().severity, "error");
  EXPECT_EQ(all->front().check_type, "calendar_contradicted");
  EXPECT_EQ(all->front().table_name, std::nullopt);
  std::vector<std::string> seen;
  EventChoice page{.rows_max = 2};
  for (;;) {
    const auto some = state_->events(page);
    ASSERT_TRUE(some);
    if (some->empty()) break;
    for (const StoredEvent& event : *some) seen.push_back(event.event_id);
    page.before = some->back().at;
    page.before_id = some->back().event_id;
  }
  std::vector<std::string> ids;
  for (const StoredEvent& event : *all) ids.push_back(event.event_id);
  EXPECT_EQ(seen, ids);
  const auto late = state_->events({.since = kStart + 120 * kNanosPerSecond});
  ASSERT_TRUE(late);
  EXPECT_EQ(late->size(), 1U);
}

TEST_F(RecentTest, RejectsOfLateDates) {
  ASSERT_TRUE(state_->record_rejects(
      std::vector<Rejects>{{std::nullopt, Date(2025, 6, 16), {{"bad_price", 1}}},
                           {"ES", Date(2025, 6, 15), {{"bad_price", 2}}},
                           {"ES", Date(2025, 6, 16), {{"bad_price", 3}, {"crossed", 4}}}}));
  const auto found = state_->rejects(Date(2025, 6, 16));
  ASSERT_TRUE(found);
  ASSERT_EQ(found->size(), 2U);
  EXPECT_EQ((*found)[0].ticker, std::nullopt);
  EXPECT_EQ((*found)[1].ticker, "ES");
  EXPECT_EQ((*found)[1].counts,
            (std::map<std::string, std::int64_t>{{"bad_price", 3}, {"crossed", 4}}));
}

TEST_F(RecentTest, GapsOfEveryFeed) {
  const auto add = [&](const char* dataset, Nanos from) {
    return state_->add_gap({.dataset = dataset,
                            .schema = {},
                            .from = from,
                            .to = from + kNanosPerSecond,
                            .reason = "test"});
  };
  const auto repaired = add("GLBX.MDP3", kStart);
  ASSERT_TRUE(repaired);
  ASSERT_TRUE(add("XNAS.ITCH", kStart + 5));
  ASSERT_TRUE(add("GLBX.MDP3", kStart - kNanosPerDay));
  ASSERT_TRUE(state_->mark_repaired(*repaired, "test"));
  EXPECT_EQ(state_->gaps_since(kStart, Gaps::kAll)->size(), 2U);
  const auto open = state_->gaps_since(kStart, Gaps::kOpen);
  ASSERT_TRUE(open);
  ASSERT_EQ(open->size(), 1U);
  EXPECT_EQ(open->front().gap.dataset, "XNAS.ITCH");
}

}  // namespace
}  // namespace fm::ops
