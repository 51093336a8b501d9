// Capture days: from 16:30 Chicago to 16:30 Chicago, named by the day they end on, which is the
// trade date of nearly all of it. Nothing registered trades at the cut.
#pragma once

#include "base/error.h"
#include "base/time.h"
#include "market/session_days.h"

namespace fm::capture {

inline constexpr Second kCutSecondOfDay = 16 * 3600 + 30 * 60;  // Chicago time

// Remembers what it worked out last; not to be shared between threads.
class CaptureDays {
 public:
  // Errors: kNotFound without a time zone database.
  [[nodiscard]] static Result<CaptureDays> make();

  [[nodiscard]] Date day_of(Nanos arrival);
  // The first moment behind the day.
  [[nodiscard]] Nanos end_of(Date day);

 private:
  explicit CaptureDays(market::LocalClock clock) : clock_(clock) {}
  market::LocalClock clock_;
};

}  // namespace fm::capture
