// What all tickers of an engine share.
#pragma once

#include <string>
#include <vector>

#include "candles/coverage.h"
#include "candles/engine.h"
#include "candles/rejects.h"
#include "candles/row_buffer.h"
#include "market/session.h"

namespace fm::candles {

struct Shared {
  Shared(const market::Calendar& the_calendar, const EngineOptions& the_options, Output& output)
      : calendar(the_calendar), options(the_options), rows(output) {}

  const market::Calendar& calendar;
  const EngineOptions options;
  Coverage coverage;
  Rejects rejects;
  RowBuffer rows;
  std::vector<std::string> symbols{std::string()};  // by SymbolId
};

}  // namespace fm::candles
