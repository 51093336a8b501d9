#include "app/up.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "app/feed_part.h"
#include "app/poll_part.h"
#include "app/up_sources.h"
#include "base/child_process.h"
#include "base/log.h"
#include "base/reload_signal.h"
#include "base/service_manager.h"
#include "jobs/config_text.h"
#include "ops/state.h"
#include "schedule/alarms.h"
#include "schedule/scheduler.h"
#include "server/row_hub.h"
#include "server/server.h"

namespace fm::app {
namespace {

constexpr Nanos kTick = kNanosPerSecond;
constexpr int kExitTemporary = 4;
constexpr int kMonotonicPerMicro = 1'000;

std::vector<std::string> by_commas(std::string_view text) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(','), text.size());
    std::string_view part = text.substr(0, end);
    while (part.starts_with(' ')) part.remove_prefix(1);
    while (part.ends_with(' ')) part.remove_suffix(1);
    if (!part.empty()) parts.emplace_back(part);
    text.remove_prefix(std::min(text.size(), end + 1));
  }
  return parts;
}

// Keys whose change is heeded without a restart.
bool can_reload(std::string_view key) { return key == "schedule" || key.starts_with("alarms."); }

// Ends the process when its parts take too long to end by themselves.
class DrainLimit {
 public:
  explicit DrainLimit(Nanos limit)
      : thread_([this, limit] {
          std::unique_lock lock(mutex_);
          if (over_.wait_for(lock, std::chrono::nanoseconds(limit), [this] { return done_; }))
            return;
          log(LogLevel::kError,
              fmt::format("{} does not end; the process is given up", std::string(what_)));
          std::_Exit(kExitTemporary);
        }) {}
  ~DrainLimit() {
    {
      const std::lock_guard lock(mutex_);
      done_ = true;
    }
    over_.notify_all();
    thread_.join();
  }
  DrainLimit(const DrainLimit&) = delete;
  DrainLimit& operator=(const DrainLimit&) = delete;
  void at(std::string what) {
    const std::lock_guard lock(mutex_);
    what_ = std::move(what);
  }

 private:
  std::mutex mutex_;
  std::condition_variable over_;
  bool done_ = false;
  std::string what_;
  std::thread thread_;  // last: starts when everything else is there
};

class Up {
 public:
  Up(Env& env, const UpOptions& options, StopSignal& stop)
      : env_(env), options_(options), stop_(stop), manager_(options.sources.environment) {}

  Status prepare();
  Status run(const std::function<Status(const UpReady&)>& ready);

 private:
  Status open_state();
  Status make_parts();
  Status make_schedule();
  void make_alarms();
  Status make_server();
  void start();
  void watch();
  void reload();
  void drain();
  [[nodiscard]] UpReady ready() const;
  [[nodiscard]] std::string config_yaml() const;
  // What visitors of the page are told every few seconds.
  [[nodiscard]] std::string status_json() const;
  // The file of a systemd credential; empty where there is none.
  [[nodiscard]] std::string credential(std::string_view name) const;
  [[nodiscard]] const Variables& variables() const { return options_.sources.environment; }

  Env& env_;
  const UpOptions& options_;
  StopSignal& stop_;
  ServiceManager manager_;
  ReloadSignal reload_;
  mutable std::mutex config_mutex_;
  jobs::ConfigText text_;  // the text behind config_
  jobs::Config& config_ = text_.config;
  std::unique_ptr<FileLock> lock_;
  std::unique_ptr<jobs::LakeHealth> lake_health_;
  std::unique_ptr<UpHealth> health_;
  std::unique_ptr<server::RowHub> rows_;
  std::unique_ptr<FeedPart> feed_;      // null: none is configured
  std::unique_ptr<PollPart> poll_;      // the same
  std::unique_ptr<MirrorPart> mirror_;  // the same
  std::unique_ptr<schedule::Scheduler> scheduler_;
  std::unique_ptr<UpSchedule> schedule_;
  std::unique_ptr<schedule::Alarms> alarms_;
  std::unique_ptr<UpCosts> costs_;  // null: no copy in the cloud is configured
  std::unique_ptr<server::Server> server_;
  Nanos next_watchdog_ = 0;
};

Status Up::open_state() {
  FM_TRY(env_.make_directories(config_.state_dir));
  auto lock = env_.lock(join(config_.state_dir, "up.lock"), 0);
  if (lock) {
    lock_ = *std::move(lock);
    // Whoever reads it later finds it there, and as this program knows it.
    FM_TRY(ops::State::open(env_, ops::state_file(config_.state_dir)));
    return {};
  }
  if (lock.error().code() != Code::kBusy) return std::unexpected(std::move(lock).error());
  auto busy = Error(
      Code::kBusy,
      fmt::format("another `frontmonth up` runs with the state folder {}", config_.state_dir));
  return std::unexpected(
      std::move(busy).hint("Stop that one first, or name another --state-dir for this one."));
}

Status Up::make_parts() {
  lake_health_ = std::make_unique<jobs::LakeHealth>(
      env_,
      jobs::LakeHealthOptions{
          .lake = config_.lake, .state_dir = config_.state_dir, .universe_file = config_.universe});
  health_ = std::make_unique<UpHealth>(*lake_health_);
  rows_ = std::make_unique<server::RowHub>(env_);
  if (wants_feed(config_)) {
    FM_ASSIGN(feed_,
              FeedPart::create(env_, stop_, config_, variables(), {rows_.get()}, *lake_health_));
    health_->include([this](jobs::HealthReport& report) {
      for (jobs::PartHealth& part : feed_->health()) report.parts.push_back(std::move(part));
      report.clock_skew_ms = feed_->clock_skew_ms();
    });
  }
  if (!config_.poll.roots.empty()) {
    FM_ASSIGN(poll_, PollPart::create(env_, stop_, config_, variables(), *lake_health_));
    health_->include(
        [this](jobs::HealthReport& report) { report.parts.push_back(poll_->health()); });
  }
  if (config_.google.mirror) {
    mirror_ = std::make_unique<MirrorPart>(env_, stop_, config_, variables());
    health_->include(
        [this](jobs::HealthReport& report) { report.parts.push_back(mirror_->health()); });
  }
  return {};
}

Status Up::make_schedule() {
  FM_ASSIGN(auto jobs, schedule::make_jobs(config_.schedule));
  schedule::SchedulerOptions options;
  options.state_dir = config_.state_dir;
  options.program = options_.program;
  if (!config_.file.empty()) options.arguments = {"--config", config_.file};
  options.environment = variables();
  // What was said by a flag holds for jobs as well.
  for (const auto& [key, given] : options_.sources.flags)
    options.environment[jobs::environment_name(key)] = given.text;
  options.environment.erase("NOTIFY_SOCKET");
  scheduler_ =
      std::make_unique<schedule::Scheduler>(env_, ChildStarter::posix(), options, std::move(jobs));
  schedule_ = std::make_unique<UpSchedule>(env_, *scheduler_, config_.state_dir);
  health_->include([this](jobs::HealthReport& report) { add_jobs(scheduler_->states(), report); });
  return {};
}

void Up::make_alarms() {
  alarms_ = std::make_unique<schedule::Alarms>(
      env_, ChildStarter::posix(),
      schedule::AlarmOptions{.state_dir = config_.state_dir,
                             .settings = schedule::alarm_settings(config_),
                             .environment = variables()},
      schedule::AlarmSources{.health = [this] { return health_->health(); },
                             .jobs = [this] { return scheduler_->states(); }});
  health_->include([this](jobs::HealthReport& report) { alarms_->add_to(report); });
}

std::string Up::credential(std::string_view name) const {
  const auto folder = variables().find("CREDENTIALS_DIRECTORY");
  if (folder == variables().end() || folder->second.empty()) return {};
  std::string path = join(folder->second, name);
  return env_.exists(path) ? path : std::string();
}

Status Up::make_server() {
  server::ServerOptions options;
  FM_TRY_IN(parse_listen(config_.server.listen, options.host, options.port), "server.listen");
  options.certificate_file = config_.server.certificate_file;
  options.key_file = config_.server.key_file;
  options.token_file =
      config_.server.token_file.empty() ? credential("server_token") : config_.server.token_file;
  options.host_names = by_commas(config_.server.host_names);
  options.lake = config_.lake;
  options.state_dir = config_.state_dir;
  options.universe_file = config_.universe;
  server::Sources sources{.health = health_.get(),
                          .rows = rows_.get(),
                          .schedule = schedule_.get(),
                          .config_yaml = [this] { return config_yaml(); }};
  if (!config_.google.bucket.empty() || !config_.google.project.empty()) {
    costs_ = std::make_unique<UpCosts>(env_, config_, variables());
    sources.costs_json = [this] { return costs_->json(); };
  }
  FM_ASSIGN(server_, server::Server::create(env_, std::move(options), std::move(sources)));
  health_->include([](jobs::HealthReport& report) {
    report.parts.push_back(
        {.name = "server", .kind = "server", .state = jobs::PartState::kRunning});
  });
  return {};
}

Status Up::prepare() {
  FM_ASSIGN(text_, jobs::load_config_text(env_, options_.sources));
  FM_TRY(open_state());
  FM_TRY(make_parts());
  FM_TRY(make_schedule());
  make_alarms();
  return make_server();
}

std::string Up::config_yaml() const {
  const std::lock_guard lock(config_mutex_);
  return jobs::to_yaml(text_);
}

std::string Up::status_json() const {
  const jobs::HealthReport report = health_->health();
  const auto clock = feed_ ? feed_->clock() : std::nullopt;
  return fmt::format(R"({{"ok":{},"feed":"{}","clock":{},"alarms":{}}})", report.ok(),
                     feed_ ? feed_->state_word() : "none", clock ? std::to_string(*clock) : "null",
                     report.alarms.size());
}

UpReady Up::ready() const {
  UpReady ready;
  std::string host;
  std::uint16_t port = 0;
  static_cast<void>(parse_listen(config_.server.listen, host, port));
  if (host == "0.0.0.0" || host == "::") host = "127.0.0.1";
  if (host.find(':') != std::string::npos) host = fmt::format("[{}]", host);
  ready.url = fmt::format("{}://{}:{}/", config_.server.certificate_file.empty() ? "http" : "https",
                          host, server_->port());
  for (const jobs::PartHealth& part : health_->health().parts)
    if (part.kind == "feed") ready.parts.push_back(part.name);
  if (mirror_) ready.parts.emplace_back("mirror");
  if (const std::size_t jobs = config_.schedule.size(); jobs > 0)
    ready.parts.push_back(fmt::format("{} job{}", jobs, jobs == 1 ? "" : "s"));
  return ready;
}

void Up::start() {
  if (feed_) feed_->part().start();
  if (poll_) poll_->part().start();
  if (mirror_) mirror_->part().start();
  scheduler_->start();
  alarms_->start();
  rows_->set_status([this] { return status_json(); });
}

Status Up::run(const std::function<Status(const UpReady&)>& ready_to) {
  FM_TRY(server_->start());
  start();
  Status told = ready_to(ready());
  if (told) {
    manager_.tell(fmt::format("READY=1\nSTATUS=serving {}", ready().url));
    watch();
  } else {
    stop_.request();
  }
  drain();
  return told;
}

void Up::watch() {
  while (!stop_.wait_for(kTick)) {
    if (reload_.take()) reload();
    const auto watchdog = manager_.watchdog();
    if (!watchdog || env_.monotonic() < next_watchdog_) continue;
    manager_.tell("WATCHDOG=1");
    next_watchdog_ = env_.monotonic() + *watchdog / 3;
  }
}

void Up::reload() {
  manager_.tell(
      fmt::format("RELOADING=1\nMONOTONIC_USEC={}", env_.monotonic() / kMonotonicPerMicro));
  auto fresh = jobs::load_config_text(env_, options_.sources);
  auto jobs = fresh ? schedule::make_jobs(fresh->config.schedule)
                    : Result<std::vector<schedule::Job>>(std::unexpected(fresh.error()));
  if (!jobs) {
    log(LogLevel::kError,
        fmt::format("the configuration stays as it was: {}{}{}", jobs.error().message(),
                    jobs.error().advice().empty() ? "" : " ", jobs.error().advice()));
    manager_.tell("READY=1\nSTATUS=the new configuration cannot be used");
    return;
  }
  std::string heeded;
  std::string later;
  for (const std::string& key : jobs::differences(text_, *fresh)) {
    std::string& list = can_reload(key) ? heeded : later;
    list += (list.empty() ? "" : ", ") + key;
  }
  scheduler_->replace(*std::move(jobs));
  alarms_->set(schedule::alarm_settings(fresh->config));
  {
    const std::lock_guard lock(config_mutex_);
    config_.schedule = fresh->config.schedule;
    config_.alarms = fresh->config.alarms;
    for (auto& [key, value] : text_.values)
      if (can_reload(key)) value = fresh->values[key];
  }
  log_warning("the configuration was read again; changed: {}", heeded.empty() ? "nothing" : heeded);
  if (!later.empty()) log_warning("these need a restart and stay as they were: {}", later);
  manager_.tell("READY=1\nSTATUS=configuration read again");
}

// Everything was asked to end when the signal came; here each is waited for. What others show or
// need ends behind them.
void Up::drain() {
  manager_.tell("STOPPING=1\nSTATUS=ending");
  DrainLimit limit(options_.drain_max);
  limit.at("the stream of rows");
  rows_->set_status({});
  if (feed_) {
    limit.at("the feed");
    feed_->part().join();
  }
  if (poll_) {
    limit.at("polling");
    poll_->part().join();
  }
  limit.at("the schedule");
  scheduler_->stop();
  if (mirror_) {
    limit.at("the mirror");
    mirror_->part().join();
  }
  limit.at("the alarms");
  alarms_->stop();
  limit.at("the server");
  server_->stop();
}

}  // namespace

Status parse_listen(std::string_view text, std::string& host, std::uint16_t& port) {
  const std::size_t colon = text.rfind(':');
  const auto bad = [&] {
    return fail(Code::kInvalidConfig, "found '{}', expected HOST:PORT as in 127.0.0.1:8080", text);
  };
  if (colon == std::string_view::npos || colon == 0) return bad();
  std::string_view name = text.substr(0, colon);
  const std::string_view number = text.substr(colon + 1);
  const auto [end, code] = std::from_chars(number.data(), number.data() + number.size(), port);
  if (number.empty() || code != std::errc() || end != number.data() + number.size()) return bad();
  if (name.starts_with('[') && name.ends_with(']')) name = name.substr(1, name.size() - 2);
  if (name.empty()) return bad();
  host = name;
  return {};
}

Status run_up(Env& env, const UpOptions& options, StopSignal& stop,
              const std::function<Status(const UpReady&)>& ready) {
  Up up(env, options, stop);
  FM_TRY(up.prepare());
  return up.run(ready);
}

}  // namespace fm::app
