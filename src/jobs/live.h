// `frontmonth live`: a gateway's stream into the capture log, candles and the lake, for weeks.
//
//   gateway ─▶ LiveFeed ─▶ capture::Log ─▶ LakeFollower ─▶ lake
//               fm-receive │               fm-lake
//                          ├───────────────▶ DatabaseFollower ─▶ PostgreSQL, where one is named
//                          └▶ LiveCandles   fm-postgres
//
// docs/live.md says what it promises and what each failure looks like.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/env.h"
#include "base/error.h"
#include "base/secret.h"
#include "base/signals.h"
#include "candles/engine.h"
#include "capture/log.h"
#include "databento/live_session.h"
#include "jobs/database_follower.h"
#include "jobs/feed_places.h"
#include "jobs/lake_follower.h"
#include "jobs/live_candles.h"
#include "jobs/live_feed.h"
#include "jobs/mirror_follower.h"
#include "jobs/retention.h"

namespace fm::jobs {

struct LiveJobOptions {
  std::string lake;
  std::string state_dir;       // empty: beside the lake
  std::int64_t keep_days = 0;  // see LakePlace
  std::string universe_file;
  databento::LiveOptions session;
  databento::BackoffOptions backoff = {};
  // For a log that holds nothing yet: 0 is everything that the gateway has; none: from now on.
  std::optional<Nanos> start = {};
  bool until_end = false;
  int warmup_seconds = 60;
  std::string front_month;  // a rule's name; empty = the default rule
  // capture::LogOptions, but for directory and dataset
  Nanos sync_interval = 20'000'000;
  std::uint64_t segment_bytes = std::uint64_t{256} << 20;
  bool compress = true;
  int retention_days = 30;
  std::uint64_t retention_bytes = 50'000'000'000;
  FollowerOptions follower = {};
  // How long a full disk may keep the feed waiting.
  Nanos disk_patience = LiveFeedOptions{}.disk_patience;
  // The connection URI of a database that takes the candles, too.
  std::optional<Secret> database = {};
  Nanos database_retry_after = kNanosPerSecond;  // as DatabaseFollowerOptions
  RetentionRules retention = {};                 // of the lake's tables
  // The mirror of the lake, for the status; whoever started it ends it.
  const MirrorFollower* mirror = nullptr;
  std::vector<LiveReader*> readers = {};  // of rows that may still change
};

[[nodiscard]] FeedPlacesOptions places_of(const LiveJobOptions& options);

struct LiveStatus {
  Second now = 0;
  FeedFigures feed;
  LakeFigures lake;
  DatabaseFigures database;
  MirrorFigures mirror;
  capture::LogFigures log;
  capture::Position written, synced;
  std::optional<Second> clock;  // of the stream
  std::vector<TickerNow> tickers;
};

class LiveObserver {
 public:
  virtual ~LiveObserver() = default;
  // Once a second.
  virtual void at(const LiveStatus& status) = 0;
};

// At most one runs for a dataset and state folder. Ends when `stop` is requested, within a second,
// or at the gateway's end with `until_end`. Errors: kBusy when another one runs; kRefused when the
// gateway refuses the first session; kConflict for a lake made with other parameters; kNoSpace
// (retryable) when the disk stays full; those of the lake, the log and, at the gateway's end, the
// database.
[[nodiscard]] Result<LiveStatus> run_live(Env& env, const LiveJobOptions& options, Secret key,
                                          StopSignal& stop, LiveObserver& observer);

}  // namespace fm::jobs
