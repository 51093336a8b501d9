#include "market/session_rules.h"

#include <algorithm>
#include <array>
#include <set>

#include "base/yaml.h"

namespace fm::market {
namespace {

constexpr std::array<std::string_view, 7> kWeekdays = {"sunday",   "monday", "tuesday", "wednesday",
                                                       "thursday", "friday", "saturday"};

// "08:30", or "prev 17:00" for the calendar day before.
Result<LocalSecond> local_second(const Yaml& node) {
  FM_ASSIGN(const std::string found, node.text());
  std::string_view text = found;
  LocalSecond base = 0;
  if (text.starts_with("prev ")) {
    text.remove_prefix(5);
    base = -static_cast<LocalSecond>(kSecondsPerDay);
  }
  const auto digit = [&](std::size_t at) { return text[at] >= '0' && text[at] <= '9'; };
  if (text.size() == 5 && text[2] == ':' && digit(0) && digit(1) && digit(3) && digit(4)) {
    const int hour = (text[0] - '0') * 10 + (text[1] - '0');
    const int minute = (text[3] - '0') * 10 + (text[4] - '0');
    if (hour <= 23 && minute <= 59) return base + hour * 3600 + minute * 60;
  }
  return std::unexpected(
      node.error(fmt::format("found '{}', expected a time as 08:30 or prev 17:00", found)));
}

Result<unsigned> weekday(const Yaml& node) {
  FM_ASSIGN(const std::string found, node.text());
  for (unsigned i = 0; i < kWeekdays.size(); ++i)
    if (kWeekdays[i] == found) return i;
  return std::unexpected(
      node.error(fmt::format("found '{}', expected a weekday as monday", found)));
}

Result<std::uint8_t> weekday_set(const Yaml& node) {
  std::uint8_t set = 0;
  for (const Yaml& item : node.items()) {
    FM_ASSIGN(const unsigned day, weekday(item));
    set = static_cast<std::uint8_t>(set | 1u << day);
  }
  if (set == 0) return std::unexpected(node.error("expected a list of weekdays"));
  return set;
}

Result<DateRange> range_of(const Yaml& node) {
  DateRange range;
  if (const auto first = node.find("first")) {
    FM_ASSIGN(range.first, first->date());
  }
  if (const auto last = node.find("last")) {
    FM_ASSIGN(range.last, last->date());
  }
  if (range.first && range.last && *range.last < *range.first)
    return std::unexpected(node.error("'last' lies before 'first'"));
  return range;
}

Result<std::int64_t> integer_within(const Yaml& node, std::int64_t low, std::int64_t high) {
  FM_ASSIGN(const std::int64_t value, node.integer());
  if (value < low || value > high)
    return std::unexpected(
        node.error(fmt::format("found {}, expected {} to {}", value, low, high)));
  return value;
}

// Every statement must name at least one listed source.
Status check_sources(const Yaml& node, const std::set<std::string, std::less<>>& known) {
  FM_ASSIGN(const Yaml sources, node.at("sources"));
  if (!sources.is_sequence() || sources.items().empty())
    return std::unexpected(sources.error("expected a list of sources"));
  for (const Yaml& source : sources.items()) {
    FM_ASSIGN(const std::string word, source.text());
    if (!known.contains(word))
      return std::unexpected(source.error(fmt::format("'{}' is not among the sources", word)));
  }
  return {};
}

using Names = std::set<std::string, std::less<>>;

Result<Segment> parse_segment(const Yaml& node) {
  FM_TRY(node.allow_keys({"open", "close", "weekdays", "after_full_day"}));
  Segment segment;
  FM_ASSIGN(const Yaml open, node.at("open"));
  FM_ASSIGN(segment.open, local_second(open));
  FM_ASSIGN(const Yaml close, node.at("close"));
  FM_ASSIGN(segment.close, local_second(close));
  if (segment.close <= segment.open)
    return std::unexpected(close.error("the segment closes before it opens"));
  if (const auto days = node.find("weekdays")) {
    FM_ASSIGN(segment.weekdays, weekday_set(*days));
  }
  if (const auto after = node.find("after_full_day")) {
    FM_ASSIGN(segment.after_full_day, after->boolean());
  }
  return segment;
}

Result<Hours> parse_hours(const Yaml& node, const Names& sources) {
  FM_TRY(node.allow_keys({"first", "last", "segments", "sources"}));
  FM_TRY(check_sources(node, sources));
  Hours hours;
  FM_ASSIGN(hours.held, range_of(node));
  FM_ASSIGN(const Yaml segments, node.at("segments"));
  for (const Yaml& item : segments.items()) {
    FM_ASSIGN(const Segment segment, parse_segment(item));
    hours.segments.push_back(segment);
  }
  for (std::size_t i = 0; i < hours.segments.size(); ++i)
    for (std::size_t j = 0; j < i; ++j) {
      const Segment &a = hours.segments[j], &b = hours.segments[i];
      if ((a.weekdays & b.weekdays) != 0 && b.open < a.close)
        return std::unexpected(segments.error("segments of one day overlap or are out of order"));
    }
  if (hours.segments.empty()) return std::unexpected(segments.error("expected segments"));
  return hours;
}

Result<Family> parse_family(std::string name, const Yaml& node, const Names& sources) {
  FM_TRY(node.allow_keys({"holidays", "hours"}));
  Family family;
  family.name = std::move(name);
  FM_ASSIGN(const Yaml group, node.at("holidays"));
  FM_ASSIGN(family.group, group.text());
  FM_ASSIGN(const Yaml hours, node.at("hours"));
  for (const Yaml& item : hours.items()) {
    FM_ASSIGN(Hours parsed, parse_hours(item, sources));
    if (!family.hours.empty()) {
      const auto& before = family.hours.back().held.last;
      if (!before || !parsed.held.first || *parsed.held.first <= *before)
        return std::unexpected(item.error("hours must follow each other without overlap"));
    }
    family.hours.push_back(std::move(parsed));
  }
  if (family.hours.empty()) return std::unexpected(hours.error("expected hours"));
  return family;
}

Result<DateRule> parse_rule(const Yaml& node) {
  FM_TRY(node.allow_keys({"month", "day", "observed", "nth", "weekday", "easter", "days_after"}));
  DateRule rule;
  if (const auto easter = node.find("easter")) {
    rule.kind = DateRuleKind::kEaster;
    FM_ASSIGN(const auto days, integer_within(*easter, -100, 100));
    rule.days_after = static_cast<int>(days);
    return rule;
  }
  FM_ASSIGN(const Yaml month, node.at("month"));
  FM_ASSIGN(const auto month_number, integer_within(month, 1, 12));
  rule.month = static_cast<unsigned>(month_number);
  if (const auto nth = node.find("nth")) {
    rule.kind = DateRuleKind::kNth;
    FM_ASSIGN(const auto count, integer_within(*nth, -1, 5));
    if (count == 0) return std::unexpected(nth->error("there is no 0th weekday"));
    rule.nth = static_cast<int>(count);
    FM_ASSIGN(const Yaml day, node.at("weekday"));
    FM_ASSIGN(rule.weekday, weekday(day));
  } else {
    FM_ASSIGN(const Yaml day, node.at("day"));
    FM_ASSIGN(const auto day_number, integer_within(day, 1, 28 + (rule.month == 2 ? 0 : 2)));
    rule.day = static_cast<unsigned>(day_number);
  }
  if (const auto observed = node.find("observed")) {
    FM_ASSIGN(const std::string how, observed->text());
    if (how == "sunday_to_monday") {
      rule.observed = Observed::kSundayToMonday;
    } else if (how == "nearest_weekday") {
      rule.observed = Observed::kNearestWeekday;
    } else {
      return std::unexpected(observed->error(
          fmt::format("found '{}', expected sunday_to_monday or nearest_weekday", how)));
    }
  }
  if (const auto after = node.find("days_after")) {
    FM_ASSIGN(const auto days, integer_within(*after, -7, 7));
    rule.days_after = static_cast<int>(days);
  }
  return rule;
}

Result<Effect> parse_effect(const Yaml& node, const Names& groups, const Names& sources) {
  FM_TRY(node.allow_keys({"groups", "first", "last", "moved", "weekdays", "closed", "halt", "close",
                          "open", "reopen", "sources"}));
  FM_TRY(check_sources(node, sources));
  Effect effect;
  FM_ASSIGN(const Yaml listed, node.at("groups"));
  for (const Yaml& item : listed.items()) {
    FM_ASSIGN(std::string group, item.text());
    if (!groups.contains(group))
      return std::unexpected(item.error(fmt::format("no session family keeps '{}'", group)));
    effect.groups.push_back(std::move(group));
  }
  FM_ASSIGN(effect.held, range_of(node));
  if (const auto moved = node.find("moved")) {
    FM_ASSIGN(effect.moved, moved->boolean());
  }
  if (const auto days = node.find("weekdays")) {
    FM_ASSIGN(effect.weekdays, weekday_set(*days));
  }
  int actions = 0;
  if (const auto closed = node.find("closed")) {
    FM_ASSIGN(const bool yes, closed->boolean());
    if (!yes) return std::unexpected(closed->error("'closed' is either true or left out"));
    effect.action = Action::kClosed;
    ++actions;
  }
  if (const auto halt = node.find("halt")) {
    FM_ASSIGN(effect.at, local_second(*halt));
    effect.action = Action::kHalt;
    ++actions;
  }
  if (const auto close = node.find("close")) {
    FM_ASSIGN(effect.at, local_second(*close));
    effect.action = Action::kClose;
    ++actions;
  }
  if (const auto open = node.find("open")) {
    FM_ASSIGN(effect.open, local_second(*open));
  }
  if (const auto reopen = node.find("reopen")) {
    FM_ASSIGN(effect.reopen, local_second(*reopen));
  }
  if (actions > 1 || (actions == 0 && !effect.open && !effect.reopen))
    return std::unexpected(
        node.error("expected one of closed, halt, close; or only open or reopen"));
  return effect;
}

Result<Holiday> parse_holiday(const Yaml& node, const Names& groups, const Names& sources) {
  FM_TRY(node.allow_keys({"name", "on", "dates", "effects"}));
  Holiday holiday;
  FM_ASSIGN(const Yaml name, node.at("name"));
  FM_ASSIGN(holiday.name, name.text());
  if (const auto rule = node.find("on")) {
    FM_ASSIGN(holiday.rule, parse_rule(*rule));
  }
  if (const auto dates = node.find("dates")) {
    for (const Yaml& item : dates->items()) {
      FM_ASSIGN(const Date date, item.date());
      holiday.dates.push_back(date);
    }
  }
  if (holiday.rule.has_value() == !holiday.dates.empty())
    return std::unexpected(node.error("expected either 'on' or 'dates'"));
  std::sort(holiday.dates.begin(), holiday.dates.end());
  FM_ASSIGN(const Yaml effects, node.at("effects"));
  for (const Yaml& item : effects.items()) {
    FM_ASSIGN(Effect effect, parse_effect(item, groups, sources));
    holiday.effects.push_back(std::move(effect));
  }
  if (holiday.effects.empty()) return std::unexpected(effects.error("expected effects"));
  return holiday;
}

}  // namespace

Result<SessionRules> parse_session_rules(std::string_view yaml, std::string_view name) {
  FM_ASSIGN(const Yaml file, Yaml::parse(yaml, name));
  FM_TRY(file.allow_keys({"time_zone", "sources", "families", "exceptions", "holidays"}));
  SessionRules rules;
  FM_ASSIGN(const Yaml zone, file.at("time_zone"));
  FM_ASSIGN(rules.time_zone, zone.text());

  Names sources;
  FM_ASSIGN(const Yaml listed, file.at("sources"));
  for (const auto& [key, value] : listed.entries()) {
    FM_TRY(value.text());
    sources.insert(key);
  }
  Names groups;
  FM_ASSIGN(const Yaml families, file.at("families"));
  for (const auto& [key, value] : families.entries()) {
    FM_ASSIGN(Family family, parse_family(key, value, sources));
    groups.insert(family.group);
    rules.families.push_back(std::move(family));
  }
  if (std::none_of(rules.families.begin(), rules.families.end(),
                   [](const Family& family) { return family.name == "default"; }))
    return std::unexpected(families.error("there must be a family named 'default'"));
  if (const auto exceptions = file.find("exceptions")) {
    for (const Yaml& item : exceptions->items()) {
      FM_ASSIGN(Holiday parsed, parse_holiday(item, groups, sources));
      rules.exceptions.push_back(std::move(parsed));
    }
  }
  FM_ASSIGN(const Yaml holidays, file.at("holidays"));
  for (const Yaml& item : holidays.items()) {
    FM_ASSIGN(Holiday parsed, parse_holiday(item, groups, sources));
    rules.holidays.push_back(std::move(parsed));
  }
  return rules;
}

}  // namespace fm::market
