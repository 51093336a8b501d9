// The records of a capture log into a candle engine. What the feed covered comes from the log's own
// markers: every reader of one log sees the same coverage.
#pragma once

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "candles/engine.h"
#include "candles/instruments.h"
#include "capture/markers.h"
#include "dbn/symbol_map.h"

namespace fm::jobs {

// [from, to) in ns.
struct TimeRange {
  Nanos from = 0;
  Nanos to = 0;
};

struct KnownGaps {
  std::vector<TimeRange> repaired;
  std::vector<TimeRange> open;
};

class LogFeed {
 public:
  // `engine` outlives this object and is fed by nobody else.
  explicit LogFeed(candles::Engine& engine) : engine_(engine) {}

  // What is known of the log's gaps besides its markers: those that were repaired since, and those
  // that were not. Before the first record.
  void set_gaps(KnownGaps gaps) { gaps_ = std::move(gaps); }

  // Records from here on count as another source, for the quarantine's sake. Before the first.
  // `segment_start` is the start of the segment they come from: a reader that begins in the middle
  // of a session has not seen its marker, but is covered from there.
  candles::SourceId begin_source(std::optional<Nanos> segment_start = std::nullopt);
  void feed(const dbn::RecordBlock& block);

 private:
  void apply(const capture::SessionMarker& session);
  void apply(const capture::GapMarker& gap);

  candles::Engine& engine_;
  KnownGaps gaps_;
  dbn::SymbolMap symbols_;
  std::optional<candles::Instruments> instruments_;
  std::optional<candles::Engine::CoverId> cover_;  // goes on until a gap is told
};

}  // namespace fm::jobs
