#include <date/tz.h>
#include <fmt/core.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <mutex>

#include "base/assert.h"
#include "market/builtin_registry.h"
#include "market/session.h"
#include "market/session_days.h"

namespace fm::market {
namespace {

// Spans of these session days are worked out once and kept; 20 years take about 300 KB a family.
const Date kTableFirst(2009, 1, 1);
const Date kTableLast(2028, 12, 31);
// Beyond this no time zone rule means anything, and days would not fit their type.
constexpr Second kSecondMax = 20'000'000'000;  // the year 2603
constexpr int kDaysAheadMax = 10;

// Days before a trade date whose halted sessions may count for it.
constexpr int kDaysBackMax = 10;

bool is_sane(Second second) { return second >= 0 && second < kSecondMax; }

// A moment is looked up in the table when its local day and both neighbours are in it.
bool in_table(Second second) {
  const Date day = Date::of_second(second);
  return kTableFirst + 2 <= day && day + 2 <= kTableLast;
}

struct Table {
  std::once_flag once;
  std::vector<SessionSpan> spans;  // ascending by open, close and trade date
};

// Errors: kInvalidConfig when sessions of different days would overlap or trade dates would run
// together.
Result<std::vector<SessionSpan>> build(SessionDays days, std::string_view family) {
  std::vector<SessionSpan> spans;
  for (Date day = kTableFirst; day <= kTableLast; day = day + 1) {
    for (const SessionSpan& span : days.spans(day)) {
      if (!spans.empty()) {
        const SessionSpan& before = spans.back();
        const Second apart = before.trade_date == span.trade_date ? 0 : 2 * kSecondsPerMinute;
        if (span.open < before.close + apart || span.trade_date < before.trade_date)
          return fail(Code::kInvalidConfig,
                      "session family '{}': what counts for {} runs into what counts for {}",
                      family, before.trade_date.iso(), span.trade_date.iso());
      }
      spans.push_back(span);
    }
  }
  return spans;
}

// Which holiday keeps a session day from trading at a moment at which an ordinary one would.
std::optional<std::string> removed_by(const SessionDays& days, Date day, LocalSecond of_day) {
  const DayEffect own = days.effect_on(day);
  const bool ends_early = own.action() == Action::kHalt || own.action() == Action::kClose;
  if (own.action() == Action::kClosed ||
      (own.action() == Action::kHalt && of_day >= own.effect->at))
    return fmt::format("holiday: {}", own.holiday->name);
  if (ends_early && of_day >= own.effect->at)
    return fmt::format("early close: {}", own.holiday->name);
  if (own && own.effect->open && of_day < *own.effect->open)
    return fmt::format("late open: {}", own.holiday->name);
  if (const DayEffect before = days.effect_on(day - 1))
    return fmt::format("holiday: {}", before.holiday->name);
  return std::nullopt;
}

std::string clock_text(LocalSecond of_day) {
  return fmt::format("{:02}:{:02}", of_day / 3600, of_day / 60 % 60);
}

}  // namespace

struct Calendar::State {
  SessionRules rules;
  const date::time_zone* zone = nullptr;
  std::map<std::string, TemplateId, std::less<>> by_root;
  TemplateId default_template{};
  std::unique_ptr<Table[]> tables;

  [[nodiscard]] const Family& family(TemplateId id) const {
    const auto index = static_cast<std::size_t>(id);
    FM_ASSERT(index < rules.families.size());
    return rules.families[index];
  }
  [[nodiscard]] SessionDays days(TemplateId id) const { return {rules, family(id), zone}; }
  [[nodiscard]] const std::vector<SessionSpan>& table(TemplateId id) const {
    Table& table = tables[static_cast<std::size_t>(id)];
    std::call_once(table.once, [&] {
      auto built = build(days(id), family(id).name);
      if (!built) std::fputs((built.error().message() + "\n").c_str(), stderr);
      FM_ASSERT(built.has_value());
      table.spans = *std::move(built);
    });
    return table.spans;
  }
};

Calendar::Calendar(std::unique_ptr<State> state) : state_(std::move(state)) {}
Calendar::~Calendar() = default;
Calendar::Calendar(Calendar&& other) noexcept = default;
Calendar& Calendar::operator=(Calendar&& other) noexcept = default;

Result<Calendar> Calendar::make(std::string_view yaml, std::string_view name,
                                const Universe& universe) {
  auto state = std::make_unique<State>();
  FM_ASSIGN(state->rules, parse_session_rules(yaml, name));
  try {
    state->zone = date::locate_zone(state->rules.time_zone);
  } catch (const std::exception& e) {
    return std::unexpected(
        Error(Code::kNotFound,
              fmt::format("{}: time zone '{}': {}", name, state->rules.time_zone, e.what()))
            .hint("Install the system's time zone database (Debian: the package tzdata)."));
  }
  std::map<std::string_view, TemplateId> by_family;
  for (std::size_t i = 0; i < state->rules.families.size(); ++i)
    by_family[state->rules.families[i].name] = static_cast<TemplateId>(i);
  state->default_template = by_family.at(kDefaultSession);
  for (const Root& root : universe.roots()) {
    const auto found = by_family.find(root.session);
    if (found == by_family.end())
      return fail(Code::kInvalidConfig, "{}: root {} names the session '{}', which is not here",
                  name, root.name, root.session);
    state->by_root[root.name] = found->second;
  }
  state->tables = std::make_unique<Table[]>(state->rules.families.size());
  return Calendar(std::move(state));
}

Result<Calendar> Calendar::parse(std::string_view yaml, std::string_view name,
                                 const Universe& universe) {
  FM_ASSIGN(Calendar calendar, make(yaml, name, universe));
  for (std::size_t i = 0; i < calendar.template_count(); ++i) {
    const auto id = static_cast<TemplateId>(i);
    FM_TRY_IN(build(calendar.state_->days(id), calendar.name(id)), name);
  }
  return calendar;
}

const Calendar& Calendar::builtin() {
  static const Calendar calendar = [] {
    auto made = make(kSessionsYaml, "config/sessions.yaml", Universe::builtin());
    if (!made) {
      std::fputs((made.error().message() + "\n" + made.error().advice() + "\n").c_str(), stderr);
      FM_ASSERT(made.has_value());
    }
    return *std::move(made);
  }();
  return calendar;
}

TemplateId Calendar::template_of(std::string_view root) const {
  const auto found = state_->by_root.find(root);
  return found == state_->by_root.end() ? state_->default_template : found->second;
}

std::optional<TemplateId> Calendar::find_template(std::string_view family) const {
  for (std::size_t i = 0; i < state_->rules.families.size(); ++i)
    if (state_->rules.families[i].name == family) return static_cast<TemplateId>(i);
  return std::nullopt;
}

std::string_view Calendar::name(TemplateId id) const { return state_->family(id).name; }
std::size_t Calendar::template_count() const { return state_->rules.families.size(); }

std::optional<SessionSpan> Calendar::span_at(TemplateId id, Second second) const {
  const auto found = next_span(id, second);
  return found && found->contains(second) ? found : std::nullopt;
}

std::optional<SessionSpan> Calendar::next_span(TemplateId id, Second second) const {
  if (!is_sane(second)) return std::nullopt;
  if (in_table(second)) {
    const auto& spans = state_->table(id);
    const auto found =
        std::upper_bound(spans.begin(), spans.end(), second,
                         [](Second value, const SessionSpan& span) { return value < span.close; });
    if (found == spans.end() || found->open >= second + kDaysAheadMax * kSecondsPerDay)
      return std::nullopt;
    return *found;
  }
  SessionDays days = state_->days(id);
  const Date local = Date::of_second(days.clock().to_local(second));
  for (int ahead = 0; ahead <= kDaysAheadMax; ++ahead)
    for (const SessionSpan& span : days.spans(local + ahead))
      if (second < span.close) return span;
  return std::nullopt;
}

std::vector<SessionSpan> Calendar::spans_of(TemplateId id, Date trade_date) const {
  const Second noon = trade_date.first_second() + kSecondsPerDay / 2;
  if (!is_sane(noon)) return {};
  if (kTableFirst + kDaysBackMax <= trade_date && trade_date <= kTableLast) {
    const auto& spans = state_->table(id);
    const auto [first, last] = std::equal_range(
        spans.begin(), spans.end(), SessionSpan{0, 0, trade_date},
        [](const SessionSpan& a, const SessionSpan& b) { return a.trade_date < b.trade_date; });
    return {first, last};
  }
  SessionDays days = state_->days(id);
  std::vector<SessionSpan> found;
  for (int back = kDaysBackMax; back >= 0; --back)
    for (const SessionSpan& span : days.spans(trade_date - back))
      if (span.trade_date == trade_date) found.push_back(span);
  return found;
}

bool Calendar::is_trade_date(TemplateId id, Date date) const {
  return state_->days(id).is_trade_date(date);
}

Date Calendar::next_trade_date(TemplateId id, Date date) const {
  return state_->days(id).next_trade_date(date);
}

Date Calendar::previous_trade_date(TemplateId id, Date date) const {
  const SessionDays days = state_->days(id);
  Date found = date - 1;
  for (int i = 0; i < 3 * kDaysBackMax && !days.is_trade_date(found); ++i) found = found - 1;
  return found;
}

std::string Calendar::closed_reason(TemplateId id, Second second) const {
  if (span_at(id, second)) return {};
  if (!is_sane(second)) return "outside the calendar";
  SessionDays days = state_->days(id);
  const Second local = days.clock().to_local(second);
  const Date today = Date::of_second(local);
  bool opened_today = false;
  bool opens_later_today = false;
  for (const Date day : {today, today + 1}) {
    const auto of_day = static_cast<LocalSecond>(local - day.first_second());
    for (const Segment& segment : days.plain_segments(day)) {
      if (segment.open <= of_day && of_day < segment.close) {
        // An ordinary day would trade now: some holiday is in the way.
        if (const auto why = removed_by(days, day, of_day)) return *why;
        return "daily break";
      }
      if (day != today) continue;
      opened_today = opened_today || segment.close <= of_day;
      opens_later_today = opens_later_today || segment.open > of_day;
    }
  }
  if (opened_today && opens_later_today) return "pause";
  const unsigned weekday = today.weekday();
  const bool is_over_on_friday = weekday == 5 && opened_today;
  return weekday == 6 || weekday == 0 || is_over_on_friday ? "weekend" : "daily break";
}

std::string Calendar::special_day(TemplateId id, Date date) const {
  const DayEffect found = state_->days(id).effect_on(date);
  if (!found) return {};
  switch (found.action()) {
    case Action::kClosed:
      return fmt::format("{}: closed", found.holiday->name);
    case Action::kHalt:
      return fmt::format("{}: halts at {}, counts for {}", found.holiday->name,
                         clock_text(found.effect->at), next_trade_date(id, date).iso());
    case Action::kClose:
      return fmt::format("{}: closes at {}", found.holiday->name, clock_text(found.effect->at));
    case Action::kNone:
      break;
  }
  return found.effect->open
             ? fmt::format("{}: opens at {}", found.holiday->name, clock_text(*found.effect->open))
             : found.holiday->name;
}

}  // namespace fm::market
