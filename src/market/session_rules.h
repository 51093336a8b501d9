// config/sessions.yaml as values: session families with dated hours, holidays with dated effects.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/time.h"
#include "market/holiday.h"

namespace fm::market {

// Trade dates from … to, both included; absent = without end.
struct DateRange {
  std::optional<Date> first;
  std::optional<Date> last;
  [[nodiscard]] bool contains(Date date) const {
    return (!first || *first <= date) && (!last || date <= *last);
  }
};

// Seconds of Chicago local time, counted from the midnight that begins the session day: negative on
// the calendar day before.
using LocalSecond = std::int32_t;

struct Segment {
  LocalSecond open = 0;
  LocalSecond close = 0;
  std::uint8_t weekdays = 0b0111110;  // bit w: may occur on session days of weekday w (0 = Sunday)
  bool after_full_day = false;  // only when the calendar day before was an ordinary session day
};

struct Hours {
  DateRange held;
  std::vector<Segment> segments;  // ascending, disjoint
};

struct Family {
  std::string name;
  std::string group;         // whose holidays it keeps
  std::vector<Hours> hours;  // ascending; the first also stands for all days before it
};

enum class Action {
  kNone,    // the day ends as ever; only `open` or `reopen` say something
  kClosed,  // no session; no trade date
  kHalt,    // trades until `at`; the session counts for the next trade date
  kClose,   // trades until `at`; a trade date of its own
};

struct Effect {
  std::vector<std::string> groups;
  DateRange held;
  std::optional<bool>
      moved;  // only when the holiday is (is not) observed on another day than its own
  std::uint8_t weekdays = 0b0111110;
  Action action = Action::kNone;
  LocalSecond at = 0;
  std::optional<LocalSecond> open;  // the day opens no earlier than this
  // The next session day opens no earlier than this, when it is the next calendar day.
  std::optional<LocalSecond> reopen;
};

struct Holiday {
  std::string name;
  std::optional<DateRule> rule;  // absent: `dates` lists the days
  std::vector<Date> dates;
  std::vector<Effect> effects;  // the first that matches holds
};

struct SessionRules {
  std::string time_zone;
  std::vector<Family> families;
  std::vector<Holiday> exceptions;  // win over holidays
  std::vector<Holiday> holidays;
};

// Errors: kInvalidConfig with file and line.
[[nodiscard]] Result<SessionRules> parse_session_rules(std::string_view yaml,
                                                       std::string_view name);

}  // namespace fm::market
