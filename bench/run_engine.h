// Inputs through the candle engine, rows counted and dropped.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/env.h"
#include "base/error.h"
#include "candles/engine.h"

namespace fm::bench {

struct EngineRun {
  std::uint64_t records = 0;
  std::uint64_t rows = 0;
  std::int64_t volume = 0;  // of the rows' last second; keeps them from being optimised away
};

// One thread reads and computes. Errors: those of the readers.
[[nodiscard]] Result<EngineRun> candles_of_dbn(Env& env, const std::string& path);
[[nodiscard]] Result<EngineRun> candles_of_json(Env& env, const std::string& path);

// All rows in memory, and the engine that knows the names of their numbers.
struct KeptRows {
  std::unique_ptr<candles::Output> output;
  std::unique_ptr<candles::Engine> engine;
  std::vector<candles::CandleRow> rows;
};
[[nodiscard]] Result<KeptRows> keep_candles_of_dbn(Env& env, const std::string& path);

}  // namespace fm::bench
