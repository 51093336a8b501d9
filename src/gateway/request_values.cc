#include "gateway/request_values.h"

#include <algorithm>
#include <charconv>

namespace fm::gateway {
namespace {

constexpr Nanos kHour = 3600 * kNanosPerSecond;
constexpr Nanos kMinute = 60 * kNanosPerSecond;

std::unexpected<Error> bad_time(std::string_view text) {
  return fail(Code::kInvalidArgument,
              "'{}' is no time: expected a date, an ISO 8601 time or nanoseconds since 1970",
              text.substr(0, 64));
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

// Takes parts off the front of a text.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}

  bool take(char c) {
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  // Exactly `count` digits, of a number up to `most`.
  std::optional<std::uint64_t> number(std::size_t count, std::uint64_t most) {
    if (rest_.size() < count) return std::nullopt;
    std::uint64_t value = 0;
    for (const char c : rest_.substr(0, count)) {
      if (!is_digit(c)) return std::nullopt;
      value = value * 10 + static_cast<std::uint64_t>(c - '0');
    }
    if (value > most) return std::nullopt;
    rest_.remove_prefix(count);
    return value;
  }
  std::size_t digits() const {
    return static_cast<std::size_t>(std::ranges::find_if_not(rest_, is_digit) - rest_.begin());
  }
  [[nodiscard]] bool is_over() const { return rest_.empty(); }
  [[nodiscard]] std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
};

// HH[:MM[:SS[.fraction]]]: the time of day, and in `length` what the text leaves open.
std::optional<Nanos> time_of_day(Scanner& scanner, Nanos& length) {
  const auto hour = scanner.number(2, 23);
  if (!hour) return std::nullopt;
  Nanos at = *hour * kHour;
  length = kHour;
  if (!scanner.take(':')) return at;
  const auto minute = scanner.number(2, 59);
  if (!minute) return std::nullopt;
  at += *minute * kMinute;
  length = kMinute;
  if (!scanner.take(':')) return at;
  const auto second = scanner.number(2, 59);
  if (!second) return std::nullopt;
  at += *second * kNanosPerSecond;
  length = kNanosPerSecond;
  if (!scanner.take('.')) return at;
  const std::size_t digits = scanner.digits();
  if (digits == 0 || digits > 9) return std::nullopt;
  const auto fraction = scanner.number(digits, 999'999'999);
  for (std::size_t i = 0; i < digits; ++i) length /= 10;
  at += *fraction * length;
  if (length == 1) length = 0;
  return at;
}

// Z, +HH:MM, +HHMM or -HH:MM; how far the clock is ahead of UTC, in seconds.
std::optional<Second> offset(Scanner& scanner) {
  if (scanner.take('Z') || scanner.is_over()) return 0;
  const bool is_behind = scanner.take('-');
  if (!is_behind && !scanner.take('+')) return std::nullopt;
  const auto hours = scanner.number(2, 23);
  (void)scanner.take(':');
  const auto minutes = scanner.number(2, 59);
  if (!hours || !minutes) return std::nullopt;
  const auto seconds = static_cast<Second>(*hours * 3600 + *minutes * 60);
  return is_behind ? -seconds : seconds;
}

Result<WrittenTime> moved(Date day, Nanos time, Nanos length, Second ahead, std::string_view text) {
  const Second midnight = day.first_second() - ahead;
  constexpr auto kLast = static_cast<Second>(kUndefTime / kNanosPerSecond) - 2 * kSecondsPerDay;
  // Only times before 1970 and after 2554 cannot be written in nanoseconds.
  const Second second = midnight + static_cast<Second>(time / kNanosPerSecond);
  if (second < 0 || second > kLast) return bad_time(text);
  return WrittenTime{.at = static_cast<Nanos>(second) * kNanosPerSecond + time % kNanosPerSecond,
                     .length = length};
}

}  // namespace

Result<WrittenTime> parse_written_time(std::string_view text) {
  text = trimmed(text);
  constexpr std::size_t kDateDigits = 8;
  if (text.size() > kDateDigits && std::ranges::all_of(text, is_digit)) {
    Nanos at = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), at);
    if (error != std::errc() || at == kUndefTime) return bad_time(text);
    return WrittenTime{.at = at, .length = 0};
  }
  const std::size_t date_size = text.find('-') == 4 ? 10 : kDateDigits;
  const auto day = Date::parse(text.substr(0, date_size));
  if (!day) return bad_time(text);
  Scanner scanner(text.substr(std::min(text.size(), date_size)));
  if (scanner.is_over()) return moved(*day, 0, kNanosPerDay, 0, text);
  if (!scanner.take('T') && !scanner.take(' ')) return bad_time(text);
  Nanos length = 0;
  const auto time = time_of_day(scanner, length);
  if (!time) return bad_time(text);
  const auto ahead = offset(scanner);
  if (!ahead || !scanner.is_over()) return bad_time(text);
  return moved(*day, *time, length, *ahead, text);
}

Result<Date> parse_written_date(std::string_view text) {
  FM_ASSIGN(const WrittenTime time, parse_written_time(text));
  return Date::of_second(second_of(time.at));
}

Result<bool> parse_flag(std::string_view text) {
  std::string lower(text);
  for (char& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  if (lower == "1" || lower == "true") return true;
  if (lower == "0" || lower == "false") return false;
  return fail(Code::kInvalidArgument, "'{}' is neither true nor false", text.substr(0, 32));
}

Result<std::uint64_t> parse_count(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size())
    return fail(Code::kInvalidArgument, "'{}' is no count", text.substr(0, 32));
  return value;
}

Result<std::vector<std::string>> parse_symbols(std::string_view text) {
  std::vector<std::string> out;
  while (true) {
    const std::size_t comma = std::min(text.find(','), text.size());
    const std::string_view symbol = trimmed(text.substr(0, comma));
    if (symbol.empty()) return fail(Code::kInvalidArgument, "symbols: one of them is empty");
    if (symbol.size() > kSymbolCharactersMax)
      return fail(Code::kInvalidArgument, "symbols: '{}…' is longer than {} characters",
                  symbol.substr(0, 20), kSymbolCharactersMax);
    if (std::ranges::any_of(symbol, [](char c) { return c < ' ' || c > '~'; }))
      return fail(Code::kInvalidArgument, "symbols: one holds characters that no symbol has");
    if (out.size() == kSymbolsMax)
      return fail(Code::kInvalidArgument, "symbols: more than {} in one request", kSymbolsMax);
    out.emplace_back(symbol);
    if (comma == text.size()) return out;
    text.remove_prefix(comma + 1);
  }
}

}  // namespace fm::gateway
