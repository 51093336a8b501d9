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

class LogFeed {
 public:
  // `engine` outlives this object and is fed by nobody else.
  explicit LogFeed(candles::Engine& engine) : engine_(engine) {}

  // Stretches of which the log says that they are gaps, but that were repaired since. Before the
  // first record.
  void set_repaired(std::vector<TimeRange> ranges) { repaired_ = std::move(ranges); }

  // Records from here on count as another source, for the quarantine's sake. Before the first.
  candles::SourceId begin_source();
  void feed(const dbn::RecordBlock& block);

 private:
  void apply(const capture::SessionMarker& session);
  void apply(const capture::GapMarker& gap);

  candles::Engine& engine_;
  std::vector<TimeRange> repaired_;
  dbn::SymbolMap symbols_;
  std::optional<candles::Instruments> instruments_;
  std::optional<candles::Engine::CoverId> cover_;  // goes on until a gap is told
};

}  // namespace fm::jobs
