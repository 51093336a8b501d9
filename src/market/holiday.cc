#include "market/holiday.h"

namespace fm::market {

Date easter_sunday(int year) {
  // The anonymous Gregorian computus (Meeus, Jones, Butcher).
  const int a = year % 19, b = year / 100, c = year % 100;
  const int d = b / 4, e = b % 4, f = (b + 8) / 25, g = (b - f + 1) / 3;
  const int h = (19 * a + b - d - g + 15) % 30;
  const int i = c / 4, k = c % 4, l = (32 + 2 * e + 2 * i - h - k) % 7;
  const int m = (a + 11 * h + 22 * l) / 451;
  const int month = (h + l - 7 * m + 114) / 31;
  const int day = (h + l - 7 * m + 114) % 31 + 1;
  return {year, static_cast<unsigned>(month), static_cast<unsigned>(day)};
}

namespace {

Date nth_weekday(int year, unsigned month, int nth, unsigned weekday) {
  if (nth < 0) {
    const Date next = month == 12 ? Date(year + 1, 1, 1) : Date(year, month + 1, 1);
    const Date last = next - 1;
    return last - static_cast<int>((last.weekday() + 7 - weekday) % 7);
  }
  const Date first(year, month, 1);
  return first + static_cast<int>((weekday + 7 - first.weekday()) % 7) + 7 * (nth - 1);
}

Date observe(Date date, Observed how) {
  const unsigned weekday = date.weekday();
  if (weekday == 0 && how != Observed::kExactly) return date + 1;
  if (weekday == 6 && how == Observed::kNearestWeekday) return date - 1;
  return date;
}

}  // namespace

std::optional<DateRule::Occurrence> DateRule::in(int year) const {
  Occurrence found;
  switch (kind) {
    case DateRuleKind::kFixed: {
      const Date own(year, month, day);
      found.date = observe(own, observed);
      found.moved = found.date != own;
      break;
    }
    case DateRuleKind::kNth:
      found.date = nth_weekday(year, month, nth, weekday);
      break;
    case DateRuleKind::kEaster:
      found.date = easter_sunday(year);
      break;
  }
  found.date = found.date + days_after;
  const unsigned falls_on = found.date.weekday();
  if (falls_on == 0 || falls_on == 6) return std::nullopt;
  return found;
}

}  // namespace fm::market
