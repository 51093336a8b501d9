// The capture log of one dataset: what a gateway sent, on disk before anything else sees it.
// docs/formats/capture.md has the bytes; log_reader.h follows it.
//
//   FM_ASSIGN(auto log, Log::open(env, {.directory = "…/capture/GLBX.MDP3", .dataset =
//   "GLBX.MDP3"})); FM_TRY(log->begin_session(session.metadata())); FM_TRY(log->append(block)); //
//   readable in this process now, durable after the next sync FM_TRY(log->close());
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/env.h"
#include "base/error.h"
#include "base/time.h"
#include "capture/position.h"
#include "dbn/metadata.h"
#include "dbn/record_view.h"

namespace fm::capture {

struct LogOptions {
  std::string directory;  // …/capture/<dataset>; made when missing
  std::string dataset;
  std::uint64_t segment_bytes = std::uint64_t{256}
                                << 20;  // a segment ends at the first block behind
  Nanos sync_interval = 20'000'000;     // 0: a record is durable when append() returns
  bool compress = true;                 // closed segments
  int retention_days = 30;              // of capture, the newest included
  std::uint64_t retention_bytes = 50'000'000'000;
  // Threads "fm-sync" and "fm-compress". Without them, sync(), work_off() and close() do the work
  // on their caller's thread.
  bool threads = true;
};

// What open() found and did; also written to the program's log.
struct Recovery {
  std::uint64_t bytes_cut = 0;          // behind the last durable block
  std::uint32_t segments_finished = 0;  // left open by a process that died
  std::uint32_t leftovers_removed = 0;  // drafts, and segments that never held a durable block
  std::uint32_t set_aside = 0;          // data without an index, renamed to *.unindexed
};

struct Retention {
  std::vector<Date> days;  // removed, oldest first
  std::uint64_t bytes = 0;
};

// Counts since open(), for metrics.
struct LogFigures {
  std::uint64_t records = 0;
  std::uint64_t bytes = 0;
  std::uint64_t syncs = 0;
  std::uint64_t segments = 0;  // begun
  Nanos sync_newest = 0;       // how long the newest group commit took
  Nanos sync_longest = 0;
  // The longest time from a record's append() to its durability: what a power cut could have lost.
  Nanos loss_longest = 0;
};

// One writer per directory, in any process: open() holds a lock. append(), begin_session(),
// mark_gap() and close() belong to one thread; everything const may be called from any.
//
// Errors of append(), begin_session() and mark_gap(): nothing of the call counts, and the same call
// may be made again. kNoSpace (can be retried) when the disk is full; the error of the sync thread
// while it cannot make durable what was appended before (it keeps trying what can be retried).
class Log {
 public:
  // Cuts off what lies behind the last durable block and finishes what a crash left half done.
  // Errors: kBusy (another writer), kConflict (a log of another dataset), kNotFound (no time zone
  // database), those of Env.
  [[nodiscard]] static Result<std::unique_ptr<Log>> open(Env& env, LogOptions options);
  // Without close(): as if the process had died after its last sync.
  ~Log();
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  // A connection or reconnection. `start` as in SessionMarker. Errors: also kConflict for another
  // dataset, kUnsupported unless of version 3.
  [[nodiscard]] Status begin_session(const dbn::Metadata& session, Nanos start);
  [[nodiscard]] Status begin_session(const dbn::Metadata& session) {
    return begin_session(session, session.start);
  }
  // All records, in order; a ts_out is taken off. Records of version 3 (dbn::Reader upgrades).
  [[nodiscard]] Status append(const dbn::RecordBlock& block);
  // [from, to) in arrival.
  [[nodiscard]] Status mark_gap(Nanos from, Nanos to, std::string_view reason);

  // What readers in this process may read. synced() ≤ written(), always.
  [[nodiscard]] Position written() const;
  // What survives a power cut.
  [[nodiscard]] Position synced() const;
  // Waits until the position lies behind `seen`, the log is closed, or `patience` is over; returns
  // the position then.
  [[nodiscard]] Position wait_written_beyond(const Position& seen, Nanos patience) const;
  [[nodiscard]] Position wait_synced_beyond(const Position& seen, Nanos patience) const;

  // The stream's own clock: of all that the log keeps, the newest ts_recv (ts_event where a record
  // has no other); 0 when there is none. Its capture day is where records go now.
  [[nodiscard]] Nanos newest_arrival() const;
  // What the last group commit could not do, and the compressing of segments.
  [[nodiscard]] Status status() const;
  [[nodiscard]] LogFigures figures() const;
  [[nodiscard]] const Recovery& recovery() const;

  // A group commit now; returns when everything appended before is durable.
  [[nodiscard]] Status sync();
  // Compresses closed segments; what fails stays readable as it is. Done by "fm-compress" where
  // there are threads.
  [[nodiscard]] Status work_off();
  // Removes the oldest capture days beyond what is to be kept, but none from `keep_from` on (the
  // oldest day that a reader still needs), and never the newest. Says so in the program's log.
  [[nodiscard]] Result<Retention> remove_old_days(Date keep_from);
  // The last sync; truncates the open segment to its data and closes it.
  [[nodiscard]] Status close();

 private:
  struct State;
  explicit Log(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace fm::capture
