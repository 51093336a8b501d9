// The database sink on a thread of its own ("fm-postgres"), behind the capture log: seconds old
// where all is well, and as late as it has to be where not. The feed does not notice; what is not
// stored yet stays in the log, and no more rows than kRowsWaitingMax in memory.
//
//   DatabaseFollower database(options, log);
//   … database.figures() for the status line
//   FM_TRY(database.finish());   // or stop(): the next one goes on
//
// The cursor lies in the database, in the rows' transaction. A follower that starts, or finds the
// database at another point than it left it, reads the log again from before that point; rows that
// are equal are not written again.
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
#include "base/secret.h"
#include "capture/log.h"
#include "jobs/capture_start.h"
#include "ops/state.h"

namespace fm::jobs {

inline constexpr std::size_t kRowsWaitingMax = 16'384;

struct DatabaseFollowerOptions {
  Env& env;
  const lake::Lake& lake;  // where trade dates begin from
  ops::State& state;       // used by this thread alone
  const market::Universe& universe;
  const market::Calendar& calendar;
  candles::EngineOptions engine;
  CaptureSource log;
  Nanos retry_after = kNanosPerSecond;  // a failure; doubles up to a minute
};

struct DatabaseFigures {
  bool is_on = false;
  std::string place;           // "market on db.example:5432"; empty before the first connection
  capture::Position position;  // of the log, as far as the sink has read
  std::optional<Second> stored_to;  // rows of earlier seconds are stored and will not change
  std::uint64_t rows_sent = 0;
  std::uint64_t rows_changed = 0;  // of these, new ones and corrections
  std::uint64_t commits = 0;
  std::uint64_t failures = 0;
  std::string last_error;  // of the failure that it has not recovered from; empty: none
};

class DatabaseFollower {
 public:
  // `log` outlives this object; `options` speak of its directory.
  DatabaseFollower(const DatabaseFollowerOptions& options, Secret uri, const capture::Log& log);
  ~DatabaseFollower();  // stops
  DatabaseFollower(const DatabaseFollower&) = delete;
  DatabaseFollower& operator=(const DatabaseFollower&) = delete;

  // The log has ended: stores everything and stops. Errors: the database's, after a last try.
  [[nodiscard]] Status finish();
  // Ends at once; a transaction in hand is given up.
  void stop();

  [[nodiscard]] DatabaseFigures figures() const;

 private:
  class Run;
  void run();
  void failed(const Error& error);
  // Of a change of the figures, which also ends a failure.
  template <class Change>
  void went_well(const Change& change);
  [[nodiscard]] bool wait(Nanos patience);

  const DatabaseFollowerOptions options_;
  const Secret uri_;
  const capture::Log& log_;
  std::atomic<bool> stopping_ = false;
  std::atomic<bool> finishing_ = false;
  mutable std::mutex mutex_;
  DatabaseFigures figures_;
  Status outcome_;
  std::thread thread_;  // last: starts when everything else is there
};

}  // namespace fm::jobs
