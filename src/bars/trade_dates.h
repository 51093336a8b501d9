// Which trade date a bar counts for, also one that begins outside the session.
#pragma once

#include <string_view>

#include "base/time.h"
#include "market/session.h"

namespace fm::bars {

// Behind a close, bars still count for the trade date that has ended, until the end of the UTC hour
// that holds the moment this long after the close: late prints, and closes that the calendar does
// not know. Others outside the session count for the next trade date. So no UTC hour has bars of
// two trade dates.
inline constexpr Second kTailSeconds = 30 * 60;

class TradeDates {
 public:
  // The calendar must outlive it.
  TradeDates(const market::Calendar& calendar, std::string_view root)
      : calendar_(&calendar), family_(calendar.template_of(root)) {}

  [[nodiscard]] Date of(Second second);
  // When the session of a trade date opens; midnight UTC where that is no trade date.
  [[nodiscard]] Second open_of(Date trade_date) const;
  // The nth trade date before `date`, which need not be one.
  [[nodiscard]] Date before(Date date, int trade_dates) const;
  [[nodiscard]] bool is_trade_date(Date date) const {
    return calendar_->is_trade_date(family_, date);
  }

 private:
  const market::Calendar* calendar_;
  market::TemplateId family_;
  market::SessionSpan span_;  // of the last answer; empty at first
};

}  // namespace fm::bars
