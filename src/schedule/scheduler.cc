#include "schedule/scheduler.h"

#include <algorithm>
#include <utility>

#include "base/json_text.h"
#include "base/log.h"
#include "base/thread.h"
#include "base/yaml.h"
#include "jobs/config_text.h"

namespace fm::schedule {
namespace {

constexpr int kExitUsage = 2;
constexpr int kExitProblemsFound = 3;
constexpr std::uint64_t kHandledBytesMax = 1 << 20;
constexpr Second kRetryDelayMax = 3'600;

std::string command_text(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) {
    if (!text.empty()) text += ' ';
    const bool plain = !word.empty() && word.find_first_of(" \t'\"") == std::string::npos;
    text += plain ? word : json_quoted(word);
  }
  return text;
}

std::string handled_file(const std::string& state_dir) { return join(state_dir, "schedule.json"); }
std::string logs_of(const std::string& state_dir) { return join(state_dir, "logs"); }

}  // namespace

// A run under way.
struct Scheduler::Running {
  std::string run_id;
  bool is_recorded = false;  // in ops.job_runs
  std::unique_ptr<BoundedLog> log;
  std::unique_ptr<Child> child;
  std::unique_ptr<ChildWatch> watch;
};

struct Scheduler::Task {
  explicit Task(Job of) : job(std::move(of)) {
    state.name = job.config.name;
    state.command = command_text(job.config.run);
    state.cron = job.cron.text();
    state.timezone = job.cron.zone().name();
  }
  Job job;
  JobState state;
  std::optional<Second> due;    // the time of the cron that comes next
  bool is_never = false;        // there is none
  Second jitter = 0;            // behind it
  bool is_waiting = false;      // a time has come, and it has not begun
  std::optional<Second> retry;  // when it is tried again
  std::int64_t retries = 0;     // done for the time in hand
  std::optional<Running> running;
  bool is_retired = false;  // no more in the configuration: ends with its run
};

Scheduler::Scheduler(Env& env, ChildStarter& starter, SchedulerOptions options,
                     std::vector<Job> jobs)
    : env_(env), starter_(starter), options_(std::move(options)) {
  replacement_ = std::move(jobs);
}

Scheduler::~Scheduler() { stop(); }

void Scheduler::start() {
  thread_ = std::thread([this] {
    name_thread("fm-schedule");
    run();
  });
}

void Scheduler::stop() {
  stopping_ = true;
  if (thread_.joinable()) thread_.join();
}

void Scheduler::replace(std::vector<Job> jobs) {
  const std::lock_guard lock(mutex_);
  replacement_ = std::move(jobs);
}

std::vector<JobState> Scheduler::states() const {
  const std::lock_guard lock(mutex_);
  return states_;
}

void Scheduler::load() {
  const auto text = read_text(env_, handled_file(options_.state_dir), kHandledBytesMax);
  if (!text) return;  // none yet: nothing was missed
  const auto file = Yaml::parse(*text, handled_file(options_.state_dir));
  if (!file) {
    log_warning("{}; runs that were missed are not known", file.error().message());
    return;
  }
  for (const auto& [job, handled] : file->entries())
    if (const auto second = handled.integer()) handled_[job] = *second;
}

void Scheduler::save() {
  if (!std::exchange(handled_changed_, false)) return;
  std::string text = "{";
  for (const auto& [job, handled] : handled_)
    text += fmt::format("{}{}:{}", text.size() > 1 ? ",\n" : "", json_quoted(job), handled);
  text += "}\n";
  if (const Status saved = write_text_atomically(env_, handled_file(options_.state_dir), text);
      !saved)
    log_warning("{}: a restart may run a job again", saved.error().message());
}

ops::State* Scheduler::state() {
  if (!state_) {
    auto opened = ops::State::open(env_, ops::state_file(options_.state_dir));
    if (!opened) {
      log_warning("a run is not recorded: {}", opened.error().message());
      return nullptr;
    }
    state_.emplace(*std::move(opened));
  }
  return &*state_;
}

void Scheduler::run() {
  for (const std::string& folder : {logs_of(options_.state_dir), join(options_.state_dir, "locks")})
    if (const Status made = env_.make_directories(folder); !made)
      log_warning("{}", made.error().message());
  load();
  remove_old_logs();
  for (;;) {
    const bool running = step();
    publish();
    save();
    if (stopping_ && !running) return;
    env_.sleep_for(options_.step);
  }
}

bool Scheduler::step() {
  std::optional<std::vector<Job>> replacement;
  {
    const std::lock_guard lock(mutex_);
    replacement = std::exchange(replacement_, std::nullopt);
  }
  if (replacement) {
    for (auto& task : tasks_) task->is_retired = true;
    for (Job& job : *replacement) {
      const auto same = std::ranges::find_if(
          tasks_, [&](const auto& task) { return task->job.config.name == job.config.name; });
      if (same == tasks_.end()) {
        tasks_.push_back(std::make_unique<Task>(std::move(job)));
        continue;
      }
      Task& task = **same;
      task.is_retired = false;
      if (jobs::is_same(task.job.config, job.config)) continue;
      // What is new is due from now on.
      handled_[job.config.name] = second_of(env_.now());
      handled_changed_ = true;
      auto running = std::exchange(task.running, std::nullopt);
      const JobState before = task.state;
      task = Task(std::move(job));
      task.running = std::move(running);
      task.state.last = before.last;
      task.state.last_error = before.last_error;
      task.state.last_run_id = before.last_run_id;
      task.state.last_ended = before.last_ended;
      task.state.failures = before.failures;
    }
  }
  const Second now = second_of(env_.now());
  bool running = false;
  for (auto& task : tasks_) {
    if (task->running) follow(*task, now);
    if (!task->is_retired && !stopping_) {
      plan(*task, now);
      if (may_start(*task, now)) begin(*task, now);
    }
    running = running || task->running;
  }
  std::erase_if(tasks_, [](const auto& task) { return task->is_retired && !task->running; });
  return running;
}

// Which time comes next, and whether one has come.
void Scheduler::plan(Task& task, Second now) {
  const std::string& name = task.job.config.name;
  if (!task.due && !task.is_never) {
    const auto [handled, is_new] = handled_.try_emplace(name, now);
    // A clock that was set back must not keep jobs waiting until it is there again.
    if (handled->second > now + kSecondsPerDay) handled->second = now;
    handled_changed_ = handled_changed_ || is_new;
    task.due = task.job.cron.next(handled->second);
    task.is_never = !task.due;
    task.jitter = task.job.config.jitter_s == 0
                      ? 0
                      : static_cast<Second>(env_.random() % static_cast<std::uint64_t>(
                                                                task.job.config.jitter_s + 1));
  }
  if (task.due && *task.due + task.jitter <= now) pass_time(task, now);
}

// The time in hand has come, or is over.
void Scheduler::pass_time(Task& task, Second now) {
  const jobs::JobConfig& config = task.job.config;
  const bool missed = *task.due + task.jitter + kMissedAfter < now;
  if (task.running || task.is_waiting) {
    ++task.state.skipped;
    log_warning("job {}: the run due at {} is left out, because the one before it is not over",
                config.name, iso_second(*task.due));
  } else if (missed && !config.catch_up) {
    log_info("job {}: the run due at {} was missed and is skipped", config.name,
             iso_second(*task.due));
  } else {
    if (missed)
      log_info("job {}: the run due at {} was missed and is made up for", config.name,
               iso_second(*task.due));
    task.is_waiting = true;
    task.retries = 0;
    task.retry.reset();
  }
  // Everything up to now: of several missed times, one run makes up for all.
  handled_[config.name] = missed ? now : *task.due;
  handled_changed_ = true;
  task.due.reset();
  plan(task, now);
}

bool Scheduler::may_start(const Task& task, Second now) const {
  if (task.running || (!task.is_waiting && !(task.retry && *task.retry <= now))) return false;
  const auto running =
      std::ranges::count_if(tasks_, [](const auto& other) { return other->running.has_value(); });
  return static_cast<std::size_t>(running) < kRunsAtOnceMax;
}

void Scheduler::begin(Task& task, Second now) {
  const jobs::JobConfig& config = task.job.config;
  task.is_waiting = false;
  task.retry.reset();
  ChildStart start;
  start.argv.push_back(options_.program);
  start.argv.insert(start.argv.end(), options_.arguments.begin(), options_.arguments.end());
  start.argv.insert(start.argv.end(), config.run.begin(), config.run.end());
  start.environment = options_.environment;
  start.lock_file = join(join(options_.state_dir, "locks"), "job-" + config.name);
  auto child = starter_.start(start);
  if (!child) return failed_to_start(task, child.error(), now);

  Running running;
  const std::string parameters =
      fmt::format(R"({{"command":{},"retry":{}}})", json_quoted(task.state.command), task.retries);
  if (ops::State* history = state()) {
    if (auto begun =
            history->begin_run({.job = "schedule/" + config.name, .parameters_json = parameters})) {
      running.run_id = *std::move(begun);
      running.is_recorded = true;
    } else {
      log_warning("job {}: its run is not recorded: {}", config.name, begun.error().message());
      state_.reset();
    }
  }
  if (running.run_id.empty())
    running.run_id = fmt::format("{}-{:016x}", config.name, env_.random());
  running.log = std::make_unique<BoundedLog>(
      env_, join(logs_of(options_.state_dir), running.run_id + ".log"));
  running.child = *std::move(child);
  running.watch = std::make_unique<ChildWatch>(
      env_, *running.child,
      ChildLimits{.timeout = static_cast<Nanos>(config.timeout_minutes * kSecondsPerMinute) *
                             kNanosPerSecond,
                  .grace = options_.grace,
                  .is_stopped = [this] { return stopping_.load(); }});
  log_info("job {}: run {} begins: {}", config.name, running.run_id, task.state.command);
  task.state.running = running.run_id;
  task.running = std::move(running);
  remove_old_logs();
}

void Scheduler::failed_to_start(Task& task, const Error& error, Second now) {
  if (error.code() == Code::kBusy) {
    // Another process runs it: this time is taken care of.
    ++task.state.skipped;
    log_info("job {}: is left out, because another process runs it", task.job.config.name);
    return;
  }
  log_warning("job {}: cannot be run: {}", task.job.config.name, error.message());
  task.state.last = Outcome::kFailure;
  task.state.last_error = error.message();
  task.state.last_ended = now;
  ++task.state.failures;
  retry_or_rest(task, true, now);
}

void Scheduler::follow(Task& task, Second now) {
  // All that is there, but not for ever: others wait.
  constexpr int kReadsMax = 64;
  for (int reads = 0; reads < kReadsMax; ++reads) {
    bool got = false;
    const auto report = task.running->watch->step(0, [&](std::string_view text) {
      got = true;
      task.running->log->add(text);
    });
    if (report) return end(task, *report, now);
    if (!got) return;
  }
}

void Scheduler::end(Task& task, const ChildReport& report, Second now) {
  Running running = *std::exchange(task.running, std::nullopt);
  const jobs::JobConfig& config = task.job.config;
  running.log->finish();
  std::string error;
  if (report.stopped)
    error = "stopped, because the program ends";
  else if (report.timed_out)
    error = fmt::format("did not end within {} minutes ({})", config.timeout_minutes,
                        report.end.text());
  else if (!report.end.is_success())
    error = fmt::format("{}: {}", report.end.text(), running.log->last_line());
  if (running.is_recorded) {
    ops::RunEnd recorded;
    if (!error.empty()) recorded.error_message = error;
    if (ops::State* history = state())
      if (const Status finished = history->finish_run(running.run_id, recorded); !finished) {
        log_warning("job {}: the end of its run is not recorded: {}", config.name,
                    finished.error().message());
        state_.reset();
      }
  }
  task.state.running.reset();
  task.state.last_run_id = running.run_id;
  task.state.last_ended = now;
  task.state.last_error = error;
  if (error.empty()) {
    log_info("job {}: run {} is done", config.name, running.run_id);
    task.state.last = Outcome::kSuccess;
    task.state.failures = 0;
    task.retries = 0;
    return;
  }
  log_warning("job {}: run {} failed: {}", config.name, running.run_id, error);
  if (report.stopped) return;  // says nothing of the job
  task.state.last = Outcome::kFailure;
  ++task.state.failures;
  // A wrong command line stays wrong, and what a check has found is found again.
  const auto code = report.end.exit_code;
  retry_or_rest(task, code != kExitUsage && code != kExitProblemsFound, now);
}

void Scheduler::retry_or_rest(Task& task, bool worth_it, Second now) {
  const jobs::JobConfig& config = task.job.config;
  if (!worth_it || task.retries >= config.retries) return;
  const Second delay =
      std::min<Second>(config.retry_after_s << std::min<std::int64_t>(task.retries, 20),
                       std::max<Second>(kRetryDelayMax, config.retry_after_s));
  task.retry = now + delay;
  ++task.retries;
}

void Scheduler::publish() {
  std::vector<JobState> states;
  states.reserve(tasks_.size());
  for (const auto& task : tasks_) {
    if (task->is_retired) continue;
    task->state.will_retry = task->retry.has_value();
    task->state.next = task->due ? std::optional(*task->due + task->jitter) : std::nullopt;
    if (task->retry && (!task->state.next || *task->retry < *task->state.next))
      task->state.next = task->retry;
    states.push_back(task->state);
  }
  const std::lock_guard lock(mutex_);
  states_ = std::move(states);
}

void Scheduler::remove_old_logs() {
  const auto names = env_.list(logs_of(options_.state_dir));
  if (!names || names->size() <= kLogsMax) return;
  // Names begin with the time of their run.
  for (std::size_t i = 0; i < names->size() - kLogsMax; ++i)
    if (const Status removed = env_.remove(join(logs_of(options_.state_dir), (*names)[i]));
        !removed)
      log_warning("an old log stays: {}", removed.error().message());
}

}  // namespace fm::schedule
