// From rules to spans: what one family trades on one session day. Pure; the calendar keeps the
// results.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "market/session.h"
#include "market/session_rules.h"

namespace date {
class time_zone;
}

namespace fm::market {

// Converts the zone's local time to UTC, remembering the offset in force, so that a run over
// neighbouring days asks the time zone database twice a year. Not to be shared between threads;
// cheap to copy.
class LocalClock {
 public:
  explicit LocalClock(const date::time_zone* zone) : zone_(zone) {}
  // A local time that daylight saving skips or repeats is read with the offset before the change.
  [[nodiscard]] Second to_utc(Date day, LocalSecond of_day);
  [[nodiscard]] Second to_local(Second utc);

 private:
  [[nodiscard]] Second offset_at(Second utc);

  const date::time_zone* zone_;
  Second valid_from_ = 1;  // the offset holds for [valid_from_, valid_until_)
  Second valid_until_ = 0;
  Second offset_ = 0;
};

// What a holiday or exception does to one session day.
struct DayEffect {
  const Holiday* holiday = nullptr;
  const Effect* effect = nullptr;
  explicit operator bool() const { return effect != nullptr; }
  [[nodiscard]] Action action() const { return effect == nullptr ? Action::kNone : effect->action; }
};

// The days of one family. A session day is a Monday to Friday; what it trades begins on the evening
// before.
class SessionDays {
 public:
  SessionDays(const SessionRules& rules, const Family& family, const date::time_zone* zone)
      : rules_(&rules), family_(&family), clock_(zone) {}

  [[nodiscard]] DayEffect effect_on(Date day) const;
  // A day with a session that counts for itself.
  [[nodiscard]] bool is_trade_date(Date day) const;
  // The trade date that this session day's trading counts for: itself, or the next after a halted
  // holiday.
  [[nodiscard]] Date counts_for(Date session_day) const;
  [[nodiscard]] Date next_trade_date(Date after) const;

  // The day's segments as the rules of an ordinary day have them; empty at weekends.
  [[nodiscard]] std::vector<Segment> plain_segments(Date session_day) const;
  // … and as they are in fact.
  [[nodiscard]] std::vector<Segment> segments(Date session_day) const;
  // In order; their trade date is counts_for(session_day).
  [[nodiscard]] std::vector<SessionSpan> spans(Date session_day);

  [[nodiscard]] LocalClock& clock() { return clock_; }

 private:
  [[nodiscard]] const Hours* hours_on(Date day) const;
  [[nodiscard]] bool is_full_day(Date day) const;

  const SessionRules* rules_;
  const Family* family_;
  LocalClock clock_;
};

}  // namespace fm::market
