#include "jobs/lake_follower.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "base/thread.h"

namespace fm::jobs {
namespace {

// Rows that wait in memory or in the spill file. A trade date that is caught up with, even a busy
// one of several roots, is stored in one piece rather than in parts that have to be merged again.
constexpr std::uint64_t kRowsPendingMax = 2'000'000;
constexpr Nanos kRetryMax = 60 * kNanosPerSecond;
constexpr Nanos kPoll = 50'000'000;  // how soon a stop is noticed

}  // namespace

// One attempt: a sink, and how far it has read.
struct LakeFollower::Following {
  std::unique_ptr<LakeSink> sink;
  capture::LogReader reader;
  std::optional<Date> day;
  Nanos next_flush = 0;
  Nanos silence_stored = 0;  // the silence whose rows are stored
  std::size_t repairs = 0;   // of gaps, that the sink knows of
  bool begin_anew = false;   // there are more
  std::uint64_t rows_pending_max = kRowsPendingMax;
  std::size_t damages_told = 0;
};

LakeFollower::LakeFollower(const LakeSinkOptions& options, const capture::Log& log,
                           const FollowerOptions& follower)
    : options_(options), log_(log), follower_(follower), thread_([this] { run(); }) {}

LakeFollower::~LakeFollower() { stop(); }

void LakeFollower::stop() {
  stopping_ = true;
  if (thread_.joinable()) thread_.join();
}

Status LakeFollower::finish() {
  finishing_ = true;
  if (thread_.joinable()) thread_.join();
  return outcome_;
}

LakeFigures LakeFollower::figures() const {
  const std::lock_guard guard(mutex_);
  return figures_;
}

void LakeFollower::run() {
  name_thread("fm-lake");
  Nanos pause = follower_.retry_after;
  for (;;) {
    const bool last_try = finishing_;
    const Result<Outcome> done = follow();
    if (done && *done == Outcome::kBeginAnew) continue;
    if (done) return;
    {
      const std::lock_guard guard(mutex_);
      ++figures_.failures;
      figures_.last_error = done.error().message();
    }
    log_warning("the lake is not written at present: {}", done.error().message());
    if (last_try) {
      outcome_ = std::unexpected(done.error());
      return;
    }
    if (!wait(pause)) return;
    pause = std::min(2 * pause, kRetryMax);
  }
}

// False when stopped meanwhile. The end of the log cuts the wait short.
bool LakeFollower::wait(Nanos patience) {
  const Nanos end = options_.env.monotonic() + patience;
  while (!stopping_ && !finishing_ && options_.env.monotonic() < end) options_.env.sleep_for(kPoll);
  return !stopping_;
}

Result<LakeFollower::Outcome> LakeFollower::follow() {
  FM_ASSIGN(auto sink, LakeSink::open(options_));
  FM_ASSIGN(auto reader, capture::LogReader::open(options_.env, options_.log.directory,
                                                  {.from_day = sink->first_day(),
                                                   .to_day = std::nullopt,
                                                   .go_on_behind_damage = true}));
  Following now{std::move(sink),
                std::move(reader),
                {},
                options_.env.monotonic() + follower_.flush_interval,
                0,
                {}};
  while (!stopping_) {
    const bool ending = finishing_;  // asked before reading: nothing is appended behind it
    FM_ASSIGN(const dbn::RecordBlock block, now.reader.next(log_.synced()));
    for (; now.damages_told < now.reader.damages().size(); ++now.damages_told) {
      const capture::Damage& damage = now.reader.damages()[now.damages_told];
      log_warning("{}: block {} at byte {}: {}; what is behind it is used", damage.path,
                  damage.block, damage.first_byte, damage.reason);
    }
    if (!block.empty()) {
      FM_TRY(take(now, block));
      FM_TRY(idle(now, false));
      continue;
    }
    publish(now);
    if (ending) {
      FM_ASSIGN(const auto lock, lock_lake());
      FM_TRY(now.sink->finish());
      publish(now);
      return Outcome::kFinished;
    }
    FM_TRY(idle(now, true));
    if (now.begin_anew) return Outcome::kBeginAnew;
    static_cast<void>(log_.wait_synced_beyond(now.reader.position(), kPoll));
  }
  return Outcome::kStopped;
}

Status LakeFollower::take(Following& following, const dbn::RecordBlock& block) {
  FM_ASSIGN(const auto lock, lock_lake());
  if (!lock) return {};  // stopped
  const Date day = following.reader.position().day;
  if (following.day != day) {
    FM_TRY(following.sink->begin_day(day, following.reader.metadata().start));
    following.day = day;
  }
  return following.sink->feed(block);
}

// What is due now. A sink that catches up stores only what it cannot hold.
Status LakeFollower::idle(Following& following, bool caught_up) {
  const Nanos now = options_.env.monotonic();
  const bool full = following.sink->rows_pending() > following.rows_pending_max;
  const bool due = caught_up && now >= following.next_flush;
  const Nanos silent_since = silent_since_;
  const bool silent = caught_up && silent_since != 0 && silent_since != following.silence_stored &&
                      now >= silent_since + follower_.silence;
  if (!full && !due && !silent) return {};
  FM_ASSIGN(const auto lock, lock_lake());
  if (!lock) return {};
  if (silent) {
    FM_TRY(following.sink->flush_silent(second_of(options_.env.now())));
    following.silence_stored = silent_since;
  } else {
    FM_TRY(following.sink->flush());
  }
  if (due) following.next_flush = now + follower_.flush_interval;
  // Rows that have to wait are no reason to try again with every block.
  following.rows_pending_max = following.sink->rows_pending() + kRowsPendingMax;
  publish(following);
  FM_ASSIGN(const std::size_t repairs, count_repairs());
  following.begin_anew = repairs != following.repairs;
  if (following.begin_anew) log_info("a gap has been repaired; its trade dates are made anew");
  return {};
}

Result<std::size_t> LakeFollower::count_repairs() {
  FM_ASSIGN(const KnownGaps gaps, known_gaps(options_.state, options_.log));
  return gaps.repaired.size();
}

// Null when stopped while waiting.
Result<std::unique_ptr<FileLock>> LakeFollower::lock_lake() {
  for (;;) {
    auto lock = options_.env.lock(join(options_.lake.state_dir(), kCandlesLock), 0);
    if (lock || lock.error().code() != Code::kBusy) return lock;
    if (stopping_) return std::unique_ptr<FileLock>();
    options_.env.sleep_for(kPoll);
  }
}

void LakeFollower::publish(const Following& following) {
  const std::lock_guard guard(mutex_);
  figures_.position = following.reader.position();
  figures_.stored_to = following.sink->stored_to();
  figures_.rows_stored = following.sink->rows_stored();
  figures_.sessions_stored = following.sink->sessions_stored();
  figures_.last_error.clear();
}

}  // namespace fm::jobs
