#include "jobs/session_window.h"

#include <algorithm>

#include "base/assert.h"

namespace fm::jobs {
namespace {

// Two templates can push each other on by a session at most; more would mean a calendar without any
// common break.
constexpr int kWideningsMax = 64;

DateBounds bounds(const market::Calendar& calendar, market::TemplateId id, Date trade_date) {
  const auto spans = calendar.spans_of(id, trade_date);
  if (spans.empty())
    return {trade_date.first_second(), trade_date.first_second() + kSecondsPerDay, kSecondsPerDay};
  DateBounds result{spans.front().open, spans.back().close, 0};
  for (const auto& span : spans) result.seconds += span.close - span.open;
  return result;
}

// The trade date that has begun before `moment` and ends behind it.
template <class Use>
void for_each_date_in_progress(const market::Calendar& calendar, Second moment, Use use) {
  for (std::size_t i = 0; i < calendar.template_count(); ++i) {
    const auto id = static_cast<market::TemplateId>(i);
    const auto span = calendar.next_span(id, moment);
    if (!span) continue;
    const DateBounds date = bounds(calendar, id, span->trade_date);
    if (date.open < moment && moment < date.close) use(date);
  }
}

}  // namespace

Second widen_to_front(const market::Calendar& calendar, Second from) {
  for (int i = 0; i < kWideningsMax; ++i) {
    Second earliest = from;
    for_each_date_in_progress(
        calendar, from, [&](const DateBounds& date) { earliest = std::min(earliest, date.open); });
    if (earliest == from) break;
    from = earliest;
  }
  return from - kWindowMarginSeconds;
}

Second widen_to_back(const market::Calendar& calendar, Second until) {
  for (int i = 0; i < kWideningsMax; ++i) {
    Second latest = until;
    for_each_date_in_progress(
        calendar, until, [&](const DateBounds& date) { latest = std::max(latest, date.close); });
    if (latest == until) break;
    until = latest;
  }
  return until + kWindowMarginSeconds + 1;
}

Date first_trade_date(const market::Calendar& calendar, std::string_view root, Second moment) {
  const auto span = calendar.next_span(calendar.template_of(root), moment);
  return span ? span->trade_date : Date::of_second(moment);
}

DateBounds bounds_of(const market::Calendar& calendar, std::string_view root, Date trade_date) {
  return bounds(calendar, calendar.template_of(root), trade_date);
}

}  // namespace fm::jobs
