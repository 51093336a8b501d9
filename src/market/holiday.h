// On which day of a year a holiday falls.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"

namespace fm::market {

enum class DateRuleKind {
  kFixed,   // a day of a month, moved by `observed`
  kNth,     // the nth weekday of a month; nth = −1 is the last
  kEaster,  // days after Easter Sunday of the Gregorian calendar
};

enum class Observed {
  kExactly,         // where it falls
  kSundayToMonday,  // a Saturday is not made up for
  kNearestWeekday,  // Saturday → Friday, Sunday → Monday
};

struct DateRule {
  DateRuleKind kind = DateRuleKind::kFixed;
  unsigned month = 1;
  unsigned day = 1;
  Observed observed = Observed::kExactly;
  int nth = 1;
  unsigned weekday = 1;  // 0 = Sunday
  int days_after = 0;    // added last; for kEaster from Easter Sunday

  struct Occurrence {
    Date date;
    bool moved = false;  // observed on another day than its own
  };
  // Nothing when the day falls on a weekend in this year and is not made up for.
  [[nodiscard]] std::optional<Occurrence> in(int year) const;
};

[[nodiscard]] Date easter_sunday(int year);

}  // namespace fm::market
