#include "market/contract.h"

#include "base/assert.h"

namespace fm::market {
namespace {

constexpr std::string_view kMonthLetters = "FGHJKMNQUVXZ";
constexpr std::size_t kRootSizeMax = 3;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_capital(char c) { return c >= 'A' && c <= 'Z'; }

// Where the parts of an outright end: [0, root) [root] [root + 1, size).
struct Parts {
  std::size_t root_size = 0;  // 0: no outright
};

// Reads from the end, because only the tail is unambiguous: roots may hold digits and month letters
// ("M2KH4", "6HZ4"), years may not hold letters.
Parts split_outright(std::string_view symbol) {
  std::size_t year_at = symbol.size();
  while (year_at > 0 && is_digit(symbol[year_at - 1])) --year_at;
  const std::size_t year_digits = symbol.size() - year_at;
  if (year_digits < 1 || year_digits > 2) return {};
  if (year_at < 2 || month_of_letter(symbol[year_at - 1]) == 0) return {};
  const std::size_t root_size = year_at - 1;
  if (root_size > kRootSizeMax) return {};
  bool has_letter = false;
  for (const char c : symbol.substr(0, root_size)) {
    if (!is_capital(c) && !is_digit(c)) return {};
    has_letter = has_letter || is_capital(c);
  }
  return has_letter ? Parts{root_size} : Parts{};
}

// "P5230", "C 100", "C-25": the right and the strike of an option.
bool is_right_and_strike(std::string_view text) {
  if (text.size() < 2 || (text[0] != 'C' && text[0] != 'P')) return false;
  text.remove_prefix(1);
  if (text.front() == ' ' || text.front() == '-') text.remove_prefix(1);
  if (text.empty()) return false;
  bool has_digit = false;
  for (const char c : text) {
    if (!is_digit(c) && c != '.') return false;
    has_digit = has_digit || is_digit(c);
  }
  return has_digit;
}

// Options have roots of up to five characters ("LO2F4 C7500", "E1AF4 P4700") and weeks of their
// own.
bool is_option(std::string_view symbol) {
  const std::size_t blank = symbol.find(' ');
  if (blank == std::string_view::npos || blank < 3) return false;
  const std::string_view series = symbol.substr(0, blank);
  if (!is_digit(series.back())) return false;
  for (const char c : series)
    if (!is_capital(c) && !is_digit(c)) return false;
  return is_right_and_strike(symbol.substr(blank + 1));
}

// "ES:…" with a root before the colon and a strategy code of two capitals or digits after it:
// "ZC:BF N4-U4-Z4", "SI:AB 01Y 02Y", "ES:C1 …".
bool is_exchange_strategy(std::string_view symbol) {
  const std::size_t colon = symbol.find(':');
  if (colon == std::string_view::npos || colon < 1 || colon > kRootSizeMax) return false;
  for (const char c : symbol.substr(0, colon))
    if (!is_capital(c) && !is_digit(c)) return false;
  const std::string_view code = symbol.substr(colon + 1);
  if (code.size() < 4 || code[2] != ' ') return false;
  return (is_capital(code[0]) || is_digit(code[0])) && (is_capital(code[1]) || is_digit(code[1]));
}

// Two or more legs joined by '-', each an outright ("ESH4-ESM4", "CLZ4-BZZ4").
bool is_joined_legs(std::string_view symbol) {
  std::size_t legs = 0;
  while (true) {
    const std::size_t dash = symbol.find('-');
    if (!is_outright(symbol.substr(0, dash))) return false;
    ++legs;
    if (dash == std::string_view::npos) return legs >= 2;
    symbol.remove_prefix(dash + 1);
  }
}

int resolve_year(std::string_view digits, int first_year) {
  const int cycle = digits.size() == 1 ? 10 : 100;
  int value = 0;
  for (const char c : digits) value = value * 10 + (c - '0');
  const int floor_of_cycle = first_year - first_year % cycle;
  const int year = floor_of_cycle + value;
  return year >= first_year ? year : year + cycle;
}

}  // namespace

std::string_view name(SymbolKind kind) {
  switch (kind) {
    case SymbolKind::kOutright:
      return "outright";
    case SymbolKind::kSpread:
      return "spread";
    case SymbolKind::kOption:
      return "option";
    case SymbolKind::kUserDefined:
      return "user-defined";
    case SymbolKind::kOther:
      return "other";
  }
  return "other";
}

SymbolKind classify(std::string_view symbol) {
  if (is_outright(symbol)) return SymbolKind::kOutright;
  if (symbol.starts_with("UD:") && symbol.size() > 3) return SymbolKind::kUserDefined;
  if (is_joined_legs(symbol) || is_exchange_strategy(symbol)) return SymbolKind::kSpread;
  if (is_option(symbol)) return SymbolKind::kOption;
  return SymbolKind::kOther;
}

bool is_outright(std::string_view symbol) { return split_outright(symbol).root_size > 0; }

std::string_view root_of(std::string_view outright) {
  const Parts parts = split_outright(outright);
  FM_ASSERT(parts.root_size > 0);
  return outright.substr(0, parts.root_size);
}

unsigned month_of_letter(char letter) {
  const std::size_t at = kMonthLetters.find(letter);
  return at == std::string_view::npos ? 0 : static_cast<unsigned>(at) + 1;
}

char letter_of_month(unsigned month) {
  FM_ASSERT(month >= 1 && month <= 12);
  return kMonthLetters[month - 1];
}

Result<Contract> Contract::parse(std::string_view symbol, Date as_of) {
  const Parts parts = split_outright(symbol);
  if (parts.root_size == 0) {
    return fail(
        Code::kNotOutright,
        "'{}' does not name one futures contract (it looks like: {}); expected a root, a month "
        "letter of FGHJKMNQUVXZ and one or two year digits",
        symbol, name(classify(symbol)));
  }
  Contract contract;
  FM_ASSERT(symbol.size() <= contract.symbol_.size());
  symbol.copy(contract.symbol_.data(), symbol.size());
  contract.symbol_size_ = static_cast<std::uint8_t>(symbol.size());
  contract.root_size_ = static_cast<std::uint8_t>(parts.root_size);
  contract.delivery_.month = static_cast<std::uint8_t>(month_of_letter(symbol[parts.root_size]));
  contract.delivery_.year =
      static_cast<std::int16_t>(resolve_year(symbol.substr(parts.root_size + 1), as_of.year() - 1));
  return contract;
}

}  // namespace fm::market
