#include "base/price.h"

#include <charconv>

namespace fm {
namespace {

constexpr Price kExactInDouble = Price{1} << 53;

}  // namespace

double to_double(Price price) {
  // Both operands are exact, so the one division rounds correctly.
  if (price >= -kExactInDouble && price <= kExactInDouble) return static_cast<double>(price) / 1e9;
  char text[24];
  const char* end = write_price(price, text);
  double value = 0;
  std::from_chars(text, end, value);
  return value;
}

double scaled_to_double(Int128 sum) { return static_cast<double>(sum) / 1e9; }

namespace {

// Reads digits into `value`; false when there is none, when one is not a digit, or past 2^64.
bool read_unsigned(std::string_view digits, std::uint64_t& value) {
  if (digits.empty()) return false;
  value = 0;
  for (const char c : digits) {
    if (c < '0' || c > '9') return false;
    if (__builtin_mul_overflow(value, 10U, &value)) return false;
    if (__builtin_add_overflow(value, static_cast<std::uint64_t>(c - '0'), &value)) return false;
  }
  return true;
}

Result<Price> parse(std::string_view text, std::uint64_t scale_without_point) {
  const auto bad = [&] {
    return fail(Code::kInvalidArgument, "'{}' is not a price; expected digits, or digits.digits",
                text);
  };
  const bool negative = !text.empty() && text.front() == '-';
  const std::string_view number = text.substr(negative ? 1 : 0);
  const std::size_t point = number.find('.');
  std::uint64_t magnitude = 0;
  if (!read_unsigned(number.substr(0, point), magnitude)) return bad();
  const std::uint64_t scale =
      point == std::string_view::npos ? scale_without_point : std::uint64_t{kPriceScale};
  if (__builtin_mul_overflow(magnitude, scale, &magnitude)) return bad();
  if (point != std::string_view::npos) {
    const std::string_view decimals = number.substr(point + 1);
    if (decimals.find_first_not_of("0123456789") != std::string_view::npos) return bad();
    std::uint64_t fraction = 0;
    if (!read_unsigned(decimals.substr(0, 9), fraction)) return bad();
    for (std::size_t i = decimals.size(); i < 9; ++i) fraction *= 10;
    if (__builtin_add_overflow(magnitude, fraction, &magnitude)) return bad();
  }
  const auto limit = static_cast<std::uint64_t>(kUndefPrice) + (negative ? 1 : 0);
  if (magnitude > limit) return bad();
  return negative ? static_cast<Price>(0 - magnitude) : static_cast<Price>(magnitude);
}

}  // namespace

Result<Price> parse_price(std::string_view text) { return parse(text, 1); }
Result<Price> parse_decimal(std::string_view text) { return parse(text, kPriceScale); }

char* write_price(Price price, char* out) {
  auto magnitude = static_cast<std::uint64_t>(price);
  if (price < 0) {
    *out++ = '-';
    magnitude = 0 - magnitude;
  }
  out = std::to_chars(out, out + 20, magnitude / kPriceScale).ptr;
  *out++ = '.';
  std::uint64_t fraction = magnitude % kPriceScale;
  for (int i = 8; i >= 0; --i) {
    out[i] = static_cast<char>('0' + fraction % 10);
    fraction /= 10;
  }
  return out + 9;
}

std::string format_price(Price price) {
  char text[24];
  return {text, write_price(price, text)};
}

}  // namespace fm
