// The connection to a gateway that lasts: records into the capture log, then to the engine, through
// every disconnection. On a thread of its own ("fm-receive").
//
// A session that ends is followed by the next one, which asks for everything since shortly before
// the newest record kept; what the log holds already is left out (capture/resume.h). Where the
// gateway cannot replay that far, the hole is recorded as a gap: in the log, whose readers see it,
// and in ops.feed_gaps.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>

#include "base/env.h"
#include "base/error.h"
#include "base/secret.h"
#include "capture/log.h"
#include "capture/resume.h"
#include "databento/backoff.h"
#include "databento/live_session.h"
#include "jobs/live_candles.h"
#include "ops/state.h"

namespace fm::jobs {

struct LiveFeedOptions {
  databento::LiveOptions session;
  databento::BackoffOptions backoff = {};
  // For a log that holds nothing yet; none: from now on.
  std::optional<Nanos> first_start = {};
  // A clean close by the gateway ends the feed, once it has replayed all that was asked for.
  bool until_end = false;
  // How long a full disk may keep the feed waiting.
  Nanos disk_patience = 600 * kNanosPerSecond;
};

enum class FeedState { kConnecting, kConnected, kWaiting, kDiskFull, kEnded };
[[nodiscard]] std::string_view name(FeedState state);

struct FeedFigures {
  FeedState state = FeedState::kConnecting;
  std::string peer;
  std::uint64_t records = 0;  // kept, since the start
  std::uint64_t dropped = 0;  // that the log held already
  std::uint64_t sessions = 0;
  std::uint64_t gaps = 0;
  std::uint64_t malformed_lines = 0;
  Nanos newest_arrival = 0;
  std::string last_error;  // of the last session that failed; empty while one runs
};

class LiveFeed {
 public:
  // What lives longer than this object. `silent_since` is told when records stop and begin, as
  // LakeFollower::set_silent_since has it.
  struct Parts {
    Env& env;
    capture::Log& log;
    std::string log_directory;
    LiveCandles& candles;
    ops::State& state;  // used by this thread alone
    std::function<void(Nanos)> silent_since;
  };
  LiveFeed(Parts parts, Secret key, LiveFeedOptions options);
  ~LiveFeed();  // stops
  LiveFeed(const LiveFeed&) = delete;
  LiveFeed& operator=(const LiveFeed&) = delete;

  void start();
  // Ends after the block in hand; returns when the thread has ended.
  void stop();
  [[nodiscard]] bool ended() const { return ended_; }
  // Once ended: nothing, or why the feed could not go on. kRefused when the gateway refuses the
  // first session; kNoSpace (retryable) when the disk stayed full; those of the log.
  [[nodiscard]] const Status& outcome() const { return outcome_; }
  [[nodiscard]] FeedFigures figures() const;

 private:
  // Why no records of a stretch are to be had.
  struct Hole {
    Nanos from;
    std::string reason;
  };
  enum class Ending { kStopped, kClosed, kFailed };

  void run();
  [[nodiscard]] Status keep_connected();
  // One session, from the handshake to its end.
  [[nodiscard]] Result<Ending> one_session();
  [[nodiscard]] Result<Ending> converse(databento::LiveSession& session,
                                        std::optional<capture::ResumeFilter>& filter);
  [[nodiscard]] Status take(const dbn::RecordBlock& block);
  void listen_to_gateway(const dbn::RecordBlock& block);
  [[nodiscard]] Status close_hole(const dbn::RecordBlock& block);
  // Does it until it succeeds, waiting for room on the disk.
  [[nodiscard]] Status patiently(const std::function<Status()>& change);
  // False when stopped meanwhile.
  [[nodiscard]] bool wait(Nanos duration);
  void set_state(FeedState state);
  [[nodiscard]] std::size_t schema_count() const;

  Parts parts_;
  Secret key_;
  LiveFeedOptions options_;
  databento::Backoff backoff_;
  std::stop_source stopping_;
  std::atomic<bool> ended_ = false;
  Status outcome_;
  bool from_everything_ = false;        // the gateway no longer has what was asked for
  std::optional<Hole> hole_;            // until the next record arrives
  std::optional<std::string> closing_;  // the gateway's words
  bool replaying_ = false;              // the session was opened with a start
  std::size_t replays_finished_ = 0;    // of its schemas
  mutable std::mutex mutex_;
  FeedFigures figures_;
  std::shared_ptr<databento::LiveSession> session_;  // guarded by mutex_
  std::thread thread_;
};

}  // namespace fm::jobs
