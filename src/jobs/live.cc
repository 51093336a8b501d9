#include "jobs/live.h"

#include <algorithm>
#include <memory>
#include <span>

#include "base/log.h"
#include "capture/log_reader.h"
#include "jobs/cvd_bases.h"
#include "jobs/housekeeping.h"
#include "ops/state.h"

namespace fm::jobs {
namespace {

constexpr Nanos kRetentionInterval = 3'600 * kNanosPerSecond;
// Rows of a second are handed out this long after it is over by the wall clock.
constexpr Nanos kAfterSecond = 1'000'000;

// The parts of a running feed, in the order in which they need each other.
class LiveJob {
 public:
  LiveJob(Env& env, const LiveJobOptions& options, StopSignal& stop, LiveObserver& observer)
      : env_(env), options_(options), stop_(stop), observer_(observer) {}

  Status prepare(Secret key);
  Status run();
  [[nodiscard]] LiveStatus status() const;

 private:
  Status open_places();
  Status open_log();
  // A first start, with a database that may know more than this machine.
  void ask_database();
  // What a feed that never stopped would know of the trade date in hand.
  Status catch_up();
  Status record_damage(std::span<const capture::Damage> damages);
  void start_threads(Secret key);
  void watch();
  void apply_retention();
  [[nodiscard]] Result<std::optional<Date>> needed_by_database() const;
  Status stop_all();

  Env& env_;
  const LiveJobOptions& options_;
  StopSignal& stop_;
  LiveObserver& observer_;
  std::optional<FeedPlaces> places_;
  std::string run_id_;
  std::optional<ops::State> sink_state_;  // one connection for each thread
  std::optional<ops::State> feed_state_;
  std::optional<ops::State> database_state_;
  std::unique_ptr<capture::Log> log_;
  std::unique_ptr<LiveCandles> candles_;
  std::unique_ptr<LakeFollower> follower_;
  std::unique_ptr<DatabaseFollower> database_;  // null: none is named
  std::unique_ptr<LiveFeed> feed_;
  std::optional<HousekeepingThread> house_;
  Nanos next_retention_ = 0;
};

Status LiveJob::open_places() {
  FM_ASSIGN(places_, FeedPlaces::open(env_, places_of(options_)));
  FM_ASSIGN(sink_state_, ops::State::open(env_, places_->state_file));
  FM_ASSIGN(feed_state_, ops::State::open(env_, places_->state_file));
  if (options_.database) {
    FM_ASSIGN(database_state_, ops::State::open(env_, places_->state_file));
  }
  return {};
}

Status LiveJob::open_log() {
  capture::LogOptions log;
  log.directory = places_->log.directory;
  log.dataset = options_.session.dataset;
  log.segment_bytes = options_.segment_bytes;
  log.sync_interval = options_.sync_interval;
  log.compress = options_.compress;
  log.retention_days = options_.retention_days;
  log.retention_bytes = options_.retention_bytes;
  FM_ASSIGN(log_, capture::Log::open(env_, log));
  return {};
}

void LiveJob::ask_database() {
  constexpr Nanos kGatewayReplays = kNanosPerDay;
  if (!options_.database || log_->written() != capture::Position{}) return;
  // Of files that a gateway replays nobody knows where they begin.
  const bool is_replay = options_.start == 0 && !options_.session.host.empty();
  if (is_replay) return;
  const Nanos start =
      options_.start == 0 ? env_.now() - kGatewayReplays : options_.start.value_or(env_.now());
  const Status kept = keep_cvd_bases(env_, *places_->lake, places_->registry.universe(),
                                     places_->registry.calendar(), *options_.database, start);
  if (!kept)
    log_warning("the database could not be asked for the CVD so far, which begins at 0: {}",
                kept.error().message());
}

Status LiveJob::catch_up() {
  candles_ =
      std::make_unique<LiveCandles>(places_->registry.universe(), places_->registry.calendar(),
                                    places_->engine, options_.readers);
  FM_ASSIGN(const CaptureStart start,
            plan_capture_start(env_, *places_->lake, places_->registry.calendar(), places_->engine,
                               places_->log));
  FM_ASSIGN(auto gaps, known_gaps(*sink_state_, places_->log));
  candles_->resume(start, std::move(gaps));
  FM_ASSIGN(auto reader, capture::LogReader::open(env_, places_->log.directory,
                                                  {.from_day = start.first_day,
                                                   .to_day = std::nullopt,
                                                   .go_on_behind_damage = true}));
  for (bool begun = false;; begun = true) {
    FM_ASSIGN(const dbn::RecordBlock block, reader.next(log_->written()));
    if (!begun) candles_->begin(block.empty() ? 0 : reader.metadata().start);
    if (block.empty()) break;
    candles_->feed(block);
  }
  FM_TRY(record_damage(reader.damages()));
  candles_->begin_reading();
  return {};
}

// What the log has lost can be fetched again, like what the feed has missed.
Status LiveJob::record_damage(std::span<const capture::Damage> damages) {
  FM_ASSIGN(const auto known, sink_state_->gaps(options_.session.dataset, ops::Gaps::kAll));
  for (const capture::Damage& damage : damages) {
    // At the log's end the gateway's replay fills the hole.
    if (damage.after == 0 || damage.before == kUndefTime) continue;
    ops::Gap gap;
    gap.dataset = options_.session.dataset;
    gap.from = damage.after;
    gap.to = damage.before;
    gap.reason = fmt::format("the capture log is damaged: {} block {}", damage.path, damage.block);
    const bool told = std::ranges::any_of(known, [&](const ops::StoredGap& one) {
      return one.gap.from == gap.from && one.gap.to == gap.to;
    });
    if (told || gap.from >= gap.to) continue;
    FM_ASSIGN(const std::string id, sink_state_->add_gap(gap));
    log_warning("gap {}: from {} to {} records are missing ({}); `frontmonth repair` fetches them",
                id, iso_nanos(gap.from), iso_nanos(gap.to), gap.reason);
  }
  return {};
}

void LiveJob::start_threads(Secret key) {
  follower_ = std::make_unique<LakeFollower>(places_->sink_options(env_, *sink_state_), *log_,
                                             options_.follower);
  if (options_.database)
    database_ = std::make_unique<DatabaseFollower>(
        DatabaseFollowerOptions{.env = env_,
                                .lake = *places_->lake,
                                .state = *database_state_,
                                .universe = places_->registry.universe(),
                                .calendar = places_->registry.calendar(),
                                .engine = places_->engine,
                                .log = places_->log,
                                .retry_after = options_.database_retry_after},
        options_.database->copy(), *log_);
  feed_ = std::make_unique<LiveFeed>(
      LiveFeed::Parts{.env = env_,
                      .log = *log_,
                      .log_directory = places_->log.directory,
                      .candles = *candles_,
                      .state = *feed_state_,
                      .silent_since = [this](Nanos at) { follower_->set_silent_since(at); }},
      std::move(key),
      LiveFeedOptions{.session = options_.session,
                      .backoff = options_.backoff,
                      .first_start = options_.start,
                      .until_end = options_.until_end,
                      .disk_patience = options_.disk_patience});
  feed_->start();
  house_.emplace(env_, *places_->lake, options_.retention, [this] { return needed_by_database(); });
}

// The trade dates that the database might still have to be given.
Result<std::optional<Date>> LiveJob::needed_by_database() const {
  if (!database_) return std::nullopt;
  const auto stored_to = database_->figures().stored_to;
  if (!stored_to) return fail(Code::kBusy, "it is not known yet what the database has stored");
  return Date::of_second(*stored_to) - 1;
}

Status LiveJob::prepare(Secret key) {
  FM_TRY(open_places());
  FM_TRY(open_log());
  ask_database();
  FM_TRY(catch_up());
  // Before the sink's thread uses the same connection, and again behind it.
  FM_ASSIGN(run_id_,
            sink_state_->begin_run({.job = "live", .parameters_json = places_->log.parameters}));
  start_threads(std::move(key));
  return {};
}

Status LiveJob::run() {
  watch();
  const Status ended = stop_all();
  ops::RunEnd end;
  end.rows_processed = static_cast<std::int64_t>(follower_->figures().rows_stored);
  if (!ended) end.error_message = ended.error().message();
  FM_TRY(sink_state_->finish_run(run_id_, end));
  Housekeeping(env_, *places_->lake, {}, {}).finish();
  return ended;
}

void LiveJob::watch() {
  while (!feed_->ended()) {
    const Nanos now = env_.now();
    const Nanos boundary = (now / kNanosPerSecond + 1) * kNanosPerSecond + kAfterSecond;
    if (stop_.wait_for(boundary - now)) return;
    candles_->tick(second_of(env_.now()));
    observer_.at(status());
    apply_retention();
  }
}

void LiveJob::apply_retention() {
  const Nanos now = env_.monotonic();
  if (now < next_retention_) return;
  next_retention_ = now + kRetentionInterval;
  Date needed = follower_->figures().position.day;
  if (database_) needed = std::min(needed, database_->figures().position.day);
  if (needed == Date{}) return;
  if (const auto removed = log_->remove_old_days(needed); !removed)
    log_warning("old capture days could not be removed: {}", removed.error().message());
}

Status LiveJob::stop_all() {
  house_.reset();
  const bool complete = feed_->ended() && feed_->outcome() && !stop_.requested();
  feed_->stop();
  Status ended = feed_->outcome();
  if (complete) {
    FM_TRY(log_->sync());
    ended = follower_->finish();
    const Status stored = database_ ? database_->finish() : Status();
    if (ended) ended = stored;
  } else {
    if (database_) database_->stop();
    follower_->stop();
  }
  candles_->tick(second_of(env_.now()));
  const Status closed = log_->close();
  FM_TRY(std::move(ended));
  return closed;
}

LiveStatus LiveJob::status() const {
  DatabaseFigures database;
  if (database_) database = database_->figures();
  database.is_on = database_ != nullptr;
  return {.now = second_of(env_.now()),
          .feed = feed_->figures(),
          .lake = follower_->figures(),
          .database = std::move(database),
          .mirror = options_.mirror != nullptr ? options_.mirror->figures() : MirrorFigures{},
          .log = log_->figures(),
          .written = log_->written(),
          .synced = log_->synced(),
          .clock = candles_->clock(),
          .tickers = candles_->now()};
}

}  // namespace

FeedPlacesOptions places_of(const LiveJobOptions& options) {
  return {.lake = options.lake,
          .state_dir = options.state_dir,
          .keep_days = options.keep_days,
          .universe_file = options.universe_file,
          .dataset = options.session.dataset,
          .warmup_seconds = options.warmup_seconds,
          .front_month = options.front_month};
}

Result<LiveStatus> run_live(Env& env, const LiveJobOptions& options, Secret key, StopSignal& stop,
                            LiveObserver& observer) {
  LiveJob job(env, options, stop, observer);
  FM_TRY(job.prepare(std::move(key)));
  FM_TRY(job.run());
  return job.status();
}

}  // namespace fm::jobs
