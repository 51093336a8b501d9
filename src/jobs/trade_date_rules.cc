#include "jobs/trade_date_rules.h"

#include <date/tz.h>

#include <algorithm>
#include <exception>
#include <map>
#include <string>
#include <utility>

#include "bars/trade_dates.h"
#include "market/session_days.h"

namespace fm::jobs {
namespace {

using google::TradeDateRule;

constexpr Second kHour = 3'600;

// What rollup_sql.cc computes, in the same words.
class ChicagoClock {
 public:
  explicit ChicagoClock(const date::time_zone* zone) : clock_(zone) {}
  Date shifted_date(std::int64_t hour, int shift) {
    return after_weekend(Date::of_second(clock_.to_local((hour + shift) * kHour)));
  }
  Second midnight(Date date) { return clock_.to_utc(date, 0); }

 private:
  static Date after_weekend(Date date) {
    constexpr unsigned kSaturday = 6;
    if (date.weekday() == kSaturday) return date + 2;
    return date.weekday() == 0 ? date + 1 : date;
  }
  market::LocalClock clock_;
};

// The hours of some days, each with its trade date.
struct DatedHours {
  std::int64_t first = 0;
  std::vector<Date> dates;
};

DatedHours dated_hours(bars::TradeDates& dates, Date from, Date before) {
  DatedHours hours{.first = from.first_second() / kHour, .dates = {}};
  hours.dates.reserve(static_cast<std::size_t>(before - from) * 24);
  for (Second at = from.first_second(); at < before.first_second(); at += kHour)
    hours.dates.push_back(dates.of(at));
  return hours;
}

std::size_t exceptions(ChicagoClock& clock, const DatedHours& hours, int shift) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < hours.dates.size(); ++i)
    if (clock.shifted_date(hours.first + static_cast<std::int64_t>(i), shift) != hours.dates[i])
      ++count;
  return count;
}

// The clock that needs the fewest exceptions, and these.
void set_hours(ChicagoClock& clock, const DatedHours& hours, TradeDateRule& rule) {
  std::size_t fewest = hours.dates.size() + 1;
  for (int shift = 0; shift < 24; ++shift) {
    const std::size_t count = exceptions(clock, hours, shift);
    if (count >= fewest) continue;
    fewest = count;
    rule.shift_hours = shift;
  }
  for (std::size_t i = 0; i < hours.dates.size(); ++i) {
    const std::int64_t hour = hours.first + static_cast<std::int64_t>(i);
    const Date date = hours.dates[i];
    if (clock.shifted_date(hour, rule.shift_hours) == date) continue;
    if (!rule.spans.empty() && rule.spans.back().before == hour &&
        rule.spans.back().trade_date == date)
      rule.spans.back().before = hour + 1;
    else
      rule.spans.push_back({hour, hour + 1, date});
  }
}

void set_opens(ChicagoClock& clock, const bars::TradeDates& dates, const DatedHours& hours,
               TradeDateRule& rule) {
  std::map<Date, Second> opens;
  for (const Date date : hours.dates)
    if (!opens.contains(date)) opens.emplace(date, dates.open_of(date));
  std::map<int, std::size_t> counts;
  for (const auto& [date, open] : opens)
    ++counts[static_cast<int>((open - clock.midnight(date)) / 60)];
  const auto most =
      std::ranges::max_element(counts, {}, [](const auto& one) { return one.second; });
  if (most != counts.end()) rule.open_minutes = most->first;
  for (const auto& [date, open] : opens)
    if (clock.midnight(date) + rule.open_minutes * Second{60} != open)
      rule.opens.push_back({date, open});
}

bool behave_alike(const TradeDateRule& one, const TradeDateRule& other) {
  return one.shift_hours == other.shift_hours && one.open_minutes == other.open_minutes &&
         one.spans == other.spans && one.opens == other.opens;
}

int lead_of(const DatedHours& hours) {
  int lead = 0;
  for (std::size_t i = 0; i < hours.dates.size(); ++i)
    lead = std::max(
        lead, hours.dates[i] - Date::of_second((hours.first + static_cast<Second>(i)) * kHour));
  return lead;
}

}  // namespace

Result<TradeDateRules> trade_date_rules(const Registry& registry, Date from, Date before) {
  const date::time_zone* zone = nullptr;
  try {
    zone = date::locate_zone("America/Chicago");
  } catch (const std::exception& e) {
    return std::unexpected(
        Error(Code::kNotFound, fmt::format("time zone 'America/Chicago': {}", e.what()))
            .hint("Install the system's time zone database (package tzdata)."));
  }
  ChicagoClock clock(zone);
  const market::Calendar& calendar = registry.calendar();
  std::map<market::TemplateId, std::vector<std::string>> families;
  for (const market::Root& root : registry.universe().roots())
    families[calendar.template_of(root.name)].push_back(root.name);
  TradeDateRules all;
  const auto add = [&](std::string_view root, std::vector<std::string> roots) {
    bars::TradeDates dates(calendar, root);
    const DatedHours hours = dated_hours(dates, from, before);
    all.lead_days = std::max(all.lead_days, lead_of(hours));
    TradeDateRule rule;
    set_hours(clock, hours, rule);
    set_opens(clock, dates, hours, rule);
    for (TradeDateRule& known : all.rules)
      if (behave_alike(known, rule)) {
        // The first rule is that of all others.
        if (!known.roots.empty()) known.roots.insert(known.roots.end(), roots.begin(), roots.end());
        return;
      }
    rule.roots = std::move(roots);
    all.rules.push_back(std::move(rule));
  };
  add("", {});
  for (auto& [family, roots] : families) {
    const std::string one = roots.front();
    add(one, std::move(roots));
  }
  std::ranges::rotate(all.rules, all.rules.begin() + 1);
  return all;
}

}  // namespace fm::jobs
