// From a row's integers to the doubles that users read, with the rounding of every step fixed:
// integers become the nearest double, then one operation at a time.
#pragma once

#include <cstdint>
#include <optional>

#include "base/price.h"
#include "candles/types.h"

namespace fm::candles {

// part / (a + b) and the like: nothing when the denominator is 0.
[[nodiscard]] std::optional<double> ratio(std::int64_t numerator, std::int64_t denominator);

// (close − open) / |open| in basis points; nothing when open is 0.
[[nodiscard]] std::optional<double> price_change_bps(Price open, Price close);

// +1: the price rose against selling; −1: it fell against buying; 0: neither, or too little of
// either (under half a basis point, under a tenth of the volume), or a ratio is missing.
[[nodiscard]] int divergence(std::optional<double> price_change_bps,
                             std::optional<double> vd_ratio);

// The doubles of one candle or bar.
struct Derived {
  double open = 0;
  double high = 0;
  double low = 0;
  double close = 0;
  double sum_price_volume = 0;
  std::optional<double> vwap;              // nothing when nothing traded
  std::optional<double> vd_ratio;          // vd / (ask_volume + bid_volume)
  std::optional<double> book_imbalance;    // (bid − ask) / (bid + ask), sums of depth
  std::optional<double> price_change_bps;  // 0 for a window without a trade
  int divergence = 0;
};
[[nodiscard]] Derived derive(const CandleRow& row);

}  // namespace fm::candles
