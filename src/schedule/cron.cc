#include "schedule/cron.h"

#include <date/tz.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <span>
#include <stdexcept>
#include <vector>

namespace fm::schedule {
namespace {

constexpr Second kMinute = kSecondsPerMinute;
constexpr Second kHour = 60 * kMinute;
// A 29th of February may be eight years away.
constexpr int kDaysAhead = 9 * 366;

constexpr std::array<std::string_view, 12> kMonths{"jan", "feb", "mar", "apr", "may", "jun",
                                                   "jul", "aug", "sep", "oct", "nov", "dec"};
constexpr std::array<std::string_view, 7> kWeekdays{"sun", "mon", "tue", "wed",
                                                    "thu", "fri", "sat"};

struct FieldRule {
  std::string_view name;
  int least;
  int most;
  std::span<const std::string_view> words = {};  // words[0] is `least`
};
constexpr std::array<FieldRule, 5> kFields{{{"minute", 0, 59, {}},
                                            {"hour", 0, 23, {}},
                                            {"day of the month", 1, 31, {}},
                                            {"month", 1, 12, kMonths},
                                            {"weekday", 0, 7, kWeekdays}}};

struct Shortcut {
  std::string_view word;
  std::string_view fields;
};
constexpr std::array<Shortcut, 7> kShortcuts{{{"@hourly", "0 * * * *"},
                                              {"@daily", "0 0 * * *"},
                                              {"@midnight", "0 0 * * *"},
                                              {"@weekly", "0 0 * * 0"},
                                              {"@monthly", "0 0 1 * *"},
                                              {"@yearly", "0 0 1 1 *"},
                                              {"@annually", "0 0 1 1 *"}}};

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

std::vector<std::string_view> split(std::string_view text, std::string_view separators) {
  std::vector<std::string_view> parts;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find_first_of(separators, begin), text.size());
    parts.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

std::unexpected<Error> bad_field(const FieldRule& rule, std::string_view found) {
  std::string expected = fmt::format("{} to {}", rule.least, rule.most);
  if (!rule.words.empty())
    expected += fmt::format(" or {}-{}", rule.words.front(), rule.words.back());
  return std::unexpected(
      Error(Code::kInvalidArgument, fmt::format("{}: found '{}', expected {}, or *, a-b, */n, a,b",
                                                rule.name, found, expected))
          .hint("Five fields: minute, hour, day of the month, month, weekday; `30 17 * * mon-fri` "
                "is 17:30 on Monday to Friday."));
}

std::optional<int> number(const FieldRule& rule, std::string_view text) {
  if (const auto word = std::ranges::find(rule.words, text); word != rule.words.end())
    return rule.least + static_cast<int>(word - rule.words.begin());
  int value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || code != std::errc() || end != text.data() + text.size()) return std::nullopt;
  // from_chars takes a minus sign; the bounds do not.
  if (value < rule.least || value > rule.most) return std::nullopt;
  return value;
}

// The values of one field.
Result<std::vector<int>> values_of(const FieldRule& rule, std::string_view field) {
  std::vector<int> values;
  for (const std::string_view item : split(field, ",")) {
    const std::size_t slash = item.find('/');
    const std::string_view range = item.substr(0, slash);
    int step = 1;
    if (slash != std::string_view::npos) {
      const auto given = number({rule.name, 1, rule.most}, item.substr(slash + 1));
      if (!given) return bad_field(rule, item);
      step = *given;
    }
    int first = rule.least;
    int last = rule.most;
    if (range != "*") {
      const std::size_t dash = range.find('-');
      const auto from = number(rule, range.substr(0, dash));
      const auto to = dash == std::string_view::npos ? from : number(rule, range.substr(dash + 1));
      if (!from || !to || *from > *to) return bad_field(rule, item);
      first = *from;
      // As everywhere: `5/10` is from 5 on.
      last = dash == std::string_view::npos && slash != std::string_view::npos ? rule.most : *to;
    }
    for (int value = first; value <= last; value += step) values.push_back(value);
  }
  return values;
}

std::vector<std::string_view> fields_of(std::string_view text) {
  std::vector<std::string_view> fields;
  for (const std::string_view part : split(text, " \t"))
    if (!part.empty()) fields.push_back(part);
  return fields;
}

date::local_seconds local_at(Second of_1970) {
  return date::local_seconds(std::chrono::seconds(of_1970));
}

}  // namespace

Result<Zone> Zone::find(std::string_view name) {
  try {
    if (name == "local") return Zone(std::string(name), date::current_zone());
    const std::string_view known = name == "exchange" ? "America/Chicago" : name;
    return Zone(std::string(name), date::locate_zone(std::string(known)));
  } catch (const std::exception&) {
    return std::unexpected(
        Error(Code::kInvalidArgument,
              fmt::format("'{}' is no time zone of this machine; expected exchange, local, UTC or "
                          "a name such as America/New_York",
                          name))
            .hint("The package tzdata brings the zones."));
  }
}

Result<Cron> Cron::parse(std::string_view text, Zone zone) {
  Cron cron(std::string(text), std::move(zone));
  std::string given = lower(text);
  if (const auto shortcut = std::ranges::find(kShortcuts, given, &Shortcut::word);
      shortcut != kShortcuts.end())
    given = shortcut->fields;
  const auto fields = fields_of(given);
  if (fields.size() != kFields.size())
    return std::unexpected(
        Error(Code::kInvalidArgument,
              fmt::format("'{}': found {} fields, expected five (minute, hour, day of the month, "
                          "month, weekday) or @hourly, @daily, @weekly, @monthly, @yearly",
                          text, fields.size()))
            .hint("`30 17 * * mon-fri` is 17:30 on Monday to Friday."));
  std::array<std::vector<int>, kFields.size()> values;
  for (std::size_t i = 0; i < kFields.size(); ++i) {
    FM_ASSIGN(values[i], values_of(kFields[i], fields[i]));
  }
  const auto put = [](const std::vector<int>& from, auto& to) {
    for (const int value : from) to.set(static_cast<std::size_t>(value) % to.size());
  };
  put(values[0], cron.minutes_);
  put(values[1], cron.hours_);
  put(values[2], cron.days_);
  put(values[3], cron.months_);
  put(values[4], cron.weekdays_);  // seven days, so that 7 is Sunday as 0 is
  cron.any_day_ = fields[2] == "*";
  cron.any_weekday_ = fields[4] == "*";
  cron.every_hour_ = fields[1].starts_with('*');
  return cron;
}

bool Cron::matches_day(Date day) const {
  if (!months_.test(day.month())) return false;
  const bool of_month = days_.test(day.day());
  const bool of_week = weekdays_.test(day.weekday());
  if (any_day_) return of_week;
  if (any_weekday_) return of_month;
  return of_month || of_week;
}

bool Cron::matches(Date day, int hour, int minute) const {
  return minutes_.test(static_cast<std::size_t>(minute)) &&
         hours_.test(static_cast<std::size_t>(hour)) && matches_day(day);
}

std::optional<Second> Cron::next_of_day(Date day, Second after) const {
  if (!matches_day(day)) return std::nullopt;
  const date::time_zone& zone = zone_.zone();
  // Between two midnights with the same offset nothing jumps, but for days on which it changes and
  // changes back; no zone has had one.
  const auto first = zone.get_info(local_at(day.first_second()));
  const auto last = zone.get_info(local_at(day.first_second() + kSecondsPerDay));
  const bool is_even = first.result == date::local_info::unique &&
                       last.result == date::local_info::unique &&
                       first.first.offset == last.first.offset;
  const Second offset = first.first.offset.count();
  if (is_even && day.first_second() + kSecondsPerDay - offset <= after) return std::nullopt;
  std::optional<Second> best;
  const auto offer = [&](Second moment) {
    if (moment > after && (!best || moment < *best)) best = moment;
  };
  for (std::size_t hour = 0; hour < hours_.size(); ++hour) {
    if (!hours_.test(hour)) continue;
    for (std::size_t minute = 0; minute < minutes_.size(); ++minute) {
      if (!minutes_.test(minute)) continue;
      const Second local = day.first_second() + static_cast<Second>(hour) * kHour +
                           static_cast<Second>(minute) * kMinute;
      if (is_even) {
        offer(local - offset);
        if (best) return best;
        continue;
      }
      const auto info = zone.get_info(local_at(local));
      if (info.result == date::local_info::nonexistent) {
        offer(info.first.end.time_since_epoch().count());
        continue;
      }
      offer(local - info.first.offset.count());
      if (info.result == date::local_info::ambiguous && every_hour_)
        offer(local - info.second.offset.count());
    }
  }
  return best;
}

std::optional<Second> Cron::next(Second after) const {
  const auto local = zone_.zone().to_local(date::sys_seconds(std::chrono::seconds(after)));
  const Date today = Date::of_second(local.time_since_epoch().count());
  // A clock that is set back over midnight brings the day before again.
  for (int days = -1; days < kDaysAhead; ++days) {
    const auto found = next_of_day(today + days, after);
    if (!found) continue;
    const auto of_next = next_of_day(today + days + 1, after);
    return of_next ? std::min(*found, *of_next) : *found;
  }
  return std::nullopt;
}

}  // namespace fm::schedule
