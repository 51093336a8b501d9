// The lake sink on a thread of its own ("fm-lake"), behind the capture log: it may lag, fail and
// catch up, and the feed does not notice.
//
//   LakeFollower lake(sink_options, log, {});
//   … lake.set_silent_since(…) by the feed; lake.figures() for the status line
//   FM_TRY(lake.finish());     // or stop(): what is not stored yet stays in the log
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "base/env.h"
#include "base/error.h"
#include "capture/log.h"
#include "capture/log_reader.h"
#include "jobs/lake_sink.h"

namespace fm::jobs {

struct FollowerOptions {
  Nanos flush_interval = 60 * kNanosPerSecond;
  // Without records for so long, the last seconds count as final.
  Nanos silence = 65 * kNanosPerSecond;
  Nanos retry_after = 5 * kNanosPerSecond;  // a failure; doubles up to a minute
};

struct LakeFigures {
  capture::Position position;       // of the log, as far as the sink has read
  std::optional<Second> stored_to;  // rows of earlier seconds are stored
  std::uint64_t rows_stored = 0;
  std::uint64_t sessions_stored = 0;
  std::uint64_t failures = 0;
  std::string last_error;  // of the failure that it has not recovered from; empty: none
};

class LakeFollower {
 public:
  // `log` outlives this object; `options` speak of its directory.
  LakeFollower(const LakeSinkOptions& options, const capture::Log& log,
               const FollowerOptions& follower);
  ~LakeFollower();  // stops
  LakeFollower(const LakeFollower&) = delete;
  LakeFollower& operator=(const LakeFollower&) = delete;

  // The feed is connected and has had no record since this moment of Env::monotonic(); 0: it is not
  // connected, or records come.
  void set_silent_since(Nanos monotonic) { silent_since_ = monotonic; }

  // The log has ended: stores everything and stops. Errors: the sink's, after a last try.
  [[nodiscard]] Status finish();
  // Ends within the commit in hand. What is not stored is stored by the next follower.
  void stop();

  [[nodiscard]] LakeFigures figures() const;

 private:
  void run();
  enum class Outcome { kFinished, kStopped, kBeginAnew };
  [[nodiscard]] Result<Outcome> follow();
  struct Following;
  [[nodiscard]] Status take(Following& following, const dbn::RecordBlock& block);
  [[nodiscard]] Status idle(Following& following, bool caught_up);
  [[nodiscard]] Result<std::size_t> count_repairs();
  // Whether batch runs leave the lake to this thread for now.
  [[nodiscard]] Result<std::unique_ptr<FileLock>> lock_lake();
  void publish(const Following& following);
  [[nodiscard]] bool wait(Nanos patience);

  LakeSinkOptions options_;
  const capture::Log& log_;
  const FollowerOptions follower_;
  std::atomic<bool> stopping_ = false;
  std::atomic<bool> finishing_ = false;
  std::atomic<Nanos> silent_since_ = 0;
  mutable std::mutex mutex_;
  LakeFigures figures_;
  Status outcome_;
  std::thread thread_;  // last: starts when everything else is there
};

}  // namespace fm::jobs
