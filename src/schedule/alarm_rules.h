// What is wrong now: a pure function of the health report, the schedule and what has happened.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "jobs/config.h"
#include "jobs/health.h"
#include "ops/state.h"
#include "schedule/alarm_book.h"
#include "schedule/job.h"

namespace fm::schedule {

// Of each 0 or false: no such alarm.
struct AlarmRules {
  bool late = true;
  bool gaps = true;
  bool failures = true;  // of jobs and parts
  Second sink_lag_s = 300;
  std::uint64_t events_per_hour = 100;
  std::uint64_t disk_free_percent = 5;
  std::uint64_t clock_skew_ms = 1'000;
  std::int64_t budget_usd = 0;  // a month
};
[[nodiscard]] AlarmRules rules_of(const jobs::Config& config);

// What happened, as ops.sqlite has it.
struct Happenings {
  std::vector<ops::StoredGap> gaps = {};  // not repaired, of the last day
  std::uint64_t events = 0;               // warnings and errors of the last hour
  std::string newest_event = {};          // in its own words
  double usd_billed = 0;                  // for statements, this month
  double month_elapsed = 1;               // 0 … 1
};

// More roots than this of one table are one alarm: a feed that is gone is one thing, not forty.
inline constexpr std::size_t kLinesApart = 3;

[[nodiscard]] std::vector<Finding> find_alarms(const AlarmRules& rules,
                                               const jobs::HealthReport& health,
                                               const std::vector<JobState>& jobs,
                                               const Happenings& happened);

}  // namespace fm::schedule
