#include "quality/slots.h"

#include <algorithm>

#include "base/assert.h"

namespace fm::quality {

std::vector<SlotRun> expected_slots(const market::Calendar& calendar, market::TemplateId hours,
                                    Date first, Date last, Second slot_seconds) {
  FM_ASSERT(slot_seconds > 0 && kSecondsPerDay % slot_seconds == 0);
  std::vector<SlotRun> runs;
  std::int64_t end = calendar.next_trade_date(hours, first - 8).first_second() / slot_seconds;
  for (Date date = calendar.next_trade_date(hours, first - 1); date <= last;
       date = calendar.next_trade_date(hours, date)) {
    for (const market::SessionSpan& span : calendar.spans_of(hours, date)) {
      const std::int64_t from = std::max(span.open / slot_seconds, end);
      const std::int64_t to = (span.close + slot_seconds - 1) / slot_seconds;
      if (slot_seconds == kSecondsPerDay) {
        for (std::int64_t day = from; day < to; ++day)
          runs.push_back({day, day + 1, Date::from_days(static_cast<std::int32_t>(day))});
      } else if (from < to) {
        runs.push_back({from, to, date});
      }
      end = std::max(end, to);
    }
  }
  return runs;
}

Date trade_date_at(const market::Calendar& calendar, market::TemplateId hours, Second second) {
  const auto span = calendar.next_span(hours, second);
  return span ? span->trade_date : Date::of_second(second);
}

}  // namespace fm::quality
