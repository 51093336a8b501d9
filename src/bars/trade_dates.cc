#include "bars/trade_dates.h"

#include "bars/bar.h"

namespace fm::bars {

Date TradeDates::of(Second second) {
  if (span_.contains(second)) return span_.trade_date;
  if (const auto span = calendar_->span_at(family_, second)) {
    span_ = *span;
    return span_.trade_date;
  }
  const Second hour =
      Date::of_second(second).first_second() +
      (second - Date::of_second(second).first_second()) / kSecondsPerHour * kSecondsPerHour;
  if (const auto before = calendar_->span_at(family_, hour - kTailSeconds))
    return before->trade_date;
  if (const auto next = calendar_->next_span(family_, second)) return next->trade_date;
  return Date::of_second(second);
}

Second TradeDates::open_of(Date trade_date) const {
  const auto spans = calendar_->spans_of(family_, trade_date);
  return spans.empty() ? trade_date.first_second() : spans.front().open;
}

Date TradeDates::before(Date date, int trade_dates) const {
  for (int i = 0; i < trade_dates; ++i) date = calendar_->previous_trade_date(family_, date);
  return date;
}

}  // namespace fm::bars
