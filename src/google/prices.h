// What Google charges, as its price list has it for the US multi-region; other places differ by
// some per cent. In US dollars.
#pragma once

#include <cstdint>

namespace fm::google {

inline constexpr double kUsdPerTibQueried = 6.25;        // on demand
inline constexpr double kUsdPerGibMonthActive = 0.02;    // logical bytes, changed within 90 days
inline constexpr double kUsdPerGibMonthLongTerm = 0.01;  // others
inline constexpr double kUsdPerGibMonthObjects = 0.02;  // Cloud Storage, standard class, one region

[[nodiscard]] inline double usd_queried(std::int64_t bytes_billed) {
  return static_cast<double>(bytes_billed) / static_cast<double>(std::int64_t{1} << 40) *
         kUsdPerTibQueried;
}
[[nodiscard]] inline double usd_stored(std::int64_t bytes, double usd_per_gib_month) {
  return static_cast<double>(bytes) / static_cast<double>(std::int64_t{1} << 30) *
         usd_per_gib_month;
}

}  // namespace fm::google
