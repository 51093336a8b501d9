// Reading constant text and decimal digits eight bytes at a time. Everything here may read up to 24
// bytes behind what it accepts, so the caller keeps kTextPaddingBytes readable.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>

namespace fm::dbn {

[[nodiscard]] inline std::uint64_t load_word(const char* at) {
  std::uint64_t word = 0;
  std::memcpy(&word, at, sizeof(word));
  return word;
}

template <std::size_t size>
struct Literal {
  char text[size];
  static constexpr std::size_t kBytes = size - 1;
  consteval Literal(const char (&from)[size]) { std::copy_n(from, size, text); }

  // Eight bytes from `begin`, zeros beyond the end, as load_word would see them.
  [[nodiscard]] consteval std::uint64_t word(std::size_t begin) const {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < 8 && begin + i < kBytes; ++i)
      value |= std::uint64_t{static_cast<unsigned char>(text[begin + i])} << (8 * i);
    return value;
  }
};

// Steps over `literal`; false when something else is there.
template <Literal literal>
[[nodiscard]] inline bool skip(const char*& at) {
  constexpr std::size_t kBytes = literal.kBytes;
  std::uint64_t difference = 0;
  [&]<std::size_t... i>(std::index_sequence<i...>) {
    ((difference |= load_word(at + 8 * i) ^ literal.word(8 * i)), ...);
  }(std::make_index_sequence<kBytes / 8>());
  if constexpr (kBytes % 8 != 0) {
    constexpr std::size_t kTail = kBytes / 8 * 8;
    constexpr std::uint64_t kMask = ~std::uint64_t{0} >> (64 - 8 * (kBytes % 8));
    difference |= (load_word(at + kTail) & kMask) ^ literal.word(kTail);
  }
  at += kBytes;
  return difference == 0;
}

inline constexpr std::uint64_t kZeroDigits = 0x3030303030303030;

// How many of the eight bytes, from the lowest, are decimal digits. `word` is xor kZeroDigits.
[[nodiscard]] inline unsigned count_digits(std::uint64_t word) {
  // A carry can only disturb bytes behind the first that is no digit, and those do not count.
  const std::uint64_t no_digit = ((word + 0x7676767676767676) | word) & 0x8080808080808080;
  return no_digit == 0 ? 8 : static_cast<unsigned>(std::countr_zero(no_digit)) / 8;
}

// The number that eight digits make, the first in the lowest byte; each byte is 0 … 9.
[[nodiscard]] inline std::uint64_t combine_digits(std::uint64_t word) {
  word = word * 10 + (word >> 8);
  constexpr std::uint64_t kPairs = 0x000000FF000000FF;
  return (((word & kPairs) * 0x000F424000000064) +
          (((word >> 16) & kPairs) * 0x0000271000000001)) >>
         32;
}

// Reads 1 … 19 digits; false when there is none or there are more.
[[nodiscard]] inline bool read_digits(const char*& at, std::uint64_t& value) {
  constexpr std::uint64_t kPowers[] = {1, 10, 100, 1000, 10'000, 100'000, 1'000'000, 10'000'000};
  std::uint64_t word = load_word(at) ^ kZeroDigits;
  unsigned count = count_digits(word);
  if (count == 0) return false;
  at += count;
  value = combine_digits(word << (64 - 8 * count));
  if (count < 8) return true;

  word = load_word(at) ^ kZeroDigits;
  count = count_digits(word);
  if (count == 0) return true;
  at += count;
  if (count < 8) {
    value = value * kPowers[count] + combine_digits(word << (64 - 8 * count));
    return true;
  }
  value = value * 100'000'000 + combine_digits(word);
  word = load_word(at) ^ kZeroDigits;
  count = count_digits(word);
  if (count == 0) return true;
  if (count > 3) return false;
  at += count;
  value = value * kPowers[count] + combine_digits(word << (64 - 8 * count));
  return true;
}

// Reads exactly nine digits, the fraction of a price or a second.
[[nodiscard]] inline bool read_nine_digits(const char*& at, std::uint64_t& value) {
  const std::uint64_t word = load_word(at) ^ kZeroDigits;
  const auto last = static_cast<unsigned>(static_cast<unsigned char>(at[8])) - '0';
  if (count_digits(word) != 8 || last > 9) return false;
  value = combine_digits(word) * 10 + last;
  at += 9;
  return true;
}

// Reads a JSON number that fits `Integer`: no needless zeros in front.
template <class Integer>
[[nodiscard]] inline bool read_bare(const char*& at, Integer& value) {
  bool negative = false;
  if constexpr (std::numeric_limits<Integer>::is_signed) {
    negative = *at == '-';
    at += negative ? 1 : 0;
  }
  const char* const begin = at;
  std::uint64_t magnitude = 0;
  if (!read_digits(at, magnitude) || (*begin == '0' && at - begin > 1)) return false;
  constexpr auto kMost = static_cast<std::uint64_t>(std::numeric_limits<Integer>::max());
  if (magnitude > kMost) return false;
  value = static_cast<Integer>(negative ? 0 - magnitude : magnitude);
  return true;
}

}  // namespace fm::dbn
