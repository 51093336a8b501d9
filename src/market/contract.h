// Futures contracts by the exchange's own names, and telling them from everything else that trades.
// Source: CME symbology; month letters and the forms of a symbol are in docs/formats/symbols.md.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string_view>

#include "base/error.h"
#include "base/time.h"

namespace fm::market {

struct YearMonth {
  std::int16_t year = 0;
  std::uint8_t month = 0;  // 1 … 12
  friend constexpr auto operator<=>(const YearMonth&, const YearMonth&) = default;
};

enum class SymbolKind {
  kOutright,     // one futures contract: ESH4, 6EZ24, M2KM4
  kSpread,       // several legs: ESH4-ESM4, ZC:BF N4-U4-Z4, SI:AB 01Y 02Y
  kOption,       // ESM4 P5230, or a user-defined strategy's leg written so
  kUserDefined,  // UD:1V: GN 1234567
  kOther,        // none of these, the empty text included
};

[[nodiscard]] std::string_view name(SymbolKind kind);

// Judged by the whole form of the text, never by one character. Never allocates.
[[nodiscard]] SymbolKind classify(std::string_view symbol);

// A root of 1–3 capital letters or digits with at least one letter, a month letter (FGHJKMNQUVXZ),
// one or two year digits, nothing else. Never allocates.
[[nodiscard]] bool is_outright(std::string_view symbol);

// "ESH4" → "ES", a part of `outright`. Requires is_outright(outright).
[[nodiscard]] std::string_view root_of(std::string_view outright);

// 1 … 12, or 0 when `letter` is no month letter.
[[nodiscard]] unsigned month_of_letter(char letter);
// Requires 1 ≤ month ≤ 12.
[[nodiscard]] char letter_of_month(unsigned month);

// One futures contract as the exchange names it: root, delivery month, delivery year ("ESH4").
// Spreads, options and user-defined instruments are not contracts; ask `classify` for those.
// A value of 12 bytes that owns its text; parsing allocates only to word an error.
class Contract {
 public:
  // `symbol` is the raw exchange symbol. One- and two-digit years resolve to the first matching
  // year that is not before `as_of`'s year − 1, because the exchange reuses digits every decade.
  // Errors: kNotOutright when it names anything but one contract.
  [[nodiscard]] static Result<Contract> parse(std::string_view symbol, Date as_of);

  // Views into this object.
  [[nodiscard]] std::string_view symbol() const { return {symbol_.data(), symbol_size_}; }
  [[nodiscard]] std::string_view root() const { return {symbol_.data(), root_size_}; }
  [[nodiscard]] YearMonth delivery() const { return delivery_; }

  // Nearest delivery first, then symbol order; the order in which contracts become the front month.
  friend std::strong_ordering operator<=>(const Contract&, const Contract&) = default;

 private:
  Contract() = default;

  YearMonth delivery_;
  std::array<char, 6> symbol_{};  // padded with NUL, so that comparing arrays compares texts
  std::uint8_t symbol_size_ = 0;
  std::uint8_t root_size_ = 0;
};

}  // namespace fm::market
