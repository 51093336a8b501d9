// How a continuous series chooses its contract. Each rule, with a worked roll: docs/continuous.md.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"

namespace fm::bars {

enum class RollMethod : std::uint8_t {
  kCalendar,             // the nearest expiry; the vendor's rule c
  kVolume,               // most volume on the date before; the vendor's rule v, may go back
  kOpenInterest,         // most open interest known when the session opens; n, may go back
  kVolumeForward,        // as kVolume, but never back to a nearer delivery
  kOpenInterestForward,  // as kOpenInterest, but never back
  kDays,                 // as kCalendar, but this many trade dates earlier
};

inline constexpr int kRollDaysMax = 250;
inline constexpr int kRollRankMax = 99;

struct RollRule {
  RollMethod method = RollMethod::kVolume;
  int days = 0;  // of kDays alone
  int rank = 0;  // 0: the contract that the rule puts first, 1: the one behind it, …

  [[nodiscard]] bool is_forward() const {
    return method == RollMethod::kVolumeForward || method == RollMethod::kOpenInterestForward;
  }
  friend auto operator<=>(const RollRule&, const RollRule&) = default;
};

// "calendar", "volume", "open_interest", "volume_forward", "open_interest_forward", "days:5".
[[nodiscard]] std::string name(const RollRule& rule);
// What name() gives, for rank 0. Errors: kInvalidArgument, which names the nearest.
[[nodiscard]] Result<RollRule> parse_roll_rule(std::string_view text);

enum class Adjustment : std::uint8_t { kNone, kDifference, kRatio };
inline constexpr Adjustment kAdjustments[] = {Adjustment::kNone, Adjustment::kDifference,
                                              Adjustment::kRatio};
[[nodiscard]] std::string_view name(Adjustment adjustment);  // none, difference, ratio

// "ZL_CONT_VOL_BACKADJ": root, rule, rank where it is not 0, and adjustment where there is any.
[[nodiscard]] std::string cont_id(std::string_view root, const RollRule& rule,
                                  Adjustment adjustment);

}  // namespace fm::bars
