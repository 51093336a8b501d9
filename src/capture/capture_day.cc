#include "capture/capture_day.h"

#include <date/tz.h>

#include <exception>

namespace fm::capture {

Result<CaptureDays> CaptureDays::make() {
  try {
    return CaptureDays(market::LocalClock(date::locate_zone("America/Chicago")));
  } catch (const std::exception& e) {
    return std::unexpected(
        Error(Code::kNotFound, fmt::format("time zone 'America/Chicago': {}", e.what()))
            .hint("Install the system's time zone database (package tzdata)."));
  }
}

Date CaptureDays::day_of(Nanos arrival) {
  const Second local = clock_.to_local(second_of(arrival));
  return Date::of_second(local + kSecondsPerDay - kCutSecondOfDay);
}

Nanos CaptureDays::end_of(Date day) {
  return static_cast<Nanos>(clock_.to_utc(day, kCutSecondOfDay)) * kNanosPerSecond;
}

}  // namespace fm::capture
