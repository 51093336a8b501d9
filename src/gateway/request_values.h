// The values of a historical request as clients write them. They come from outside: every form that
// is not listed is an error.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/time.h"

namespace fm::gateway {

inline constexpr std::size_t kSymbolsMax = 2000;  // of a request
inline constexpr std::size_t kSymbolCharactersMax = 70;

// A moment, and how much time its text names: 2024-06-02 is a day, 2024-06-02T09 an hour.
struct WrittenTime {
  Nanos at = 0;
  Nanos length = 0;  // 0 for nanoseconds
  [[nodiscard]] Nanos end() const { return at > kUndefTime - length ? kUndefTime : at + length; }
  [[nodiscard]] bool is_day() const { return length == kNanosPerDay; }
};

// YYYY-MM-DD or YYYYMMDD; either with T or a blank, HH[:MM[:SS[.1–9 digits]]], and Z, +HH:MM, +HHMM
// or -HH:MM; or nanoseconds since 1970 of more than 8 digits. Without an offset it is UTC. Errors:
// kInvalidArgument.
[[nodiscard]] Result<WrittenTime> parse_written_time(std::string_view text);
// A day, or the day of a moment.
[[nodiscard]] Result<Date> parse_written_date(std::string_view text);

// 0, 1, true, false, in letters of any size.
[[nodiscard]] Result<bool> parse_flag(std::string_view text);
[[nodiscard]] Result<std::uint64_t> parse_count(std::string_view text);

// Names between commas, blanks around them cut off. Errors: kInvalidArgument for an empty one, one
// that is too long or holds control characters, and for more than kSymbolsMax.
[[nodiscard]] Result<std::vector<std::string>> parse_symbols(std::string_view text);

}  // namespace fm::gateway
