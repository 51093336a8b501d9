#include "market/session_days.h"

#include <date/tz.h>

#include <algorithm>

namespace fm::market {
namespace {

// The longest run of days without a trade date is a week end with holidays on both sides; far
// beyond that the rules are broken, and a loop must end.
constexpr int kDaysSearchedMax = 30;

bool applies(const Effect& effect, std::string_view group, Date day, bool moved) {
  return effect.held.contains(day) && (effect.weekdays >> day.weekday() & 1) != 0 &&
         (!effect.moved || *effect.moved == moved) &&
         std::find(effect.groups.begin(), effect.groups.end(), group) != effect.groups.end();
}

// Whether the holiday falls on this day, and whether it was moved there.
std::optional<bool> falls_on(const Holiday& holiday, Date day, int year) {
  if (holiday.rule) {
    const auto found = holiday.rule->in(year);
    if (found && found->date == day) return found->moved;
    return std::nullopt;
  }
  if (std::binary_search(holiday.dates.begin(), holiday.dates.end(), day)) return false;
  return std::nullopt;
}

DayEffect find_effect(const std::vector<Holiday>& holidays, std::string_view group, Date day,
                      int year) {
  for (const Holiday& holiday : holidays) {
    const auto moved = falls_on(holiday, day, year);
    if (!moved) continue;
    for (const Effect& effect : holiday.effects)
      if (applies(effect, group, day, *moved)) return {&holiday, &effect};
  }
  return {};
}

bool is_weekend(Date day) { return day.weekday() == 0 || day.weekday() == 6; }

}  // namespace

Second LocalClock::offset_at(Second utc) {
  if (utc < valid_from_ || utc >= valid_until_) {
    const auto info = zone_->get_info(date::sys_seconds(std::chrono::seconds(utc)));
    valid_from_ = info.begin.time_since_epoch().count();
    valid_until_ = info.end.time_since_epoch().count();
    offset_ = info.offset.count();
  }
  return offset_;
}

Second LocalClock::to_local(Second utc) { return utc + offset_at(utc); }

Second LocalClock::to_utc(Date day, LocalSecond of_day) {
  const Second local = day.first_second() + of_day;
  // Offsets differ by an hour, and no zone this far west is ahead of UTC: asking at the local time
  // read as UTC lies before the true moment, so one correction settles it.
  const Second guess = local - offset_at(local);
  return local - offset_at(guess);
}

DayEffect SessionDays::effect_on(Date day) const {
  if (is_weekend(day)) return {};
  const int year = day.year();
  if (const auto found = find_effect(rules_->exceptions, family_->group, day, year)) return found;
  return find_effect(rules_->holidays, family_->group, day, year);
}

bool SessionDays::is_trade_date(Date day) const {
  if (is_weekend(day)) return false;
  const Action action = effect_on(day).action();
  return action != Action::kClosed && action != Action::kHalt;
}

Date SessionDays::next_trade_date(Date after) const {
  for (int i = 1; i <= kDaysSearchedMax; ++i)
    if (is_trade_date(after + i)) return after + i;
  return after + kDaysSearchedMax;
}

Date SessionDays::counts_for(Date session_day) const {
  return is_trade_date(session_day) ? session_day : next_trade_date(session_day);
}

const Hours* SessionDays::hours_on(Date day) const {
  const Hours* found = &family_->hours.front();
  for (const Hours& hours : family_->hours)
    if (hours.held.first && *hours.held.first <= day) found = &hours;
  return found;
}

bool SessionDays::is_full_day(Date day) const {
  return !is_weekend(day) && effect_on(day).action() == Action::kNone;
}

std::vector<Segment> SessionDays::plain_segments(Date session_day) const {
  std::vector<Segment> found;
  if (is_weekend(session_day)) return found;
  for (const Segment& segment : hours_on(session_day)->segments)
    if ((segment.weekdays >> session_day.weekday() & 1) != 0) found.push_back(segment);
  return found;
}

std::vector<Segment> SessionDays::segments(Date session_day) const {
  std::vector<Segment> found = plain_segments(session_day);
  if (found.empty()) return found;
  const DayEffect today = effect_on(session_day);
  if (today.action() == Action::kClosed) return {};
  const DayEffect yesterday = effect_on(session_day - 1);
  const bool yesterday_full = is_full_day(session_day - 1);
  std::vector<Segment> kept;
  for (Segment segment : found) {
    if (segment.after_full_day && !yesterday_full) continue;
    if (yesterday && yesterday.effect->reopen)
      segment.open = std::max(segment.open, *yesterday.effect->reopen);
    if (today && today.effect->open) segment.open = std::max(segment.open, *today.effect->open);
    if (today.action() == Action::kHalt || today.action() == Action::kClose)
      segment.close = std::min(segment.close, today.effect->at);
    if (segment.open < segment.close) kept.push_back(segment);
  }
  return kept;
}

std::vector<SessionSpan> SessionDays::spans(Date session_day) {
  std::vector<SessionSpan> found;
  const auto traded = segments(session_day);
  if (traded.empty()) return found;
  const Date trade_date = counts_for(session_day);
  for (const Segment& segment : traded)
    found.push_back({clock_.to_utc(session_day, segment.open),
                     clock_.to_utc(session_day, segment.close), trade_date});
  return found;
}

}  // namespace fm::market
