// Values of a line in the exact shape of today's encoder. Private to the matchers of text; as in
// tbbo_text_match.h, everything may read a little behind what it accepts.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "base/price.h"
#include "base/time.h"
#include "dbn/tbbo_text_match.h"

namespace fm::dbn {

// `null`, or a price in quotes: raw, or with exactly nine decimals.
[[nodiscard]] inline bool read_price(const char*& at, Price& price) {
  if (*at != '"') {
    price = kUndefPrice;
    return skip<"null">(at);
  }
  ++at;
  const bool negative = *at == '-';
  at += negative ? 1 : 0;
  const char* const digits = at;
  std::uint64_t magnitude = 0;
  if (!read_digits(at, magnitude)) return false;
  if (*at == '.') {
    std::uint64_t fraction = 0;
    if (at - digits > 9) return false;
    ++at;
    if (!read_nine_digits(at, fraction)) return false;
    magnitude = magnitude * kPriceScale + fraction;
  }
  if (magnitude > static_cast<std::uint64_t>(kUndefPrice)) return false;
  price = static_cast<Price>(negative ? 0 - magnitude : magnitude);
  return *at++ == '"';
}

// A character that stands for itself in a JSON string.
[[nodiscard]] inline bool is_plain(char c) { return c >= ' ' && c <= '~' && c != '"' && c != '\\'; }

// What stands behind the last field: the symbol, if any, and the end of the record.
[[nodiscard]] inline bool read_symbol(const char*& at, std::string_view& symbol) {
  symbol = {};
  if (*at == '}') {
    ++at;
    return true;
  }
  if (!skip<",\"symbol\":">(at)) return false;
  if (*at == 'n') return skip<"null}">(at);
  if (*at++ != '"') return false;
  const char* const begin = at;
  while (is_plain(*at)) ++at;
  symbol = {begin, static_cast<std::size_t>(at - begin)};
  return skip<"\"}">(at);
}

// Reads times. The beginning of the last one, "YYYY-MM-DDTHH:MM:", is kept with the moment it
// means: neighbouring records nearly always share their minute, and days are dear to convert.
class TimeMatcher {
 public:
  // What stands between the quotes of a time, raw or pretty.
  [[nodiscard]] bool read(const char*& at, Nanos& time);

 private:
  static constexpr std::size_t kMinuteBytes = 17;
  [[nodiscard]] bool read_iso(const char*& at, Nanos& time);

  std::array<char, kMinuteBytes> minute_text_{};
  Nanos minute_ = 0;
};

// YYYY-MM-DDTHH:MM:SS.nnnnnnnnnZ
inline bool TimeMatcher::read_iso(const char*& at, Nanos& time) {
  if (std::memcmp(at, minute_text_.data(), kMinuteBytes) != 0) {
    std::array<char, kMinuteBytes + 3> text{};
    std::copy_n(at, kMinuteBytes, text.begin());
    text[kMinuteBytes] = text[kMinuteBytes + 1] = '0';
    text[kMinuteBytes + 2] = 'Z';
    const Result<Nanos> minute = parse_iso_nanos({text.data(), text.size()});
    if (!minute) return false;
    std::copy_n(at, kMinuteBytes, minute_text_.begin());
    minute_ = *minute;
  }
  const auto tens = static_cast<unsigned>(static_cast<unsigned char>(at[kMinuteBytes])) - '0';
  const auto ones = static_cast<unsigned>(static_cast<unsigned char>(at[kMinuteBytes + 1])) - '0';
  if (tens > 5 || ones > 9 || at[kMinuteBytes + 2] != '.') return false;
  at += kMinuteBytes + 3;
  std::uint64_t fraction = 0;
  if (!read_nine_digits(at, fraction)) return false;
  time = minute_ + (tens * 10 + ones) * kNanosPerSecond + fraction;
  return *at++ == 'Z';
}

// What stands between the quotes of a time.
inline bool TimeMatcher::read(const char*& at, Nanos& time) {
  if (at[4] == '-' ? !read_iso(at, time) : !read_digits(at, time)) return false;
  if (time == 0) time = kUndefTime;
  return true;
}

}  // namespace fm::dbn
