// Our hours against the vendor's own: market_data.bars_1h and databento_futures_ohlcv_1h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bars/bar.h"
#include "base/error.h"
#include "lake/lake.h"

namespace fm::bars {

enum class HourDifference {
  kOnlyOurs,    // the vendor has no such hour
  kOnlyTheirs,  // its minutes are missing
  kPrices,      // open, high, low or close
  kVolume,      // the prices are equal
};
[[nodiscard]] std::string_view name(HourDifference difference);

struct DifferentHour {
  HourDifference difference{};
  Second hour = 0;
  std::string symbol;
  std::optional<Bar> ours;  // their prices and volume alone
  std::optional<Bar> theirs;
};

struct HourComparison {
  std::uint64_t equal = 0;
  std::uint64_t different = 0;
  // Of them, in the order of time and symbol; at most as many as were asked for.
  std::vector<DifferentHour> differences;
};

// The hours of one root whose UTC dates lie in [from, before), as far as they were made from
// minutes: hours taken from the vendor say nothing. Only dates of which both tables have rows are
// compared. Errors: the lake's.
[[nodiscard]] Result<HourComparison> compare_hours(const lake::Lake& lake, const std::string& root,
                                                   Date from, Date before,
                                                   std::size_t differences_max);

}  // namespace fm::bars
