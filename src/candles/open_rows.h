// Rows of the seconds that may still change, as Engine::provisional() finds them.
//
//   OpenRows open;              // one for all calls: it keeps its memory
//   engine.provisional(open);   // when a second of the wall clock is over
//   publish(open.candles());
//
// Trades stamped later than clock + 1, which only records that do not move the clock can bring, are
// not in yet.
#pragma once

#include <memory>
#include <span>

#include "candles/engine.h"
#include "candles/types.h"

namespace fm::candles {

class OpenRows {
 public:
  OpenRows();
  ~OpenRows();
  OpenRows(OpenRows&&) noexcept;
  OpenRows& operator=(OpenRows&&) noexcept;

  // By ticker, then time. Valid until the next call of provisional().
  [[nodiscard]] std::span<const CandleRow> candles() const;
  // By ticker, then time, then symbol (their ids); empty without EngineOptions::seconds.
  [[nodiscard]] std::span<const SecondRow> seconds() const;
  // By ticker, then trade date: each open trade date as if it closed now. Coverage and gaps count
  // up to the clock.
  [[nodiscard]] std::span<const SessionRow> sessions() const;

 private:
  friend class Engine;
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace fm::candles
