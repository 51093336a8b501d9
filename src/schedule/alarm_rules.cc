#include "schedule/alarm_rules.h"

#include <algorithm>
#include <cmath>
#include <map>

namespace fm::schedule {
namespace {

constexpr Second kMinute = kSecondsPerMinute;
// What comes and goes within so long is nobody's business.
constexpr Second kSettle = kMinute;
constexpr std::size_t kRootsNamed = 8;
constexpr double kPercent = 100;

void find_late(const jobs::HealthReport& health, std::vector<Finding>& found) {
  std::map<std::string, std::vector<const jobs::HealthLine*>> late;  // by table
  for (const jobs::HealthLine& line : health.lines)
    if (line.expected == jobs::Expected::kLate) late[line.table].push_back(&line);
  const auto severity_of = [](const jobs::HealthLine* line) {
    return line->light == jobs::Light::kRed ? Severity::kCritical : Severity::kWarning;
  };
  for (const auto& [table, lines] : late) {
    if (lines.size() <= kLinesApart) {
      for (const jobs::HealthLine* line : lines)
        found.push_back({.id = fmt::format("late:{}:{}", line->root, table),
                         .rule = "late",
                         .severity = severity_of(line),
                         .subject = fmt::format("{} {}", line->root, table),
                         .text = fmt::format("{} {}: {}", line->root, table, line->reason),
                         .holds_for = kSettle});
      continue;
    }
    std::string roots;
    Severity worst = Severity::kWarning;
    for (std::size_t i = 0; i < lines.size(); ++i) {
      if (i < kRootsNamed) roots += (i > 0 ? ", " : "") + lines[i]->root;
      worst = std::max(worst, severity_of(lines[i]));
    }
    if (lines.size() > kRootsNamed)
      roots += fmt::format(" and {} more", lines.size() - kRootsNamed);
    found.push_back({.id = "late:*:" + table,
                     .rule = "late",
                     .severity = worst,
                     .subject = fmt::format("{} roots of {}", lines.size(), table),
                     .text = fmt::format("{}: {} roots are late: {}; {}: {}", table, lines.size(),
                                         roots, lines.front()->root, lines.front()->reason),
                     .holds_for = kSettle});
  }
}

void find_gaps(const Happenings& happened, std::vector<Finding>& found) {
  for (const ops::StoredGap& stored : happened.gaps)
    found.push_back(
        {.id = "gap:" + stored.gap_id,
         .rule = "gap",
         .severity = Severity::kWarning,
         .subject = stored.gap.dataset,
         .text = fmt::format("{}: no records from {} to {} ({}); `frontmonth repair` fetches them",
                             stored.gap.dataset, iso_second(second_of(stored.gap.from)),
                             iso_second(second_of(stored.gap.to)), stored.gap.reason)});
}

void find_failures(const jobs::HealthReport& health, const std::vector<JobState>& jobs,
                   std::vector<Finding>& found) {
  for (const jobs::PartHealth& part : health.parts)
    if (part.state == jobs::PartState::kFailed && part.kind != "job")  // jobs come by themselves
      found.push_back({.id = "part:" + part.name,
                       .rule = "failed",
                       .severity = Severity::kCritical,
                       .subject = part.name,
                       .text = fmt::format("{} has failed: {}", part.name, part.last_error),
                       .holds_for = kSettle});
  for (const JobState& job : jobs)
    if (job.last == Outcome::kFailure && !job.will_retry)
      found.push_back({.id = "job:" + job.name,
                       .rule = "failed",
                       .severity = Severity::kWarning,
                       .subject = "job " + job.name,
                       .text = fmt::format(
                           "job {} has failed{}: {}", job.name,
                           job.failures > 1 ? fmt::format(" {} times in a row", job.failures) : "",
                           job.last_error)});
}

void find_lag(Second limit_s, const jobs::HealthReport& health, std::vector<Finding>& found) {
  for (const jobs::PartHealth& part : health.parts) {
    if (part.kind != "sink") continue;
    if (!part.lag_s && !part.last_error.empty() && part.state != jobs::PartState::kFailed)
      found.push_back({.id = "lag:" + part.name,
                       .rule = "lag",
                       .severity = Severity::kWarning,
                       .subject = part.name,
                       .text = fmt::format("{} stores nothing: {}", part.name, part.last_error),
                       .holds_for = limit_s});
    if (part.lag_s && *part.lag_s > static_cast<double>(limit_s))
      found.push_back({.id = "lag:" + part.name,
                       .rule = "lag",
                       .severity = Severity::kWarning,
                       .subject = part.name,
                       .text = fmt::format("{} is {:.0f} s behind the feed ({} s are allowed){}{}",
                                           part.name, *part.lag_s, limit_s,
                                           part.last_error.empty() ? "" : ": ", part.last_error),
                       .holds_for = kSettle});
  }
}

void find_events(std::uint64_t limit, const Happenings& happened, std::vector<Finding>& found) {
  if (happened.events <= limit) return;
  found.push_back({.id = "events",
                   .rule = "events",
                   .severity = Severity::kWarning,
                   .subject = "data quality",
                   .text = fmt::format("{} data-quality events in the last hour ({} are allowed); "
                                       "the newest: {}",
                                       happened.events, limit, happened.newest_event)});
}

void find_disk(std::uint64_t limit_percent, const jobs::HealthReport& health,
               std::vector<Finding>& found) {
  if (!health.disk || health.disk->total_bytes == 0) return;
  constexpr double kGib = 1 << 30;
  const double free = kPercent * static_cast<double>(health.disk->free_bytes) /
                      static_cast<double>(health.disk->total_bytes);
  const auto limit = static_cast<double>(limit_percent);
  if (free >= limit) return;
  found.push_back(
      {.id = "disk",
       .rule = "disk",
       .severity = free < limit / 2 ? Severity::kCritical : Severity::kWarning,
       .subject = health.disk->path,
       .text = fmt::format("{}: {:.1f} % of the disk is free ({:.1f} GiB), {} % should be",
                           health.disk->path, free,
                           static_cast<double>(health.disk->free_bytes) / kGib, limit_percent)});
}

void find_skew(std::uint64_t limit_ms, const jobs::HealthReport& health,
               std::vector<Finding>& found) {
  if (!health.clock_skew_ms || std::abs(*health.clock_skew_ms) <= static_cast<double>(limit_ms))
    return;
  found.push_back({.id = "clock",
                   .rule = "clock",
                   .severity = Severity::kWarning,
                   .subject = "clock",
                   .text = fmt::format("the clock is off by {:.0f} ms ({} ms are allowed); keep it "
                                       "by NTP",
                                       *health.clock_skew_ms, limit_ms),
                   .holds_for = kSettle});
}

void find_budget(std::int64_t budget_usd, const Happenings& happened, std::vector<Finding>& found) {
  constexpr double kSureFrom = 0.1;  // of a month: a forecast from less says nothing
  const auto budget = static_cast<double>(budget_usd);
  const double forecast = happened.usd_billed / std::max(happened.month_elapsed, kSureFrom);
  if (forecast <= budget) return;
  const bool is_spent = happened.usd_billed > budget;
  found.push_back({.id = "budget",
                   .rule = "budget",
                   .severity = is_spent ? Severity::kCritical : Severity::kWarning,
                   .subject = "budget",
                   .text = fmt::format(
                       "statements have been billed {:.2f} USD this month, which will be {:.2f} "
                       "at this pace; the budget is {} USD",
                       happened.usd_billed, forecast, budget_usd)});
}

}  // namespace

AlarmRules rules_of(const jobs::Config& config) {
  AlarmRules rules;
  rules.late = config.alarms.late;
  rules.gaps = config.alarms.gaps;
  rules.failures = config.alarms.failures;
  rules.sink_lag_s = config.alarms.sink_lag_seconds;
  rules.events_per_hour = static_cast<std::uint64_t>(config.alarms.events_per_hour);
  rules.disk_free_percent = static_cast<std::uint64_t>(config.alarms.disk_free_percent);
  rules.clock_skew_ms = static_cast<std::uint64_t>(config.alarms.clock_skew_ms);
  rules.budget_usd = config.google.budget_usd;
  return rules;
}

std::vector<Finding> find_alarms(const AlarmRules& rules, const jobs::HealthReport& health,
                                 const std::vector<JobState>& jobs, const Happenings& happened) {
  std::vector<Finding> found;
  if (rules.late) find_late(health, found);
  if (rules.gaps) find_gaps(happened, found);
  if (rules.failures) find_failures(health, jobs, found);
  if (rules.sink_lag_s > 0) find_lag(rules.sink_lag_s, health, found);
  if (rules.events_per_hour > 0) find_events(rules.events_per_hour, happened, found);
  if (rules.disk_free_percent > 0) find_disk(rules.disk_free_percent, health, found);
  if (rules.clock_skew_ms > 0) find_skew(rules.clock_skew_ms, health, found);
  if (rules.budget_usd > 0) find_budget(rules.budget_usd, happened, found);
  return found;
}

}  // namespace fm::schedule
