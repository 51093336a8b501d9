// One input, opened when it is due, that gives its records to the candle engine a stretch at a
// time. Feeds of several files are interleaved by arrival (merge.h), so a feed knows the arrival of
// its next record.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/env.h"
#include "base/error.h"
#include "base/time.h"
#include "candles/engine.h"
#include "dbn/byte_source.h"
#include "dbn/enums.h"
#include "jobs/inputs.h"

namespace fm::jobs {

// Records whose arrival lies in [from, to) are given to the engine; of the others only symbol
// mappings are learned.
struct ArrivalWindow {
  Nanos from = 0;
  Nanos to = kUndefTime;
  [[nodiscard]] bool holds(Nanos arrival) const { return from <= arrival && arrival < to; }
  [[nodiscard]] bool is_everything() const { return from == 0 && to == kUndefTime; }
};

struct FeedOptions {
  bool read_ahead = false;  // decompress on a thread
  bool salvage = false;     // damage ends the input instead of the run
};

// What an input says before it is read.
struct FeedHead {
  dbn::Format format = dbn::Format::kDbn;
  std::optional<dbn::Schema> schema = {};  // DBN only; absent: mixed
  std::optional<Nanos> first_arrival =
      {};  // of its first TBBO or mbp-1 record; absent: it has none
  std::optional<Nanos> start = {}, end = {};  // of the metadata: the feed covered [start, end)
};

// Tells the engine what the input's metadata says was covered; before anything is fed.
void cover_as_announced(const FeedHead& head, candles::Engine& engine);

class Feed {
 public:
  // Reads up to the first TBBO or mbp-1 record. Errors: those of the reader; kUnsupported for a DBN
  // file that was asked to hold another schema.
  [[nodiscard]] static Result<std::unique_ptr<Feed>> open(Env& env, const InputFile& file,
                                                          const FeedOptions& options);
  virtual ~Feed() = default;

  [[nodiscard]] const FeedHead& about() const { return about_; }
  // Arrival of the next record; a line or record without one has that of the one before it.
  // kUndefTime at the end.
  [[nodiscard]] Nanos head() const { return head_; }
  [[nodiscard]] bool at_end() const { return at_end_; }

  // Before the first give(): tells the engine of the source.
  void attach(candles::Engine& engine, const ArrivalWindow& window);
  [[nodiscard]] candles::SourceId source() const { return source_; }
  // Gives records while their arrival is at most `limit`, and no more than are in memory: call
  // again.
  [[nodiscard]] virtual Status give(Nanos limit) = 0;
  // At the end.
  void detach();

  // The damage that ended a salvaged input, for people; empty when there was none.
  [[nodiscard]] const std::string& damage() const { return damage_; }
  // Of the records so far, inside the window or not.
  [[nodiscard]] Nanos last_arrival() const { return last_arrival_; }
  // The newest one that lay behind the window.
  [[nodiscard]] std::optional<Nanos> newest_beyond() const { return newest_beyond_; }
  [[nodiscard]] std::uint64_t records_given() const { return records_given_; }

 protected:
  explicit Feed(FeedHead about) : about_(about) {}
  virtual void attached() {}
  // The feed comes to the first record inside the window.
  void enter_window(Nanos arrival);

  FeedHead about_;
  Nanos head_ = 0;
  bool at_end_ = false;
  candles::Engine* engine_ = nullptr;
  candles::SourceId source_ = 0;
  ArrivalWindow window_;
  // A TBBO or mbp-1 record outside the window.
  void skip(Nanos arrival);

  bool skipped_before_ = false;
  std::optional<Nanos> newest_beyond_;
  Nanos last_arrival_ = 0;
  bool entered_ = false;
  std::string damage_;
  std::uint64_t records_given_ = 0;
};

}  // namespace fm::jobs
