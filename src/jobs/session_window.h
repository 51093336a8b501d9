// Which stretch of arrivals makes whole trade dates of every root.
//
// The unit of the lake is the trade date, and the roots' dates begin and end at different hours. So
// a run over files that cover [from, until) works on a window that is widened, on both sides, until
// it cuts no root's trade date.
#pragma once

#include <optional>
#include <string_view>

#include "base/time.h"
#include "market/session.h"

namespace fm::jobs {

// Late trades of a trade date come up to a minute after its close; the first of the next one not
// before its open.
inline constexpr Second kWindowMarginSeconds = 60;

// The latest moment at or before `from` that lies in no trade date of any template, less the
// margin.
[[nodiscard]] Second widen_to_front(const market::Calendar& calendar, Second from);
// The earliest moment at or after `until` that lies in no trade date of any template, plus the
// margin.
[[nodiscard]] Second widen_to_back(const market::Calendar& calendar, Second until);

// The first trade date of a root that begins at or after `moment`, which must not lie in one.
[[nodiscard]] Date first_trade_date(const market::Calendar& calendar, std::string_view root,
                                    Second moment);

struct DateBounds {
  Second open = 0;     // of the first span
  Second close = 0;    // of the last one
  Second seconds = 0;  // in session
};
// A date that the calendar does not know is taken as its UTC day.
[[nodiscard]] DateBounds bounds_of(const market::Calendar& calendar, std::string_view root,
                                   Date trade_date);

}  // namespace fm::jobs
