#include "app/poll_part.h"

#include <algorithm>

#include "base/json_text.h"
#include "jobs/database.h"
#include "jobs/retention.h"

namespace fm::app {
namespace {

constexpr const char* kPolledTable = "futures_ohlcv_1m_live";

}  // namespace

Result<std::unique_ptr<PollPart>> PollPart::create(Env& env, StopSignal& stop,
                                                   const jobs::Config& config,
                                                   const Variables& variables,
                                                   jobs::LakeHealth& lake_health) {
  jobs::PollOptions options;
  FM_ASSIGN(options.roots, jobs::parse_roots(config.poll.roots));
  FM_ASSIGN(options.retention, jobs::parse_retention(config.retention));
  options.service.url = config.databento.historical_url;
  options.lake = config.lake;
  options.state_dir = config.state_dir;
  options.keep_days = config.lake_keep_days;
  options.universe_file = config.universe;
  options.dataset = config.databento.dataset;
  options.interval = static_cast<Nanos>(config.poll.interval_seconds) * kNanosPerSecond;
  options.lookback =
      static_cast<Nanos>(config.poll.lookback_minutes * kSecondsPerMinute) * kNanosPerSecond;
  lake_health.expect(kPolledTable, options.roots);
  return std::unique_ptr<PollPart>(
      new PollPart(env, stop, config, variables, std::move(options), lake_health));
}

PollPart::PollPart(Env& env, StopSignal& stop, const jobs::Config& config,
                   const Variables& variables, jobs::PollOptions options,
                   jobs::LakeHealth& lake_health)
    : env_(env),
      stop_(stop),
      config_(config),
      variables_(variables),
      options_(std::move(options)),
      lake_health_(lake_health),
      part_(env, stop,
            {.name = "poll " + config.databento.dataset,
             .kind = "feed",
             .thread = "fm-poll",
             .run = [this] { return run(); }}) {
  options_.polled = [this](const jobs::PollReport& report, std::optional<Nanos> available_to) {
    polled(report, available_to);
  };
}

Status PollPart::run() {
  FM_ASSIGN(const FoundSecret key, find_secret(env_, variables_,
                                               {.name = "databento_api_key",
                                                .variable = "DATABENTO_API_KEY",
                                                .file = config_.databento.key_file}));
  if (!options_.retention.empty()) {
    FM_ASSIGN(database_, jobs::find_live_database(env_, variables_, config_));
    options_.database = database_ ? &*database_ : nullptr;
  }
  FM_TRY(jobs::run_poll(env_, options_, key.secret, stop_));
  return {};
}

void PollPart::polled(const jobs::PollReport& report, std::optional<Nanos> available_to) {
  for (const jobs::PolledRoot& root : report.roots)
    if (!root.error && available_to)
      lake_health_.seen(kPolledTable, root.root, second_of(*available_to));
  const std::lock_guard lock(mutex_);
  report_ = report;
  polled_at_ = second_of(env_.now());
}

jobs::PartHealth PollPart::health() const {
  jobs::PartHealth health = part_.health();
  const std::lock_guard lock(mutex_);
  if (!report_) return health;
  std::uint64_t failures = 0;
  std::uint64_t failing = 0;
  std::uint64_t added = 0;
  for (const jobs::PolledRoot& root : report_->roots) {
    failures += root.failures;
    added += root.added;
    if (!root.error) continue;
    ++failing;
    if (health.state == jobs::PartState::kRunning)
      health.last_error = fmt::format("{}: {}", root.root, root.error->message());
  }
  if (failing > 0) health.last_error_at = polled_at_;
  // One root's failure is its own; when none could be polled, the poller waits for better times.
  if (health.state == jobs::PartState::kRunning && failing == report_->roots.size())
    health.state = jobs::PartState::kWaiting;
  health.detail = fmt::format(
      R"({{"roots":{},"failing":{},"polls":{},"failures":{},"rows_added":{},"polled_at":{}}})",
      report_->roots.size(), failing, report_->polls, failures, added,
      json_quoted(iso_second(polled_at_)));
  return health;
}

MirrorPart::MirrorPart(Env& env, StopSignal& stop, const jobs::Config& config,
                       const Variables& variables)
    : env_(env),
      stop_(stop),
      config_(config),
      variables_(variables),
      part_(env, stop, {.name = "mirror", .kind = "sink", .thread = "fm-mirror-up", .run = [this] {
                          return run();
                        }}) {}

Status MirrorPart::run() {
  FM_ASSIGN(auto follower, jobs::start_mirror(env_, variables_, config_));
  {
    const std::lock_guard lock(mutex_);
    follower_ = std::move(follower);
  }
  while (!stop_.wait_for(kNanosPerSecond)) {
  }
  follower_->stop();
  return {};
}

jobs::PartHealth MirrorPart::health() const {
  jobs::PartHealth health = part_.health();
  const std::lock_guard lock(mutex_);
  if (!follower_) return health;
  const jobs::MirrorFigures figures = follower_->figures();
  health.last_error = figures.last_error;
  if (!figures.last_error.empty() && health.state == jobs::PartState::kRunning)
    health.state = jobs::PartState::kWaiting;
  const Nanos now = env_.now();
  health.lag_s = figures.oldest_waiting && *figures.oldest_waiting < now
                     ? static_cast<double>(now - *figures.oldest_waiting) /
                           static_cast<double>(kNanosPerSecond)
                     : 0;
  health.detail = fmt::format(
      R"({{"destination":{},"cycles":{},"rows_loaded":{},"files_waiting":{}}})",
      json_quoted(figures.destination), figures.cycles, figures.rows_loaded, figures.files_waiting);
  return health;
}

}  // namespace fm::app
