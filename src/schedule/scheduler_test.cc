// Jobs in time: what runs when, what is missed, tried again, left out, and what is remembered.
#include "schedule/scheduler.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <set>
#include <string>
#include <vector>

#include "base/testing_fault_env.h"
#include "base/testing_forwarding_env.h"
#include "schedule/testing_starter.h"

namespace fm::schedule {
namespace {

Nanos at(std::string_view utc) { return parse_iso_nanos(utc).value(); }

// Time goes on by what the scheduler sleeps, so that days pass in no time, and stands still at a
// gate.
class GatedEnv final : public ForwardingEnv {
 public:
  Nanos now() override { return now_; }
  void sleep_for(Nanos duration) override {
    if (now_ + duration <= gate_) {
      now_ += duration;
      return;
    }
    ++waits_;
    ForwardingEnv::sleep_for(kMilli);
  }
  void set_now(Nanos now) {
    now_ = now;
    gate_ = now;
  }
  // Returns when the scheduler has looked at everything up to then.
  void pass_until(Nanos until) {
    gate_ = until;
    const std::uint64_t before = waits_;
    while (waits_ < before + 3) ForwardingEnv::sleep_for(kMilli);
  }

 private:
  static constexpr Nanos kMilli = 1'000'000;
  std::atomic<Nanos> now_ = 0;
  std::atomic<Nanos> gate_ = 0;
  std::atomic<std::uint64_t> waits_ = 0;
};

class SchedulerTest : public ::testing::Test {
 protected:
  SchedulerTest() { env_.set_now(at("2025-06-16T12:00:30Z")); }

  static jobs::JobConfig job(const std::string& name, const std::string& when) {
    jobs::JobConfig config;
    config.name = name;
    config.run = {name};
    config.at = when;
    config.timezone = "UTC";
    return config;
  }
  static std::vector<Job> jobs_of(const std::vector<jobs::JobConfig>& configs) {
    auto made = make_jobs(configs);
    EXPECT_TRUE(made) << made.error().message();
    return made ? *std::move(made) : std::vector<Job>();
  }
  std::unique_ptr<Scheduler> scheduler(const std::vector<jobs::JobConfig>& configs) {
    SchedulerOptions options;
    options.state_dir = folder_.path();
    options.program = "frontmonth";
    options.step = 5 * kNanosPerSecond;
    return std::make_unique<Scheduler>(env_, starter_, options, jobs_of(configs));
  }
  void pass_until(std::string_view utc) { env_.pass_until(at(utc)); }
  void run_until(std::string_view utc, const std::vector<jobs::JobConfig>& configs) {
    const auto running = scheduler(configs);
    running->start();
    pass_until(utc);
    running->stop();
    last_ = running->states();
  }
  // "rollup 06-16T13:00; …": to the minute.
  [[nodiscard]] std::string started() const {
    std::string text;
    for (const auto& one : starter_.started())
      text += fmt::format("{}{} {}", text.empty() ? "" : "; ", one.command,
                          iso_second(one.at).substr(5, 11));
    return text;
  }
  [[nodiscard]] std::vector<ops::StoredRun> history() {
    auto state = ops::State::open(env_, ops::state_file(folder_.path()));
    EXPECT_TRUE(state);
    auto runs = state->runs({});
    EXPECT_TRUE(runs);
    std::ranges::reverse(*runs);
    return *std::move(runs);
  }

  GatedEnv env_;
  const TestDirectory folder_;
  ScriptedStarter starter_{env_};
  std::vector<JobState> last_;
};

TEST_F(SchedulerTest, RunsEachJobWhenItIsDue) {
  run_until("2025-06-17T13:30:00Z", {job("rollup", "0 13 * * *"), job("audit", "0 */8 * * *")});
  EXPECT_EQ(started(),
            "rollup 06-16T13:00; audit 06-16T16:00; audit 06-17T00:00; audit 06-17T08:00; rollup "
            "06-17T13:00");
  ASSERT_EQ(last_.size(), 2U);
  EXPECT_EQ(iso_second(last_[0].next.value_or(0)), "2025-06-18T13:00:00Z");
  EXPECT_EQ(last_[0].last, Outcome::kSuccess);
  EXPECT_EQ(last_[0].running, std::nullopt);
  const auto runs = history();
  ASSERT_EQ(runs.size(), 5U);
  EXPECT_EQ(runs[0].job, "schedule/rollup");
  EXPECT_EQ(runs[0].status, ops::RunStatus::kSuccess);
  EXPECT_EQ(runs[0].parameters_json, R"({"command":"rollup","retry":0})");
  for (const auto& one : starter_.started())
    EXPECT_NE(one.lock_file.find("/locks/job-"), std::string::npos);
}

TEST_F(SchedulerTest, AFirstStartMakesUpForNothing) {
  run_until("2025-06-16T12:30:00Z", {job("rollup", "0 9 * * *")});
  EXPECT_EQ(started(), "");
}

TEST_F(SchedulerTest, AMissedRunIsMadeUpForOnceOrSkipped) {
  auto patient = job("once", "0 13 * * *");
  auto strict = job("skip", "0 13 * * *");
  strict.catch_up = false;
  run_until("2025-06-16T12:30:00Z", {patient, strict});
  EXPECT_EQ(started(), "");
  env_.set_now(at("2025-06-19T15:00:00Z"));  // three days without power
  run_until("2025-06-20T13:30:00Z", {patient, strict});
  EXPECT_EQ(started(), "once 06-19T15:00; once 06-20T13:00; skip 06-20T13:00");
}

TEST_F(SchedulerTest, AMomentsDelayIsNoMissedRun) {
  auto strict = job("skip", "0 13 * * *");
  strict.catch_up = false;
  run_until("2025-06-16T12:30:00Z", {strict});
  env_.set_now(at("2025-06-16T13:01:00Z"));
  run_until("2025-06-16T13:10:00Z", {strict});
  EXPECT_EQ(started(), "skip 06-16T13:01");
}

TEST_F(SchedulerTest, NoTwoRunsOfAJobAtOnce) {
  starter_.script("slow", {.output = "", .exit_code = 0, .lasts = 150 * 60 * kNanosPerSecond});
  run_until("2025-06-16T16:30:00Z", {job("slow", "0 * * * *")});
  EXPECT_EQ(started(), "slow 06-16T13:00; slow 06-16T16:00");
  EXPECT_EQ(last_[0].skipped, 2U);
  EXPECT_EQ(starter_.running_most(), 1U);
}

TEST_F(SchedulerTest, ARunOfAnotherProcessCountsAsThisOne) {
  starter_.set_busy(true);
  run_until("2025-06-16T13:30:00Z", {job("rollup", "0 13 * * *")});
  EXPECT_EQ(last_[0].skipped, 1U);
  EXPECT_EQ(last_[0].last, Outcome::kNone);
  EXPECT_TRUE(history().empty());
}

TEST_F(SchedulerTest, FewRunAtOnceAndTheOthersWait) {
  std::vector<jobs::JobConfig> many;
  for (int i = 0; i < 10; ++i) {
    const std::string name = fmt::format("job{}", i);
    many.push_back(job(name, "0 13 * * *"));
    starter_.script(name, {.output = "", .exit_code = 0, .lasts = 600 * kNanosPerSecond});
  }
  run_until("2025-06-16T13:50:00Z", many);
  EXPECT_EQ(starter_.started().size(), 10U);
  EXPECT_EQ(starter_.running_most(), kRunsAtOnceMax);
}

TEST_F(SchedulerTest, AFailureIsTriedAgainWithPatience) {
  auto flaky = job("flaky", "0 13 * * *");
  flaky.retries = 3;
  flaky.retry_after_s = 600;
  for (int i = 0; i < 2; ++i)
    starter_.script("flaky", {.output = "warning: x\nfrontmonth: no answer\n\n", .exit_code = 4});
  run_until("2025-06-16T15:00:00Z", {flaky});
  EXPECT_EQ(started(), "flaky 06-16T13:00; flaky 06-16T13:10; flaky 06-16T13:30");
  EXPECT_EQ(last_[0].last, Outcome::kSuccess);
  EXPECT_EQ(last_[0].failures, 0U);
  const auto runs = history();
  ASSERT_EQ(runs.size(), 3U);
  EXPECT_EQ(runs[0].status, ops::RunStatus::kFailed);
  EXPECT_EQ(runs[0].error_message, "exit code 4: frontmonth: no answer");
  const auto log = read_text(env_, folder_.file("logs/" + runs[0].run_id + ".log"));
  ASSERT_TRUE(log) << log.error().message();
  EXPECT_EQ(*log, "warning: x\nfrontmonth: no answer\n\n");
}

TEST_F(SchedulerTest, RetriesEndAndWhatCannotGetBetterIsNotTriedAgain) {
  auto broken = job("broken", "0 13 * * *");
  broken.retries = 2;
  broken.retry_after_s = 60;
  auto wrong = job("wrong", "0 13 * * *");
  wrong.retries = 2;
  for (int i = 0; i < 5; ++i) {
    starter_.script("broken", {.output = "", .exit_code = 1});
    starter_.script("wrong", {.output = "", .exit_code = 2});
  }
  run_until("2025-06-16T16:00:00Z", {broken, wrong});
  EXPECT_EQ(starter_.started().size(), 4U) << started();
  EXPECT_EQ(last_[0].failures, 3U);
  EXPECT_EQ(last_[0].last, Outcome::kFailure);
  EXPECT_FALSE(last_[0].will_retry);
  EXPECT_EQ(last_[1].failures, 1U);
  EXPECT_EQ(last_[1].last_error, "exit code 2: ");
}

TEST_F(SchedulerTest, JitterIsBehindTheTimeAndWithinItsBound) {
  auto blurred = job("blurred", "0 13 * * *");
  blurred.jitter_s = 1'800;
  run_until("2025-06-26T14:00:00Z", {blurred});
  const auto runs = starter_.started();
  ASSERT_EQ(runs.size(), 11U);
  std::set<Second> delays;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const Second due =
        second_of(at("2025-06-16T13:00:00Z")) + static_cast<Second>(i) * kSecondsPerDay;
    EXPECT_GE(runs[i].at, due);
    EXPECT_LE(runs[i].at, due + 1'810);
    delays.insert((runs[i].at - due) / 60);
  }
  EXPECT_GT(delays.size(), 2U);
}

TEST_F(SchedulerTest, StoppingAsksWhatRunsToEnd) {
  starter_.script("slow", {.output = "", .exit_code = 0, .lasts = 365 * kNanosPerDay});
  run_until("2025-06-16T13:30:00Z", {job("slow", "0 13 * * *")});
  EXPECT_EQ(starter_.asked_to_end(), 1U);
  EXPECT_EQ(starter_.running(), 0U);
  const auto runs = history();
  ASSERT_EQ(runs.size(), 1U);
  EXPECT_EQ(runs[0].error_message, "stopped, because the program ends");
  EXPECT_EQ(last_[0].last, Outcome::kNone) << "it says nothing of the job";
}

TEST_F(SchedulerTest, AnotherScheduleTakesTheOldOnesPlace) {
  starter_.script("gone", {.output = "", .exit_code = 0, .lasts = 4 * 3'600 * kNanosPerSecond});
  const auto running = scheduler(
      {job("gone", "0 13 * * *"), job("stays", "0 14 * * *"), job("moved", "0 23 * * *")});
  running->start();
  pass_until("2025-06-16T13:10:00Z");
  // A time that has passed today is no missed run of what is new.
  running->replace(
      jobs_of({job("stays", "0 14 * * *"), job("moved", "0 9 * * *"), job("added", "0 15 * * *")}));
  pass_until("2025-06-17T13:30:00Z");
  running->stop();
  EXPECT_EQ(started(), "gone 06-16T13:00; stays 06-16T14:00; added 06-16T15:00; moved 06-17T09:00");
  EXPECT_EQ(starter_.asked_to_end(), 0U) << "what runs goes on to its end";
  EXPECT_EQ(running->states().size(), 3U);
  EXPECT_EQ(history().front().status, ops::RunStatus::kSuccess);
}

TEST_F(SchedulerTest, AProgramThatCannotBeRunIsAFailure) {
  SchedulerOptions options;
  options.state_dir = folder_.path();
  options.program = "/no/such/program";
  options.step = 5 * kNanosPerSecond;
  Scheduler running(env_, ChildStarter::posix(), options, jobs_of({job("rollup", "0 13 * * *")}));
  running.start();
  pass_until("2025-06-16T13:30:00Z");
  running.stop();
  ASSERT_EQ(running.states().size(), 1U);
  EXPECT_EQ(running.states()[0].last, Outcome::kFailure);
  EXPECT_NE(running.states()[0].last_error.find("/no/such/program"), std::string::npos);
}

TEST_F(SchedulerTest, OldLogsGo) {
  ASSERT_TRUE(env_.make_directories(folder_.file("logs")));
  for (int i = 0; i < 1'005; ++i) {
    auto log = env_.create(folder_.file(fmt::format("logs/2020{:04}.log", i)), Create::kNew);
    ASSERT_TRUE(log && (*log)->close());
  }
  run_until("2025-06-16T12:10:00Z", {});
  const auto names = env_.list(folder_.file("logs"));
  ASSERT_TRUE(names);
  EXPECT_EQ(names->size(), kLogsMax);
  EXPECT_EQ(names->front(), "20200005.log");
}

TEST_F(SchedulerTest, AnUnreadableMemoryIsNoReasonNotToRun) {
  ASSERT_TRUE(write_text_atomically(env_, folder_.file("schedule.json"), "{{{"));
  run_until("2025-06-16T13:30:00Z", {job("rollup", "0 13 * * *")});
  EXPECT_EQ(started(), "rollup 06-16T13:00");
}

TEST(MakeJobs, SaysWhereAndWhatIsWrong) {
  struct {
    const char* command;
    const char* at;
    const char* zone;
    const char* says;
  } const cases[] = {{"rollup", "0 25 * * *", "UTC", "c.yaml:7: bars: hour: found '25'"},
                     {"rollup", "0 5 * * *", "Moon", "c.yaml:7: bars: 'Moon' is no time zone"},
                     {"live", "0 5 * * *", "UTC", "c.yaml:7: bars: 'live' does not end by itself"},
                     {"up", "0 5 * * *", "UTC", "'up' does not end by itself"}};
  for (const auto& c : cases) {
    jobs::JobConfig config;
    config.name = "bars";
    config.run = {c.command};
    config.at = c.at;
    config.timezone = c.zone;
    config.place = "c.yaml:7";
    const auto made = make_jobs({config});
    ASSERT_FALSE(made) << c.says;
    EXPECT_EQ(made.error().code(), Code::kInvalidConfig);
    EXPECT_NE(made.error().message().find(c.says), std::string::npos) << made.error().message();
  }
  jobs::JobConfig once;
  once.name = "bars";
  once.run = {"poll", "--once"};
  once.at = "@daily";
  EXPECT_TRUE(make_jobs({once}));
}

TEST(BoundedLog, KeepsTheBeginningAndTheEnd) {
  const TestDirectory folder;
  Env& env = Env::posix();
  BoundedLog log(env, folder.file("run.log"));
  log.add("begin\n");
  const std::string line(1'000, 'x');
  for (int i = 0; i < 3'000; ++i) log.add(line + "\n");
  log.add("the last words\n\n");
  EXPECT_EQ(log.last_line(), "the last words");
  log.finish();
  EXPECT_TRUE(log.status());
  const auto text = read_text(env, folder.file("run.log"));
  ASSERT_TRUE(text);
  EXPECT_LE(text->size(), kLogHeadBytes + kLogTailBytes + 100);
  EXPECT_TRUE(text->starts_with("begin\n"));
  EXPECT_TRUE(text->ends_with("the last words\n\n"));
  const std::size_t gap = text->find("[… ");
  ASSERT_NE(gap, std::string::npos);
  EXPECT_EQ(gap, kLogHeadBytes + 1);
  // As many bytes are left out as it says.
  const std::uint64_t all = 6 + 3'000 * 1'001 + 16;
  EXPECT_NE(text->find(fmt::format("[… {} bytes", all - kLogHeadBytes - kLogTailBytes)),
            std::string::npos);
}

TEST(BoundedLog, TheLastWordsAreTheProgramsError) {
  struct {
    const char* said;
    const char* words;
  } const cases[] = {
      {"", ""},
      {"\n \n", ""},
      {"one\ntwo\n", "two"},
      {"frontmonth: no lake\n            Name it by --lake.\n", "frontmonth: no lake"},
      {"rows\nfrontmonth: no lake\n            Name it.\n\n", "frontmonth: no lake"},
      {"frontmonth: first\nfrontmonth: second\n", "frontmonth: second"}};
  const TestDirectory folder;
  for (const auto& c : cases) {
    BoundedLog log(Env::posix(), folder.file("run.log"));
    log.add(c.said);
    EXPECT_EQ(log.last_line(), c.words);
  }
}

TEST(BoundedLog, AFileThatCannotBeWrittenIsNoReasonToStop) {
  BoundedLog log(Env::posix(), "/no/such/folder/run.log");
  log.add("words\n");
  log.finish();
  EXPECT_FALSE(log.status());
  EXPECT_EQ(log.last_line(), "words");
}

}  // namespace
}  // namespace fm::schedule
