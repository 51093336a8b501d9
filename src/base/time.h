// Moments, seconds and days. All are UTC; time zones live in `market`.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"

namespace fm {

// Nanoseconds since 1970-01-01T00:00:00Z, as Databento writes them.
using Nanos = std::uint64_t;
inline constexpr Nanos kUndefTime = ~Nanos{0};
inline constexpr Nanos kNanosPerSecond = 1'000'000'000;
inline constexpr Nanos kNanosPerDay = 86'400 * kNanosPerSecond;

// Whole seconds since 1970-01-01T00:00:00Z.
using Second = std::int64_t;
inline constexpr Second kSecondsPerMinute = 60;
inline constexpr Second kSecondsPerDay = 86'400;

[[nodiscard]] constexpr Second second_of(Nanos time) {
  return static_cast<Second>(time / kNanosPerSecond);
}

// A day of the proleptic Gregorian calendar, no time, no zone.
class Date {
 public:
  constexpr Date() = default;  // 1970-01-01
  Date(int year, unsigned month, unsigned day);
  [[nodiscard]] static constexpr Date from_days(std::int32_t days_since_1970) {
    Date date;
    date.days_ = days_since_1970;
    return date;
  }
  [[nodiscard]] static constexpr Date of_second(Second second) {
    return from_days(static_cast<std::int32_t>(
        (second >= 0 ? second : second - (kSecondsPerDay - 1)) / kSecondsPerDay));
  }
  // `text` is YYYY-MM-DD or YYYYMMDD. Errors: kInvalidArgument.
  [[nodiscard]] static Result<Date> parse(std::string_view text);

  [[nodiscard]] constexpr std::int32_t days_since_1970() const { return days_; }
  [[nodiscard]] constexpr Second first_second() const { return days_ * kSecondsPerDay; }
  [[nodiscard]] int year() const;
  [[nodiscard]] unsigned month() const;    // 1 … 12
  [[nodiscard]] unsigned day() const;      // 1 … 31
  [[nodiscard]] unsigned weekday() const;  // 0 = Sunday … 6 = Saturday
  [[nodiscard]] std::string iso() const;   // YYYY-MM-DD
  [[nodiscard]] std::uint32_t yyyymmdd() const;

  [[nodiscard]] constexpr Date operator+(int days) const { return from_days(days_ + days); }
  [[nodiscard]] constexpr Date operator-(int days) const { return from_days(days_ - days); }
  [[nodiscard]] constexpr int operator-(Date other) const { return days_ - other.days_; }
  friend constexpr auto operator<=>(Date, Date) = default;

 private:
  std::int32_t days_ = 0;
};

// YYYY-MM-DDTHH:MM:SSZ
[[nodiscard]] std::string iso_second(Second second);
// YYYY-MM-DDTHH:MM:SS.nnnnnnnnnZ
[[nodiscard]] std::string iso_nanos(Nanos time);
// Writes the 30 characters of iso_nanos without allocating; returns the end.
char* write_iso_nanos(Nanos time, char* out);
// Writes the 20 characters of iso_second without allocating; returns the end.
char* write_iso_second(Second second, char* out);

// YYYY-MM-DDTHH:MM:SS[.1–9 digits]Z. Errors: kInvalidArgument, also for a day or hour that does not
// exist and for times outside 1970 … 2554.
[[nodiscard]] Result<Nanos> parse_iso_nanos(std::string_view text);

}  // namespace fm
