// A bar while it is put together from shorter ones.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "base/price.h"
#include "base/time.h"

namespace fm::bars {

inline constexpr std::int64_t kMicrosPerSecond = 1'000'000;
inline constexpr Second kSecondsPerHour = 3'600;

// The integer of 1e-9 that a price column's double stands for; exact below 2^51 / 1e9 = 2.2
// million.
[[nodiscard]] inline Price price_of(double price) {
  return static_cast<Price>(std::llround(price * static_cast<double>(kPriceScale)));
}

// First, extremes and last need no arithmetic, so prices stay the doubles that they were stored as.
struct Bar {
  Int128 price_volume = 0;  // Σ close · volume of the shortest bars, units of 1e-9
  std::int64_t first_us = 0;
  std::int64_t last_us = 0;  // start of the last bar in it
  double open = 0;
  double high = 0;
  double low = 0;
  double close = 0;
  std::int64_t volume = 0;
  std::int64_t instrument_id = 0;  // of the last bar
  std::int64_t publisher_id = 0;
  std::int32_t bars = 0;  // 0: holds nothing yet

  // `later` begins behind everything in here.
  void add(const Bar& later) {
    if (bars == 0) {
      *this = later;
      return;
    }
    price_volume += later.price_volume;
    last_us = later.last_us;
    high = std::max(high, later.high);
    low = std::min(low, later.low);
    close = later.close;
    volume += later.volume;
    instrument_id = later.instrument_id;
    publisher_id = later.publisher_id;
    bars += later.bars;
  }
  friend bool operator==(const Bar&, const Bar&) = default;
};

}  // namespace fm::bars
