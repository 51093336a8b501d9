#include "jobs/housekeeping.h"

#include <utility>

#include "base/log.h"
#include "base/thread.h"
#include "jobs/text.h"

namespace fm::jobs {
namespace {

constexpr Nanos kHour = 3'600 * kNanosPerSecond;
constexpr Nanos kDay = 24 * kHour;
constexpr Nanos kLook = 50'000'000;  // how soon a stop is noticed

void warn(const Error& error) {
  log_warning("the lake's tables of what happened could not be brought up to date: {}",
              error.message());
}

}  // namespace

void Housekeeping::run_when_due() {
  const Nanos now = env_.monotonic();
  if (!rules_.empty() && now >= next_expiry_) {
    next_expiry_ = now + kHour;
    expire();
  }
  // A job that has just begun has nothing to say yet.
  if (next_ops_ == 0) next_ops_ = now + kHour;
  if (now < next_ops_) return;
  next_ops_ = now + kHour;
  finish();
}

void Housekeeping::finish() {
  const Status appended = [&]() -> Status {
    FM_ASSIGN(const bool due, ops_are_due(lake_));
    if (!due) return {};
    FM_TRY(append_ops_to_lake(env_, lake_));
    return {};
  }();
  if (!appended) warn(appended.error());
}

void Housekeeping::expire() {
  const auto run = [&]() -> Status {
    RetentionOptions options;
    options.rules = rules_;
    FM_ASSIGN(options.needed_from, needs_());
    FM_ASSIGN(const RetentionReport report, apply_retention(lake_, options));
    for (const ExpiredTable& table : report.tables)
      if (table.partitions > 0)
        log_info("{}: {} of {} that are older than {} days have gone", table.table,
                 plural(table.partitions, "partition"), plural(table.rows, "row"), table.days);
    return {};
  };
  if (const Status done = run(); !done)
    log_warning("what is older than its retention could not be removed: {}",
                done.error().message());
  else
    next_expiry_ = env_.monotonic() + kDay;
}

void keep_ops_in_lake(Env& env, const LakePlace& place) {
  const auto keep = [&]() -> Status {
    // Opening a lake to write is dearer than a look at it.
    FM_ASSIGN(const bool due,
              ops_are_due(*lake::Lake::view(env, place.directory, {.state_dir = place.state_dir})));
    if (!due) return {};
    FM_ASSIGN(const auto lake, open_lake(env, place));
    FM_TRY(append_ops_to_lake(env, *lake));
    return {};
  };
  if (const Status kept = keep(); !kept) warn(kept.error());
}

HousekeepingThread::HousekeepingThread(Env& env, lake::Lake& lake, RetentionRules rules,
                                       Housekeeping::Needs needs)
    : env_(env), housekeeping_(env, lake, std::move(rules), std::move(needs)), thread_([this] {
        name_thread("fm-house");
        while (!stopping_) {
          housekeeping_.run_when_due();
          env_.sleep_for(kLook);
        }
      }) {}

HousekeepingThread::~HousekeepingThread() {
  stopping_ = true;
  thread_.join();
}

}  // namespace fm::jobs
