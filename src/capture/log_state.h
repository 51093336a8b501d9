// Inside Log: what its source files share.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/hash.h"
#include "capture/capture_day.h"
#include "capture/log.h"
#include "capture/mappings.h"
#include "capture/segment_writer.h"

namespace fm::capture {

// What open() learned from the files.
struct Found {
  Recovery recovery;
  std::optional<Date> day;    // the newest that has a segment
  std::uint32_t segment = 0;  // the newest of it
  std::uint64_t bytes = 0;    // where that ends
  Nanos newest_arrival = 0;
  Mappings mappings;
  std::vector<SegmentName> uncompressed;  // closed, oldest first
};
[[nodiscard]] Result<Found> recover(Env& env, const LogOptions& options);

// A run of records that goes into one segment.
struct Piece {
  std::span<const std::byte> bytes;
  Survey survey;
  std::optional<Date> begins_day;  // the first of a new capture day
};

struct Log::State {
  State(Env& e, LogOptions o, std::unique_ptr<FileLock> l, CaptureDays d, Found found);

  // --- append.cc: the feed's thread ---
  [[nodiscard]] Status append(const dbn::RecordBlock& block);
  [[nodiscard]] Status append_marker(const dbn::SystemMsg& marker);
  [[nodiscard]] Status append_stripped(const dbn::RecordBlock& block);
  [[nodiscard]] dbn::RecordBlock without_ts_out(const dbn::RecordBlock& block);
  [[nodiscard]] std::vector<Piece> pieces_of(const dbn::RecordBlock& block);
  [[nodiscard]] Status put(std::span<const Piece> pieces);
  [[nodiscard]] Result<std::shared_ptr<SegmentWriter>> new_segment(Date day, std::uint32_t number);
  [[nodiscard]] std::size_t closing_count() const;
  [[nodiscard]] Date day_of_first(const dbn::RecordBlock& block);

  // --- sync.cc: any thread ---
  [[nodiscard]] Status commit_all();
  [[nodiscard]] Status commit_segment(SegmentWriter& segment);
  [[nodiscard]] Status finish_segment(const std::shared_ptr<SegmentWriter>& segment);
  [[nodiscard]] Status commit_in_order();
  void run_sync();
  void run_compress();
  [[nodiscard]] Status compress_next(bool& did);
  void start_threads();
  void stop_threads();

  Env& env;
  const LogOptions options;
  std::unique_ptr<FileLock> lock;
  const Recovery recovery;

  // The feed's thread alone.
  CaptureDays days;
  Mappings mappings;
  std::optional<Date> day;
  std::uint32_t last_segment = 0;  // number of the day's newest
  Nanos clock = 0;          // what cuts days: the newest arrival, or the start of a later session
  Nanos session_start = 0;  // of a session whose first segment is not made yet; else 0
  std::vector<std::uint64_t> stripped_words;
  // An append that counts but could not be made durable at once; made again, it only syncs.
  std::optional<Hash128> unfinished;
  bool closed = false;

  mutable std::mutex mutex;
  mutable std::condition_variable advanced;  // written, synced or over
  std::condition_variable work;              // for the threads
  std::shared_ptr<SegmentWriter> current;    // guarded, like all below
  std::deque<std::shared_ptr<SegmentWriter>>
      closing;                           // full or of days that are over; oldest first
  std::deque<SegmentName> uncompressed;  // closed
  Position written;
  Position synced;
  std::optional<Nanos> dirty_since;  // monotonic time of the oldest append that is not durable
  std::optional<Error> sync_failure;
  std::optional<Error> compress_failure;
  LogFigures figures;
  bool stopping = false;
  bool over = false;
  std::atomic<Nanos> newest_arrival = 0;
  std::atomic<bool> stop_compressing = false;

  std::mutex committing;   // held for a whole group commit
  std::mutex compressing;  // held while a segment is compressed or days are removed
  std::thread sync_thread;
  std::thread compress_thread;
};

}  // namespace fm::capture
