#include "jobs/moment.h"

#include <charconv>
#include <optional>

namespace fm::jobs {
namespace {

constexpr int kYearMax = 2553;                             // the last that Nanos hold
constexpr Nanos kCentury = 978'307'200 * kNanosPerSecond;  // 2001-01-01

std::optional<Nanos> parse_nanos(std::string_view text) {
  Nanos nanos = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), nanos);
  if (code != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return nanos;
}

}  // namespace

Result<Nanos> parse_start(std::string_view text) {
  if (const auto nanos = parse_nanos(text)) return *nanos;
  if (auto time = parse_iso_nanos(text)) return *time;
  return fail(
      Code::kInvalidArgument,
      "start '{}': expected a time as in 2025-06-16T13:30:00Z, nanoseconds since 1970, or 0 "
      "for everything that the gateway has",
      text);
}

Result<Nanos> parse_as_of(std::string_view text) {
  if (const auto nanos = parse_nanos(text); nanos && *nanos >= kCentury) return *nanos;
  if (const auto time = parse_iso_nanos(text)) return *time;
  if (const auto date = Date::parse(text); date && date->year() >= 1970 && date->year() <= kYearMax)
    return static_cast<Nanos>(date->first_second()) * kNanosPerSecond;
  return fail(Code::kInvalidArgument,
              "--as-of '{}': expected a time as in 2025-06-16T13:30:00Z, a date as in 2025-06-16, "
              "or nanoseconds since 1970",
              text);
}

}  // namespace fm::jobs
