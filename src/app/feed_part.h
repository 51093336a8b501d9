// The live feed as a part of `frontmonth up`: what `frontmonth live` runs, and what it says of
// itself for the health report.
#pragma once

#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "app/halt_watch.h"
#include "app/part.h"
#include "base/secret.h"
#include "jobs/config.h"
#include "jobs/lake_health.h"
#include "jobs/live.h"

namespace fm::app {

// Whether the configuration asks for a feed: up.live, and something to subscribe to.
[[nodiscard]] bool wants_feed(const jobs::Config& config);

// This clock less the gateway's, from records of a busy feed: the least time between a record's
// arrival there and a moment at which it is here, which holds the way between, too.
class ClockSkew {
 public:
  // Once a second, with the newest record's arrival at the gateway.
  void sample(Nanos now, Nanos newest_arrival);
  // Nothing before a minute with records in half of its seconds.
  [[nodiscard]] std::optional<double> milliseconds() const { return known_ms_; }

 private:
  Nanos newest_ = 0;
  int seconds_ = 0;  // of the minute in hand
  int samples_ = 0;
  double least_ms_ = 0;
  std::optional<double> known_ms_;  // of the minute before
};

// The clock of a stream that replays the past, as it was when the newest rows that are stored by
// now arrived: rows are stored at the wall clock's pace, while a replay may run at another.
class ReplayClock {
 public:
  // `lag`: how many seconds of the wall clock may go by until rows are stored.
  explicit ReplayClock(Second lag) : lag_(lag) {}
  // Once a second.
  void sample(Second now, Second clock);
  // A new stream.
  void reset() { samples_.clear(); }
  // Of a stream younger than `lag`: its first sample.
  [[nodiscard]] std::optional<Second> stored_by_now() const;

 private:
  struct Sample {
    Second now;
    Second clock;
  };
  const Second lag_;
  std::deque<Sample> samples_;  // of the last `lag` seconds, and one before
};

class FeedPart final : private jobs::LiveObserver {
 public:
  // `lake_health` is told what the feed knows. All outlive this object.
  // Errors: those of jobs::live_options(): what cannot be is said before anything starts.
  [[nodiscard]] static Result<std::unique_ptr<FeedPart>> create(
      Env& env, StopSignal& stop, const jobs::Config& config, const Variables& variables,
      std::vector<jobs::LiveReader*> readers, jobs::LakeHealth& lake_health);

  void start() { part_.start(); }
  [[nodiscard]] Part& part() { return part_; }

  // "connected", "connecting", …; "failed" between two runs. From any thread, as all below.
  [[nodiscard]] std::string state_word() const;
  // Of the stream; nothing before its first record.
  [[nodiscard]] std::optional<Second> clock() const;
  // Nothing where records are replayed, or too few.
  [[nodiscard]] std::optional<double> clock_skew_ms() const;
  // The feed, and its sinks.
  [[nodiscard]] std::vector<jobs::PartHealth> health() const;

 private:
  FeedPart(Env& env, StopSignal& stop, const jobs::Config& config, const Variables& variables,
           jobs::LiveJobOptions options, jobs::LakeHealth& lake_health);
  [[nodiscard]] Status run();
  void at(const jobs::LiveStatus& status) override;

  Env& env_;
  StopSignal& stop_;
  const jobs::Config config_;
  const Variables variables_;
  jobs::LiveJobOptions options_;
  jobs::LakeHealth& lake_health_;
  HaltWatch halt_watch_;
  mutable std::mutex mutex_;
  std::optional<jobs::LiveStatus> status_;  // of the run under way; none: there is none
  std::optional<jobs::LiveStatus> before_;  // a second ago
  ClockSkew skew_;
  ReplayClock replay_clock_;
  bool is_replay_ = false;  // the stream's clock is another one than the wall's
  Part part_;
};

}  // namespace fm::app
