// Reading a capture log, also while it is written, in this process or another.
//
//   FM_ASSIGN(LogReader reader, LogReader::open(env, directory, {.from_day = day}));
//   for (;;) {
//     FM_ASSIGN(const dbn::RecordBlock block, reader.next(log.synced()));
//     if (block.empty()) { log.wait_synced_beyond(reader.position(), patience); continue; }
//     for (const dbn::RecordView record : block) …
//   }
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/env.h"
#include "base/error.h"
#include "base/time.h"
#include "capture/position.h"
#include "dbn/metadata.h"
#include "dbn/record_view.h"

namespace fm::capture {

struct LogReaderOptions {
  std::optional<Date> from_day =
      std::nullopt;  // begins with the first capture day from here on; none: the oldest
  std::optional<Date> to_day = std::nullopt;  // the last one read; none: follows the log
  // Goes on behind damage and reports it in damages(); else it is an error.
  bool go_on_behind_damage = false;
  bool repairs = true;  // merge the day's repair segments
};

// Bytes that are not what was written.
struct Damage {
  std::string path;
  Date day;
  std::uint32_t segment = 0;
  std::uint64_t block = 0;       // its number in the index, from 0
  std::uint64_t first_byte = 0;  // in the uncompressed segment
  std::uint64_t bytes = 0;
  // The arrivals that may be missing: [after, before). 0 and kUndefTime where nothing is known.
  Nanos after = 0;
  Nanos before = kUndefTime;
  std::string reason;
};

// One thread uses a reader; any number of readers follow one log.
class LogReader {
 public:
  // Errors: kNotFound when there is no such directory; those of Env. An empty log is none.
  [[nodiscard]] static Result<LogReader> open(Env& env, std::string directory,
                                              LogReaderOptions options = {});
  ~LogReader();
  LogReader(LogReader&&) noexcept;
  LogReader& operator=(LogReader&&) noexcept;

  // The next records, all of one segment, in the reader's own memory until the next call; empty
  // when there is nothing more yet. `limit` is log.written() or log.synced() where the log is
  // written in this process; without it, everything that the indexes hold, which is durable (in
  // other processes and for a log that nobody writes). The mappings in force come first, and again
  // behind damage; the copies with which every segment begins are left out otherwise. Closed
  // segments and those read without a limit are checked against their hashes. Errors: kCorrupt and
  // kTruncated with file, block and byte; the same comes again on every further call.
  [[nodiscard]] Result<dbn::RecordBlock> next(std::optional<Position> limit = std::nullopt);

  // Behind the last record of the log itself that next() gave, or the damage it passed over. Its
  // day or segment changes with the first block of another.
  [[nodiscard]] const Position& position() const;
  // Of the segment that the last block came from.
  [[nodiscard]] const dbn::Metadata& metadata() const;
  // What was passed over so far.
  [[nodiscard]] std::span<const Damage> damages() const;
  // Records of repair segments given so far.
  [[nodiscard]] std::uint64_t repaired_records() const;

 private:
  struct State;
  explicit LogReader(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// The capture days of a log, oldest first. Errors: kNotFound when there is no such directory.
[[nodiscard]] Result<std::vector<Date>> days(Env& env, const std::string& directory);

}  // namespace fm::capture
