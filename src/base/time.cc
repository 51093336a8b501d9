#include "base/time.h"

#include <chrono>

namespace fm {
namespace {

std::chrono::year_month_day civil(std::int32_t days) {
  return std::chrono::year_month_day(std::chrono::sys_days(std::chrono::days(days)));
}

char* write_digits(std::uint64_t value, int digits, char* out) {
  for (int i = digits - 1; i >= 0; --i) {
    out[i] = static_cast<char>('0' + value % 10);
    value /= 10;
  }
  return out + digits;
}

// Reads exactly `digits` decimal digits, or returns −1.
std::int64_t read_digits(std::string_view text, std::size_t at, std::size_t digits) {
  if (at + digits > text.size()) return -1;
  std::int64_t value = 0;
  for (std::size_t i = at; i < at + digits; ++i) {
    if (text[i] < '0' || text[i] > '9') return -1;
    value = value * 10 + (text[i] - '0');
  }
  return value;
}

}  // namespace

Date::Date(int year, unsigned month, unsigned day)
    : days_(static_cast<std::int32_t>(
          std::chrono::sys_days(std::chrono::year(year) / static_cast<int>(month) /
                                static_cast<int>(day))
              .time_since_epoch()
              .count())) {}

Result<Date> Date::parse(std::string_view text) {
  const bool dashed = text.size() == 10 && text[4] == '-' && text[7] == '-';
  if (dashed || text.size() == 8) {
    const auto year = read_digits(text, 0, 4);
    const auto month = read_digits(text, dashed ? 5 : 4, 2);
    const auto day = read_digits(text, dashed ? 8 : 6, 2);
    if (year >= 0 && month >= 0 && day >= 0) {
      const std::chrono::year_month_day ymd{std::chrono::year(static_cast<int>(year)),
                                            std::chrono::month(static_cast<unsigned>(month)),
                                            std::chrono::day(static_cast<unsigned>(day))};
      if (ymd.ok())
        return Date(static_cast<int>(year), static_cast<unsigned>(month),
                    static_cast<unsigned>(day));
    }
  }
  return fail(Code::kInvalidArgument, "'{}' is not a day; expected YYYY-MM-DD", text);
}

int Date::year() const { return static_cast<int>(civil(days_).year()); }
unsigned Date::month() const { return static_cast<unsigned>(civil(days_).month()); }
unsigned Date::day() const { return static_cast<unsigned>(civil(days_).day()); }

unsigned Date::weekday() const {
  return std::chrono::weekday(std::chrono::sys_days(std::chrono::days(days_))).c_encoding();
}

std::string Date::iso() const {
  const auto ymd = civil(days_);
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(ymd.year()),
                     static_cast<unsigned>(ymd.month()), static_cast<unsigned>(ymd.day()));
}

std::uint32_t Date::yyyymmdd() const {
  const auto ymd = civil(days_);
  return static_cast<std::uint32_t>(static_cast<int>(ymd.year())) * 10000 +
         static_cast<unsigned>(ymd.month()) * 100 + static_cast<unsigned>(ymd.day());
}

char* write_iso_second(Second second, char* out) {
  const Date date = Date::of_second(second);
  const auto ymd = civil(date.days_since_1970());
  const auto of_day = static_cast<std::uint64_t>(second - date.first_second());
  out = write_digits(static_cast<std::uint64_t>(static_cast<int>(ymd.year())), 4, out);
  *out++ = '-';
  out = write_digits(static_cast<unsigned>(ymd.month()), 2, out);
  *out++ = '-';
  out = write_digits(static_cast<unsigned>(ymd.day()), 2, out);
  *out++ = 'T';
  out = write_digits(of_day / 3600, 2, out);
  *out++ = ':';
  out = write_digits(of_day / 60 % 60, 2, out);
  *out++ = ':';
  out = write_digits(of_day % 60, 2, out);
  *out++ = 'Z';
  return out;
}

char* write_iso_nanos(Nanos time, char* out) {
  out = write_iso_second(second_of(time), out) - 1;
  *out++ = '.';
  out = write_digits(time % kNanosPerSecond, 9, out);
  *out++ = 'Z';
  return out;
}

std::string iso_second(Second second) {
  char text[20];
  return {text, write_iso_second(second, text)};
}

std::string iso_nanos(Nanos time) {
  char text[30];
  return {text, write_iso_nanos(time, text)};
}

Result<Nanos> parse_iso_nanos(std::string_view text) {
  const auto bad = [&] {
    return fail(Code::kInvalidArgument,
                "'{}' is not a time; expected YYYY-MM-DDTHH:MM:SS[.fraction]Z", text);
  };
  if (text.size() < 20 || text[4] != '-' || text[7] != '-' || text[10] != 'T' || text[13] != ':' ||
      text[16] != ':' || text.back() != 'Z')
    return bad();
  const auto year = read_digits(text, 0, 4);
  const auto month = read_digits(text, 5, 2);
  const auto day = read_digits(text, 8, 2);
  const auto hour = read_digits(text, 11, 2);
  const auto minute = read_digits(text, 14, 2);
  const auto second = read_digits(text, 17, 2);
  if (year < 1970 || year > 2553 || month < 1 || day < 1 || hour < 0 || hour > 23 || minute < 0 ||
      minute > 59 || second < 0 || second > 59)
    return bad();
  const std::chrono::year_month_day ymd{std::chrono::year(static_cast<int>(year)),
                                        std::chrono::month(static_cast<unsigned>(month)),
                                        std::chrono::day(static_cast<unsigned>(day))};
  if (!ymd.ok()) return bad();
  std::uint64_t fraction = 0;
  if (text.size() > 20) {
    const std::size_t digits = text.size() - 21;
    if (text[19] != '.' || digits < 1 || digits > 9) return bad();
    const auto value = read_digits(text, 20, digits);
    if (value < 0) return bad();
    fraction = static_cast<std::uint64_t>(value);
    for (std::size_t i = digits; i < 9; ++i) fraction *= 10;
  }
  const auto days = std::chrono::sys_days(ymd).time_since_epoch().count();
  const auto seconds = static_cast<std::uint64_t>(days) * 86'400 +
                       static_cast<std::uint64_t>(hour * 3600 + minute * 60 + second);
  return seconds * kNanosPerSecond + fraction;
}

}  // namespace fm
