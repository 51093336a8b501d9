// Tells the health report of the halts that a feed's status records speak of.
#pragma once

#include <span>

#include "dbn/symbol_map.h"
#include "jobs/lake_health.h"
#include "jobs/live_candles.h"

namespace fm::app {

class HaltWatch final : public jobs::LiveReader {
 public:
  // `health` outlives this object.
  explicit HaltWatch(jobs::LakeHealth& health) : health_(health) {}

  void rows(std::span<const candles::CandleRow>, const candles::Engine&) override {}
  void records(const dbn::RecordBlock& block) override;

 private:
  jobs::LakeHealth& health_;
  dbn::SymbolMap symbols_;
};

}  // namespace fm::app
