// Whether rows of one root and table are as new as the calendar lets one expect: a pure function of
// the moment.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/time.h"
#include "jobs/health.h"
#include "market/session.h"

namespace fm::jobs {

// How a table comes by its rows, and what delay is no reason to worry.
struct FreshnessRule {
  std::string_view table;
  enum class Pace : std::uint8_t {
    kStream,  // row after row while the market trades; allowance: behind the wall clock
    kDaily,   // a trade date at once, behind its close; allowance: behind that
  } pace = Pace::kStream;
  Second allowance = 0;
};

// In the catalogue's order. Other tables have no line: history of one load, accounts, events.
[[nodiscard]] std::span<const FreshnessRule> freshness_rules();
[[nodiscard]] const FreshnessRule* find_rule(std::string_view table);

// A table that nothing is known to keep up to date counts as kept for so long behind its newest
// commit: a feed that died over a long weekend is still missed on Tuesday.
inline constexpr Second kKeptFor = 5 * kSecondsPerDay;
// Late by this many allowances is red instead of yellow.
inline constexpr Second kRedAfter = 3;

struct Freshness {
  Second now = 0;
  std::optional<Second> last_row = {};  // of the newest row; for a table of days, of that day
  bool is_date = false;                 // last_row is the first second (UTC) of a trade date
  // Rows of earlier seconds are stored, whether there were any or not: the cursor of a feed.
  std::optional<Second> seen_to = {};
  bool is_kept = false;     // something keeps the table up to date
  std::string halted = {};  // the exchange's words, while it halts the root
};

struct Judgement {
  Expected expected = Expected::kNone;
  Light light = Light::kGrey;
  std::optional<Second> expected_by = {};
  std::optional<Second> next_open = {};
  std::string reason = {};
};

[[nodiscard]] Judgement judge(const FreshnessRule& rule, const market::Calendar& calendar,
                              market::TemplateId family, const Freshness& rows);

// "Sun 17:00 CT": Chicago's time.
[[nodiscard]] std::string chicago_time(Second second);

// The trade date in hand: of the session that is open, else of the last one that was.
[[nodiscard]] std::optional<Date> trade_date_now(const market::Calendar& calendar,
                                                 market::TemplateId family, Second now);

}  // namespace fm::jobs
