#include "jobs/freshness.h"

#include <date/tz.h>

#include <algorithm>
#include <array>
#include <chrono>

namespace fm::jobs {
namespace {

using Pace = FreshnessRule::Pace;

constexpr Second kMinute = kSecondsPerMinute;
// The last trade of a session may be so long before its close.
constexpr Second kQuietEnd = 15 * kMinute;
constexpr int kDaysBack = 12;  // no market is closed for longer

// Candles are stored when they are final, a minute or two behind; polled bars when the vendor has
// them.
constexpr std::array kRules{
    FreshnessRule{"candles_1m", Pace::kStream, 3 * kMinute},
    FreshnessRule{"candles_1s", Pace::kStream, 3 * kMinute},
    FreshnessRule{"futures_ohlcv_1m_live", Pace::kStream, 10 * kMinute},
    FreshnessRule{"candle_bars_1m", Pace::kDaily, kSecondsPerDay},
    FreshnessRule{"candle_bars_5m", Pace::kDaily, kSecondsPerDay},
    FreshnessRule{"candle_bars_15m", Pace::kDaily, kSecondsPerDay},
    FreshnessRule{"candle_bars_1h", Pace::kDaily, kSecondsPerDay},
    FreshnessRule{"candle_bars_1d", Pace::kDaily, kSecondsPerDay},
    FreshnessRule{"databento_futures_ohlcv_1s", Pace::kDaily, 2 * kSecondsPerDay},
    FreshnessRule{"databento_futures_ohlcv_1m", Pace::kDaily, 2 * kSecondsPerDay},
    FreshnessRule{"bars_1h", Pace::kDaily, kSecondsPerDay},
    FreshnessRule{"databento_futures_ohlcv_1d", Pace::kDaily, kSecondsPerDay},
    FreshnessRule{"futures_ohlcv_1h_live", Pace::kDaily, kSecondsPerDay},
    FreshnessRule{"futures_ohlcv_1d_live", Pace::kDaily, kSecondsPerDay},
    FreshnessRule{"databento_futures_continuous_1d", Pace::kDaily, kSecondsPerDay},
    FreshnessRule{"databento_futures_continuous_1h", Pace::kDaily, kSecondsPerDay},
    FreshnessRule{"databento_futures_continuous_1m", Pace::kDaily, kSecondsPerDay},
};

// "14 min", "2 h 14 min", "3 days 4 h"
std::string duration_text(Second seconds) {
  constexpr Second kHour = 60 * kMinute;
  if (seconds < 2 * kMinute) return fmt::format("{} s", seconds);
  if (seconds < kHour) return fmt::format("{} min", seconds / kMinute);
  if (seconds < kSecondsPerDay)
    return fmt::format("{} h {} min", seconds / kHour, seconds % kHour / kMinute);
  const Second days = seconds / kSecondsPerDay;
  return fmt::format("{} day{} {} h", days, days == 1 ? "" : "s", seconds % kSecondsPerDay / kHour);
}

// The last span that is over.
std::optional<market::SessionSpan> last_closed(const market::Calendar& calendar,
                                               market::TemplateId family, Second now) {
  const Date today = Date::of_second(now);
  // Trading on a holiday may count for a trade date days later.
  for (Date day = today + kDaysBack / 2; day >= today - kDaysBack; day = day - 1) {
    const auto spans = calendar.spans_of(family, day);
    const auto over = std::find_if(spans.rbegin(), spans.rend(),
                                   [&](const auto& span) { return span.close <= now; });
    if (over != spans.rend()) return *over;
  }
  return std::nullopt;
}

std::string until_open(const market::Calendar& calendar, market::TemplateId family, Second now,
                       std::optional<Second>& next_open) {
  const auto next = calendar.next_span(family, now);
  std::string text = "closed";
  if (next) {
    next_open = next->open;
    text += " until " + chicago_time(next->open);
  }
  if (const std::string why = calendar.closed_reason(family, now); !why.empty())
    text += fmt::format(" ({})", why);
  return text;
}

Light light_of(Second late_by, Second allowance) {
  return late_by > kRedAfter * allowance ? Light::kRed : Light::kYellow;
}

// What is stored ends `missing` before it should.
void set_late(Judgement& made, Light light, std::string reason) {
  made.expected = Expected::kLate;
  made.light = light;
  made.reason = std::move(reason);
}

class StreamJudge {
 public:
  StreamJudge(const FreshnessRule& rule, const market::Calendar& calendar,
              market::TemplateId family, const Freshness& rows)
      : rule_(rule), calendar_(calendar), family_(family), rows_(rows) {
    if (rows.last_row) known_to_ = *rows.last_row + 1;
    if (rows.seen_to) known_to_ = std::max(known_to_.value_or(0), *rows.seen_to);
  }

  Judgement open(const market::SessionSpan& span) const {
    Judgement made;
    const Second from = std::max(span.open, known_to_.value_or(0));
    made.expected_by = from + rule_.allowance;
    if (rows_.now > *made.expected_by) {
      const Second late_by = rows_.now - from;
      set_late(made, light_of(late_by, rule_.allowance),
               rows_.last_row
                   ? fmt::format("no rows for {}; {} are allowed", duration_text(late_by),
                                 duration_text(rule_.allowance))
                   : fmt::format("no row yet, {} after the open", duration_text(late_by)));
      return made;
    }
    made.expected = Expected::kFresh;
    made.light = Light::kGreen;
    if (!rows_.last_row)
      made.reason = "no row yet";
    else if (*rows_.last_row < span.open)
      made.reason = fmt::format("open since {}", chicago_time(span.open));
    else if (rows_.now - *rows_.last_row > rule_.allowance)
      made.reason = fmt::format("no trade for {}", duration_text(rows_.now - *rows_.last_row));
    return made;
  }

  // `at`: the moment from which on nothing trades is span.close.
  Judgement closed(const market::SessionSpan& span) const {
    Judgement made;
    made.reason = until_open(calendar_, family_, rows_.now, made.next_open);
    if (made.next_open) made.expected_by = *made.next_open + rule_.allowance;
    made.expected = Expected::kClosed;
    if (!known_to_) {
      made.reason += "; no row yet";
      return made;  // grey
    }
    made.light = Light::kGreen;
    const Second missing = span.close - *known_to_;
    if (missing <= kQuietEnd || rows_.now <= span.close + rule_.allowance) return made;
    set_late(made, *known_to_ >= span.open ? Light::kYellow : Light::kRed,
             fmt::format("{}; what is stored ends {} before the close at {}", made.reason,
                         duration_text(missing), chicago_time(span.close)));
    return made;
  }

 private:
  const FreshnessRule& rule_;
  const market::Calendar& calendar_;
  const market::TemplateId family_;
  const Freshness& rows_;
  std::optional<Second> known_to_;
};

Judgement judge_stream(const FreshnessRule& rule, const market::Calendar& calendar,
                       market::TemplateId family, const Freshness& rows) {
  const StreamJudge judge(rule, calendar, family, rows);
  if (const auto span = calendar.span_at(family, rows.now)) {
    if (rows.halted.empty()) return judge.open(*span);
    return {.expected = Expected::kClosed,
            .light = Light::kGreen,
            .reason = fmt::format("trading is halted: {}", rows.halted)};
  }
  if (const auto over = last_closed(calendar, family, rows.now)) return judge.closed(*over);
  return {.reason = "the calendar knows no session near this time"};
}

// The newest trade date that should be stored by now.
std::optional<Date> due_date(const FreshnessRule& rule, const market::Calendar& calendar,
                             market::TemplateId family, Second now) {
  const auto over = last_closed(calendar, family, now);
  if (!over) return std::nullopt;
  Date day = over->trade_date;
  for (int steps = 0; steps < kDaysBack; ++steps) {
    const auto spans = calendar.spans_of(family, day);
    if (!spans.empty() && spans.back().close + rule.allowance <= now) return day;
    day = calendar.previous_trade_date(family, day);
  }
  return std::nullopt;
}

bool holds(const market::Calendar& calendar, market::TemplateId family, const Freshness& rows,
           Date day) {
  if (!rows.last_row) return false;
  if (rows.is_date) return Date::of_second(*rows.last_row) >= day;
  const auto spans = calendar.spans_of(family, day);
  return !spans.empty() && *rows.last_row >= spans.front().open;
}

Judgement judge_daily(const FreshnessRule& rule, const market::Calendar& calendar,
                      market::TemplateId family, const Freshness& rows) {
  Judgement made;
  const auto due = due_date(rule, calendar, family, rows.now);
  if (!due) {
    made.reason = "the calendar knows no session near this time";
    return made;
  }
  const auto due_by = [&](Date day) {
    const auto spans = calendar.spans_of(family, day);
    return spans.empty() ? rows.now : spans.back().close + rule.allowance;
  };
  if (holds(calendar, family, rows, *due)) {
    Date next = calendar.next_trade_date(family, *due);
    for (int steps = 0; steps < kDaysBack && holds(calendar, family, rows, next); ++steps)
      next = calendar.next_trade_date(family, next);
    made.expected = Expected::kFresh;
    made.light = Light::kGreen;
    made.expected_by = due_by(next);
    return made;
  }
  Date first = *due;  // that is missing
  int missing = 1;
  for (; missing < kDaysBack; ++missing) {
    const Date before = calendar.previous_trade_date(family, first);
    if (holds(calendar, family, rows, before)) break;
    first = before;
  }
  made.expected_by = due_by(first);
  set_late(made, missing == 1 ? Light::kYellow : Light::kRed,
           missing == 1
               ? fmt::format("trade date {} is missing, due by {}", first.iso(),
                             chicago_time(*made.expected_by))
               : fmt::format("{}{} trade dates are missing, up to {}",
                             missing == kDaysBack ? "at least " : "", missing, due->iso()));
  return made;
}

}  // namespace

std::span<const FreshnessRule> freshness_rules() { return kRules; }

const FreshnessRule* find_rule(std::string_view table) {
  const auto found = std::ranges::find(kRules, table, &FreshnessRule::table);
  return found == kRules.end() ? nullptr : &*found;
}

Judgement judge(const FreshnessRule& rule, const market::Calendar& calendar,
                market::TemplateId family, const Freshness& rows) {
  if (!rows.is_kept)
    return {.reason = rows.last_row ? fmt::format("nothing keeps it up to date; it ends on {}",
                                                  Date::of_second(*rows.last_row).iso())
                                    : "nothing keeps it up to date"};
  return rule.pace == Pace::kStream ? judge_stream(rule, calendar, family, rows)
                                    : judge_daily(rule, calendar, family, rows);
}

std::string chicago_time(Second second) {
  static const date::time_zone* const zone = date::locate_zone("America/Chicago");
  const auto local =
      zone->to_local(date::sys_seconds(std::chrono::seconds(second))).time_since_epoch().count();
  constexpr std::array kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  const Date day = Date::of_second(local);
  const Second of_day = local - day.first_second();
  return fmt::format("{} {:02}:{:02} CT", kDays[day.weekday()], of_day / 3'600,
                     of_day % 3'600 / kMinute);
}

std::optional<Date> trade_date_now(const market::Calendar& calendar, market::TemplateId family,
                                   Second now) {
  if (const auto span = calendar.span_at(family, now)) return span->trade_date;
  if (const auto over = last_closed(calendar, family, now)) return over->trade_date;
  return std::nullopt;
}

}  // namespace fm::jobs
