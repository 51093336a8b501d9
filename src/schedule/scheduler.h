// Runs jobs when they are due: each a process of its own, so that one that fails, hangs or eats
// memory leaves the others alone.
//
//   Scheduler scheduler(env, ChildStarter::posix(), options, jobs);
//   scheduler.start();          // thread "fm-schedule"
//   … scheduler.states();       scheduler.replace(jobs);
//   scheduler.stop();
//
// A job runs at most once at a time, also across processes: its run holds the lock
// STATE/locks/job-NAME, for as long as it lives. A time at which it still runs is skipped. When a
// job was last taken care of is remembered in STATE/schedule.json: a time that passed while nothing
// ran is made up for once, or skipped, as the job says. Each run is a row of ops.job_runs, named
// "schedule/NAME", and a file STATE/logs/RUN.log; of these the newest kLogsMax stay.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/child_process.h"
#include "base/env.h"
#include "base/error.h"
#include "ops/state.h"
#include "schedule/bounded_log.h"
#include "schedule/job.h"

namespace fm::schedule {

inline constexpr std::size_t kRunsAtOnceMax = 4;  // further ones wait
inline constexpr std::size_t kLogsMax = 1'000;
// Later than so, a time counts as missed.
inline constexpr Second kMissedAfter = 90;

struct SchedulerOptions {
  std::string state_dir;
  std::string program;  // this one
  std::vector<std::string> arguments =
      {};  // between the program and the job's words: --config FILE
  std::map<std::string, std::string, std::less<>> environment = {};
  Nanos grace = 20 * kNanosPerSecond;  // between SIGTERM and SIGKILL
  Nanos step = 100'000'000;            // how often it looks
};

class Scheduler {
 public:
  Scheduler(Env& env, ChildStarter& starter, SchedulerOptions options, std::vector<Job> jobs);
  ~Scheduler();  // stops
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;

  void start();
  // Runs under way are asked to end, and killed after the grace; returns when they have ended.
  void stop();

  // From any thread. A job that is no more goes on to its end; one that is the same stays as it is.
  void replace(std::vector<Job> jobs);
  [[nodiscard]] std::vector<JobState> states() const;

 private:
  struct Running;
  struct Task;

  void run();
  // Looks at every job once. True where one is running.
  bool step();
  void plan(Task& task, Second now);
  void pass_time(Task& task, Second now);
  [[nodiscard]] bool may_start(const Task& task, Second now) const;
  void begin(Task& task, Second now);
  void follow(Task& task, Second now);
  void end(Task& task, const ChildReport& report, Second now);
  void failed_to_start(Task& task, const Error& error, Second now);
  void retry_or_rest(Task& task, bool worth_it, Second now);
  void publish();
  void load();
  void save();
  [[nodiscard]] ops::State* state();
  void remove_old_logs();

  Env& env_;
  ChildStarter& starter_;
  const SchedulerOptions options_;
  std::vector<std::unique_ptr<Task>> tasks_;  // of the thread
  std::map<std::string, Second> handled_;     // by job: up to when its times are taken care of
  bool handled_changed_ = false;
  std::optional<ops::State> state_;
  mutable std::mutex mutex_;
  std::optional<std::vector<Job>> replacement_;
  std::vector<JobState> states_;
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

}  // namespace fm::schedule
