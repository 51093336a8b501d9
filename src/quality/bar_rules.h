// What a bar must be: rules shared by the audit and by who guards what comes in.
#pragma once

#include <algorithm>
#include <cmath>
#include <optional>

#include "base/price.h"
#include "base/time.h"
#include "market/universe.h"

namespace fm::quality {

// A close may lie this many ticks away whatever the limit says: far contracts trade in steps.
inline constexpr int kOutlierTicks = 20;
inline constexpr double kOutlierLimit = 0.2;  // of |close / the contract's last close − 1|

// Whether open or close lies outside low … high.
template <class Number>
[[nodiscard]] constexpr bool is_bad_range(Number open, Number high, Number low, Number close) {
  return high < low || std::max(open, close) > high || std::min(open, close) < low;
}

// Whether a close lies as near to the contract's last one as markets move from bar to bar.
[[nodiscard]] inline bool is_near(double last, double close, std::optional<Price> tick,
                                  double limit = kOutlierLimit) {
  return std::abs(close - last) <=
         std::max(limit * std::abs(last), kOutlierTicks * to_double(tick.value_or(0)));
}

// The tick of a root, looked up when the day changes.
class TickOfDay {
 public:
  // `root` may be null: not registered. It outlives this object.
  explicit TickOfDay(const market::Root* root) : root_(root) {}

  // Nothing where it is not known.
  [[nodiscard]] std::optional<Price> on(Date trade_date) {
    if (root_ != nullptr && trade_date != date_) {
      date_ = trade_date;
      tick_ = root_->tick_size(trade_date);
      if (tick_ && *tick_ <= 0) tick_.reset();
      per_tick_ = tick_ ? 1 / to_double(*tick_) : 0;
    }
    return tick_;
  }
  // By the tick of the day asked for last; false where none is known.
  [[nodiscard]] bool is_off(double price) const {
    if (!tick_) return false;
    // Exact arithmetic costs ten times as much, and is needed for a price near the edge only: one
    // that is off lies at least 1e-9 away from every multiple.
    const double ticks = price * per_tick_;
    return std::abs(ticks - std::nearbyint(ticks)) > 0.4e-9 * per_tick_ &&
           std::llround(price * 1e9) % *tick_ != 0;
  }

 private:
  const market::Root* root_;
  Date date_ = Date::from_days(-1);
  std::optional<Price> tick_;
  double per_tick_ = 0;
};

}  // namespace fm::quality
