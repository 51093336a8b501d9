#include "app/feed_part.h"

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <utility>

#include "app/live_line.h"
#include "base/json_text.h"
#include "jobs/database.h"
#include "jobs/live_config.h"
#include "market/contract.h"

namespace fm::app {
namespace {

// Behind the last record, when its second counts as final and is stored.
constexpr Second kFinalAfter = 65;

// The roots that a feed must bring rows of; what they are of "everything" is not known.
std::vector<std::string> roots_of(const std::vector<databento::Subscription>& subscriptions) {
  std::vector<std::string> roots;
  for (const databento::Subscription& one : subscriptions) {
    if (one.schema != dbn::Schema::kTbbo && one.schema != dbn::Schema::kMbp1) continue;
    for (const std::string& symbol : one.symbols) {
      const std::size_t dot = symbol.find('.');
      const std::string root = dot != std::string::npos      ? symbol.substr(0, dot)
                               : market::is_outright(symbol) ? std::string(market::root_of(symbol))
                                                             : std::string();
      if (!root.empty() && std::ranges::find(roots, root) == roots.end()) roots.push_back(root);
    }
  }
  return roots;
}

jobs::PartState state_of(jobs::FeedState state) {
  switch (state) {
    case jobs::FeedState::kConnecting:
      return jobs::PartState::kStarting;
    case jobs::FeedState::kConnected:
      return jobs::PartState::kRunning;
    case jobs::FeedState::kWaiting:
    case jobs::FeedState::kDiskFull:
      return jobs::PartState::kWaiting;
    case jobs::FeedState::kEnded:
      return jobs::PartState::kStopped;
  }
  return jobs::PartState::kWaiting;
}

jobs::PartHealth feed_health(jobs::PartHealth health, const jobs::LiveStatus& status,
                             const std::optional<jobs::LiveStatus>& before) {
  health.state = state_of(status.feed.state);
  if (!status.feed.last_error.empty()) health.last_error = status.feed.last_error;
  const auto rate = before ? status.feed.records - before->feed.records : 0;
  health.detail = fmt::format(
      R"({{"state":{},"peer":{},"records":{},"records_s":{},"sessions":{},"gaps":{},"dropped":{},)"
      R"("newest_arrival":{},"tickers":{}}})",
      json_quoted(jobs::name(status.feed.state)), json_quoted(status.feed.peer),
      status.feed.records, rate, status.feed.sessions, status.feed.gaps, status.feed.dropped,
      status.feed.newest_arrival == 0 ? "null" : json_quoted(iso_nanos(status.feed.newest_arrival)),
      status.tickers.size());
  return health;
}

// How far what is stored lies behind the stream's own clock, so that a replay of old records lags
// as little as what comes today.
std::optional<double> lag_of(const std::optional<Second>& stored_to, const jobs::LiveStatus& status,
                             bool caught_up) {
  if (!status.clock || !stored_to) return std::nullopt;
  if (caught_up) return 0;
  return static_cast<double>(std::max<Second>(0, *status.clock - *stored_to));
}

jobs::PartHealth lake_sink_health(const jobs::LiveStatus& status) {
  jobs::PartHealth health;
  health.name = "lake";
  health.kind = "sink";
  health.state =
      status.lake.last_error.empty() ? jobs::PartState::kRunning : jobs::PartState::kWaiting;
  health.lag_s = lag_of(status.lake.stored_to, status, false);
  health.last_error = status.lake.last_error;
  health.detail =
      fmt::format(R"({{"rows_stored":{},"sessions_stored":{},"failures":{}}})",
                  status.lake.rows_stored, status.lake.sessions_stored, status.lake.failures);
  return health;
}

jobs::PartHealth database_health(const jobs::LiveStatus& status) {
  jobs::PartHealth health;
  health.name = "postgres";
  health.kind = "sink";
  health.state = !status.database.last_error.empty() ? jobs::PartState::kWaiting
                 : status.database.place.empty()     ? jobs::PartState::kStarting
                                                     : jobs::PartState::kRunning;
  health.lag_s = lag_of(status.database.stored_to, status, false);
  health.last_error = status.database.last_error;
  health.detail =
      fmt::format(R"({{"place":{},"rows_sent":{},"rows_changed":{},"commits":{},"failures":{}}})",
                  json_quoted(status.database.place), status.database.rows_sent,
                  status.database.rows_changed, status.database.commits, status.database.failures);
  return health;
}

}  // namespace

void ClockSkew::sample(Nanos now, Nanos newest_arrival) {
  constexpr int kWindow = 60;
  constexpr double kNanosPerMilli = 1e6;
  if (newest_arrival != 0 && newest_arrival != newest_) {
    const double age_ms =
        (static_cast<double>(now) - static_cast<double>(newest_arrival)) / kNanosPerMilli;
    least_ms_ = samples_ == 0 ? age_ms : std::min(least_ms_, age_ms);
    ++samples_;
    newest_ = newest_arrival;
  }
  if (++seconds_ < kWindow) return;
  known_ms_ = samples_ >= kWindow / 2 ? std::optional(least_ms_) : std::nullopt;
  seconds_ = 0;
  samples_ = 0;
}

void ReplayClock::sample(Second now, Second clock) {
  samples_.push_back({now, clock});
  while (samples_.size() > 1 && samples_[1].now + lag_ <= now) samples_.pop_front();
}

std::optional<Second> ReplayClock::stored_by_now() const {
  if (samples_.empty()) return std::nullopt;
  return samples_.front().clock;
}

bool wants_feed(const jobs::Config& config) {
  if (config.up.live != "auto") return config.up.live == "on";
  return !config.databento.symbols.empty() || !config.live.subscriptions.empty();
}

Result<std::unique_ptr<FeedPart>> FeedPart::create(Env& env, StopSignal& stop,
                                                   const jobs::Config& config,
                                                   const Variables& variables,
                                                   std::vector<jobs::LiveReader*> readers,
                                                   jobs::LakeHealth& lake_health) {
  FM_ASSIGN(jobs::LiveJobOptions options, jobs::live_options(config));
  options.readers = std::move(readers);
  for (const char* table : {"candles_1m", "candles_1s"})
    lake_health.expect(table, roots_of(options.session.subscriptions));
  return std::unique_ptr<FeedPart>(
      new FeedPart(env, stop, config, variables, std::move(options), lake_health));
}

FeedPart::FeedPart(Env& env, StopSignal& stop, const jobs::Config& config,
                   const Variables& variables, jobs::LiveJobOptions options,
                   jobs::LakeHealth& lake_health)
    : env_(env),
      stop_(stop),
      config_(config),
      variables_(variables),
      options_(std::move(options)),
      lake_health_(lake_health),
      halt_watch_(lake_health),
      replay_clock_(kFinalAfter + config.live.flush_seconds),
      part_(env, stop,
            {.name = "feed " + config.databento.dataset,
             .kind = "feed",
             .thread = "fm-feed",
             .run = [this] { return run(); }}) {
  options_.readers.push_back(&halt_watch_);
}

Status FeedPart::run() {
  // Secrets are looked for each time: what was missing may be there now.
  FM_ASSIGN(FoundSecret key, find_secret(env_, variables_,
                                         {.name = "databento_api_key",
                                          .variable = "DATABENTO_API_KEY",
                                          .file = config_.databento.key_file}));
  FM_ASSIGN(options_.database, jobs::find_live_database(env_, variables_, config_));
  const auto ended = jobs::run_live(env_, options_, std::move(key.secret), stop_, *this);
  {
    const std::lock_guard lock(mutex_);
    status_.reset();
    before_.reset();
  }
  if (!ended) return std::unexpected(ended.error());
  return {};
}

void FeedPart::at(const jobs::LiveStatus& status) {
  // A connected feed that is silent has nothing more to store, once the last seconds are final.
  const Second newest = second_of(status.feed.newest_arrival);
  const bool silent = status.feed.newest_arrival == 0 ||
                      newest + kFinalAfter + config_.live.flush_seconds < status.now;
  const bool stored = status.lake.position == status.written && status.lake.last_error.empty();
  // Another gateway may replay what is long past: neither silence nor age means anything then.
  const bool is_replay = !config_.databento.gateway.empty() && status.clock &&
                         std::abs(status.now - *status.clock) > kSecondsPerDay;
  if (is_replay)
    replay_clock_.sample(status.now, *status.clock);
  else
    replay_clock_.reset();
  lake_health_.replayed(replay_clock_.stored_by_now());
  if (status.feed.state == jobs::FeedState::kConnected && silent && stored && !is_replay)
    for (const char* table : {"candles_1m", "candles_1s"}) lake_health_.seen(table, "", status.now);
  const std::lock_guard lock(mutex_);
  if (config_.databento.gateway.empty()) skew_.sample(env_.now(), status.feed.newest_arrival);
  is_replay_ = is_replay;
  before_ = std::exchange(status_, status);
}

std::optional<double> FeedPart::clock_skew_ms() const {
  const std::lock_guard lock(mutex_);
  return skew_.milliseconds();
}

std::string FeedPart::state_word() const {
  {
    const std::lock_guard lock(mutex_);
    if (status_) return std::string(jobs::name(status_->feed.state));
  }
  return std::string(jobs::name(part_.health().state));
}

std::optional<Second> FeedPart::clock() const {
  const std::lock_guard lock(mutex_);
  return status_ ? status_->clock : std::nullopt;
}

std::vector<jobs::PartHealth> FeedPart::health() const {
  std::vector<jobs::PartHealth> parts = {part_.health()};
  const std::lock_guard lock(mutex_);
  if (!status_ || parts.front().state != jobs::PartState::kRunning) return parts;
  parts.front() = feed_health(std::move(parts.front()), *status_, before_);
  parts.push_back(lake_sink_health(*status_));
  if (status_->database.is_on) parts.push_back(database_health(*status_));
  // Seconds of a stream that runs faster than time are no measure of a delay.
  if (is_replay_)
    for (jobs::PartHealth& part : parts) part.lag_s.reset();
  return parts;
}

}  // namespace fm::app
