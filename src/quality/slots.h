// The slots (seconds, minutes, hours, days) in which a root trades, by the calendar.
#pragma once

#include <vector>

#include "base/time.h"
#include "market/session.h"

namespace fm::quality {

// Slots [first, last) of one trade date, in units of a slot's length since 1970.
struct SlotRun {
  std::int64_t first = 0;
  std::int64_t last = 0;
  // The trade date; for slots of a day, the UTC date.
  Date date;
  friend bool operator==(const SlotRun&, const SlotRun&) = default;
};

// Of the trade dates `first` … `last`, in order of time; a slot that two sessions share counts for
// the first. `slot_seconds` divides a day.
[[nodiscard]] std::vector<SlotRun> expected_slots(const market::Calendar& calendar,
                                                  market::TemplateId hours, Date first, Date last,
                                                  Second slot_seconds);

// The trade date whose session holds the moment, or else the next one; where the calendar has none,
// the UTC date.
[[nodiscard]] Date trade_date_at(const market::Calendar& calendar, market::TemplateId hours,
                                 Second second);

}  // namespace fm::quality
