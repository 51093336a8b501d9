#include "jobs/database_follower.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "base/thread.h"
#include "capture/log_reader.h"
#include "jobs/database_rows.h"
#include "postgres/schema.h"
#include "postgres/sink.h"
#include "table/catalogue.h"

namespace fm::jobs {
namespace {

constexpr Nanos kRetryMax = 60 * kNanosPerSecond;
constexpr Nanos kPoll = 50'000'000;  // how soon a stop is noticed
// Rows that are given again after a restart, though the cursor says that they are final: a log that
// ended within a second goes on in it, and a trade may be a minute late.
constexpr Second kGivenAgain = 180;

}  // namespace

template <class Change>
void DatabaseFollower::went_well(const Change& change) {
  const std::lock_guard guard(mutex_);
  change(figures_);
  if (!figures_.last_error.empty())
    log_info("{} is written again, {} rows so far", figures_.place, figures_.rows_sent);
  figures_.last_error.clear();
}

// From opening the database to losing track of it. What is read and not stored outlives a
// connection.
class DatabaseFollower::Run {
 public:
  explicit Run(DatabaseFollower& owner) : owner_(owner), options_(owner.options_) {}

  enum class Outcome { kDone, kStopped, kBeginAnew };
  // Errors: those from before rows are read, and of the last try.
  Result<Outcome> follow();
  // Something was stored: what failed later is another failure.
  [[nodiscard]] bool has_stored() const { return has_stored_; }

 private:
  Status connect();
  Status begin();
  void take(const dbn::RecordBlock& block);
  Result<bool> has_new_repairs();
  [[nodiscard]] table::Cursor next_cursor() const;
  // The rows that wait, as often as it takes.
  Result<Outcome> store();
  Result<Outcome> try_to_store();

  DatabaseFollower& owner_;
  const DatabaseFollowerOptions& options_;
  std::string place_;
  std::optional<postgres::PostgresSink> sink_;
  std::unique_ptr<DatabaseRows> rows_;
  std::optional<capture::LogReader> reader_;
  std::optional<Date> day_;
  table::Cursor begun_at_;
  std::optional<Second> stored_to_;
  Second ticked_ = 0;
  std::size_t repairs_ = 0;      // of gaps, that the rows know of
  std::int64_t stamp_ = 0;       // of the last commit
  std::int64_t next_stamp_ = 0;  // of the one in hand, or the last that failed
  bool has_stored_ = false;
};

Result<DatabaseFollower::Run::Outcome> DatabaseFollower::Run::follow() {
  FM_TRY(connect());
  FM_TRY(begin());
  while (!owner_.stopping_) {
    const bool ending = owner_.finishing_;  // asked before reading: nothing comes behind it
    FM_ASSIGN(const dbn::RecordBlock block, reader_->next(owner_.log_.synced()));
    if (!block.empty()) take(block);
    const bool is_over = ending && block.empty();
    const Second now = second_of(options_.env.now());
    if (is_over) {
      rows_->finish();
    } else if (now > ticked_) {
      rows_->tick(now);
      FM_ASSIGN(const bool begin_anew, has_new_repairs());
      if (begin_anew) return Outcome::kBeginAnew;
      ticked_ = now;
    } else if (rows_->pending() < kRowsWaitingMax) {
      if (block.empty())
        static_cast<void>(owner_.log_.wait_synced_beyond(reader_->position(), kPoll));
      continue;
    }
    FM_ASSIGN(const Outcome stored, store());
    if (stored != Outcome::kDone || is_over) return stored;
  }
  return Outcome::kStopped;
}

Status DatabaseFollower::Run::connect() {
  postgres::ConnectionOptions options;
  options.stopped = [this] { return owner_.stopping_.load(); };
  FM_ASSIGN(auto db, postgres::Connection::open(options_.env, owner_.uri_, options));
  place_ = db.place();
  FM_ASSIGN(const std::vector<std::string> changes,
            postgres::migrate(db, {&table::candles_1m(), &table::candles_1s()}));
  for (const std::string& change : changes) log_info("{}: {}", place_, change);
  FM_ASSIGN(auto sink,
            postgres::PostgresSink::open(
                std::move(db), fmt::format("live {}", base_name(options_.log.directory))));
  sink_.emplace(std::move(sink));
  return {};
}

// Where the database stands, and from where the log has to be read for it.
Status DatabaseFollower::Run::begin() {
  FM_ASSIGN(const table::Cursor cursor, sink_->cursor(table::candles_1m()));
  FM_ASSIGN(stamp_, sink_->stamp(table::candles_1m()));
  FM_ASSIGN(KnownGaps gaps, known_gaps(options_.state, options_.log));
  repairs_ = gaps.repaired.size();
  begun_at_ = cursor;
  if (cursor.final_to != 0) stored_to_ = cursor.final_to;
  Second from = std::max<Second>(cursor.final_to - kGivenAgain, 0);
  // What was repaired since changes rows that were final, from the gap on.
  if (cursor.position != repairs_)
    for (const TimeRange& gap : gaps.repaired) from = std::min(from, second_of(gap.from));
  // No trade date that has this second is an earlier one.
  FM_ASSIGN(const CaptureStart start,
            plan_capture_start(options_.env, options_.lake, options_.calendar, options_.engine,
                               options_.log, Date::of_second(from) - 1));
  rows_ =
      std::make_unique<DatabaseRows>(options_.universe, options_.calendar, options_.engine, from);
  rows_->resume(start, std::move(gaps));
  FM_ASSIGN(auto reader, capture::LogReader::open(options_.env, options_.log.directory,
                                                  {.from_day = start.first_day,
                                                   .to_day = std::nullopt,
                                                   .go_on_behind_damage = true}));
  reader_.emplace(std::move(reader));
  owner_.went_well([&](DatabaseFigures& figures) {
    figures.place = place_;
    figures.stored_to = stored_to_;
  });
  return {};
}

void DatabaseFollower::Run::take(const dbn::RecordBlock& block) {
  const Date day = reader_->position().day;
  if (day_ != day) {
    rows_->begin_day(reader_->metadata().start);
    day_ = day;
  }
  rows_->feed(block);
}

Result<bool> DatabaseFollower::Run::has_new_repairs() {
  const Second now = second_of(options_.env.now());
  if (now / kSecondsPerMinute == ticked_ / kSecondsPerMinute) return false;
  FM_ASSIGN(const KnownGaps gaps, known_gaps(options_.state, options_.log));
  return gaps.repaired.size() != repairs_;
}

Result<DatabaseFollower::Run::Outcome> DatabaseFollower::Run::try_to_store() {
  if (!sink_) {
    FM_TRY(connect());
    FM_ASSIGN(const std::int64_t stamp, sink_->stamp(table::candles_1m()));
    // The commit that failed may have taken place after all.
    if (stamp != stamp_ && stamp != next_stamp_) {
      log_warning("{} is not as it was left; it is brought up to date from the log", place_);
      return Outcome::kBeginAnew;
    }
    stamp_ = stamp;
  }
  next_stamp_ = static_cast<std::int64_t>(options_.env.random() >> 1);
  const std::uint64_t changed = sink_->figures().rows_changed;
  FM_TRY(rows_->write(*sink_));
  const table::Cursor cursor = next_cursor();
  FM_TRY(sink_->commit_all({{&table::candles_1s(), cursor}, {&table::candles_1m(), cursor}},
                           next_stamp_));
  stamp_ = next_stamp_;
  has_stored_ = true;
  if (cursor.final_to != 0) stored_to_ = cursor.final_to;
  owner_.went_well([&](DatabaseFigures& figures) {
    figures.position = reader_->position();
    figures.stored_to = stored_to_;
    figures.rows_sent += rows_->pending();
    figures.rows_changed += sink_->figures().rows_changed - changed;
    ++figures.commits;
  });
  rows_->stored();
  return Outcome::kDone;
}

// A run that has not come as far as the one before it leaves that one's cursor as it is.
table::Cursor DatabaseFollower::Run::next_cursor() const {
  const Second reached = rows_->final_to().value_or(0);
  const bool caught_up = reached >= begun_at_.final_to;
  return {.source = {},
          .position = caught_up ? repairs_ : begun_at_.position,
          .final_to = std::max(reached, stored_to_.value_or(0))};
}

Result<DatabaseFollower::Run::Outcome> DatabaseFollower::Run::store() {
  const bool nothing_new =
      rows_->pending() == 0 && next_cursor().final_to == stored_to_.value_or(0);
  if (nothing_new && sink_) return Outcome::kDone;
  for (Nanos pause = options_.retry_after;; pause = std::min(2 * pause, kRetryMax)) {
    const bool last_try = owner_.finishing_;
    const Result<Outcome> stored = try_to_store();
    if (stored) return stored;
    sink_.reset();
    if (owner_.stopping_) return Outcome::kStopped;
    if (last_try) return stored;
    owner_.failed(stored.error());
    if (!owner_.wait(stored.error().can_retry() ? pause : kRetryMax)) return Outcome::kStopped;
  }
}

DatabaseFollower::DatabaseFollower(const DatabaseFollowerOptions& options, Secret uri,
                                   const capture::Log& log)
    : options_(options), uri_(std::move(uri)), log_(log), thread_([this] { run(); }) {}

DatabaseFollower::~DatabaseFollower() { stop(); }

void DatabaseFollower::stop() {
  stopping_ = true;
  if (thread_.joinable()) thread_.join();
}

Status DatabaseFollower::finish() {
  finishing_ = true;
  if (thread_.joinable()) thread_.join();
  return outcome_;
}

DatabaseFigures DatabaseFollower::figures() const {
  const std::lock_guard guard(mutex_);
  return figures_;
}

void DatabaseFollower::run() {
  name_thread("fm-postgres");
  Nanos pause = options_.retry_after;
  while (!stopping_) {
    const bool last_try = finishing_;
    Run run(*this);
    const Result<Run::Outcome> done = run.follow();
    if (done && *done == Run::Outcome::kBeginAnew) continue;
    if (done || stopping_) return;
    failed(done.error());
    if (last_try) {
      outcome_ = std::unexpected(done.error());
      return;
    }
    if (run.has_stored()) pause = options_.retry_after;
    if (!wait(done.error().can_retry() ? pause : kRetryMax)) return;
    pause = std::min(2 * pause, kRetryMax);
  }
}

void DatabaseFollower::failed(const Error& error) {
  {
    const std::lock_guard guard(mutex_);
    ++figures_.failures;
    figures_.last_error = error.message();
  }
  log_warning("the database is not written at present: {}{}{}", error.message(),
              error.advice().empty() ? "" : " ", error.advice());
}

// False when stopped meanwhile. The end of the log cuts the wait short.
bool DatabaseFollower::wait(Nanos patience) {
  const Nanos end = options_.env.monotonic() + patience;
  while (!stopping_ && !finishing_ && options_.env.monotonic() < end) options_.env.sleep_for(kPoll);
  return !stopping_;
}

}  // namespace fm::jobs
