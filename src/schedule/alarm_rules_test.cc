// What counts as wrong, rule by rule, and that each rule can be switched off.
#include "schedule/alarm_rules.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace fm::schedule {
namespace {

jobs::HealthLine late_line(const std::string& root, jobs::Light light) {
  jobs::HealthLine line;
  line.root = root;
  line.table = "candles_1m";
  line.expected = jobs::Expected::kLate;
  line.light = light;
  line.reason = "no rows for 14 min; 3 min are allowed";
  return line;
}

// "warning late:ES:candles_1m|…"
std::string words(const std::vector<Finding>& found) {
  std::string text;
  for (const Finding& finding : found)
    text += fmt::format("{}{} {}", text.empty() ? "" : "|", name(finding.severity), finding.id);
  return text;
}

std::string text_of(const std::vector<Finding>& found) {
  return found.size() == 1 ? found.front().text : words(found);
}

TEST(AlarmRules, NothingIsWrongWhereNothingIsWrong) {
  jobs::HealthReport health;
  jobs::HealthLine fine;
  fine.expected = jobs::Expected::kFresh;
  fine.light = jobs::Light::kGreen;
  health.lines.push_back(fine);
  health.parts.push_back({.name = "feed", .kind = "feed", .state = jobs::PartState::kRunning});
  health.disk = {"/lake", 50, 100};
  health.clock_skew_ms = 3;
  AlarmRules rules;
  rules.budget_usd = 10;
  EXPECT_EQ(words(find_alarms(rules, health, {}, {})), "");
}

TEST(AlarmRules, LateRowsAreAnAlarmEachOrOneForMany) {
  jobs::HealthReport health;
  health.lines = {late_line("ES", jobs::Light::kRed), late_line("NQ", jobs::Light::kYellow)};
  EXPECT_EQ(words(find_alarms({}, health, {}, {})),
            "critical late:ES:candles_1m|warning late:NQ:candles_1m");
  EXPECT_EQ(find_alarms({}, health, {}, {})[0].text,
            "ES candles_1m: no rows for 14 min; 3 min are allowed");
  health.lines.clear();
  for (int i = 0; i < 12; ++i)
    health.lines.push_back(late_line(fmt::format("R{}", i), jobs::Light::kYellow));
  EXPECT_EQ(words(find_alarms({}, health, {}, {})), "warning late:*:candles_1m");
  EXPECT_EQ(text_of(find_alarms({}, health, {}, {})),
            "candles_1m: 12 roots are late: R0, R1, R2, R3, R4, R5, R6, R7 and 4 more; R0: no rows "
            "for 14 min; 3 min are allowed");
  AlarmRules off;
  off.late = false;
  EXPECT_EQ(words(find_alarms(off, health, {}, {})), "");
}

TEST(AlarmRules, EachOpenGapIsAnAlarm) {
  Happenings happened;
  ops::StoredGap stored;
  stored.gap_id = "20250616-1";
  stored.gap = {.dataset = "GLBX.MDP3",
                .schema = {},
                .from = parse_iso_nanos("2025-06-16T13:00:00Z").value(),
                .to = parse_iso_nanos("2025-06-16T13:05:00Z").value(),
                .reason = "replay_window_exceeded"};
  happened.gaps.push_back(stored);
  EXPECT_EQ(text_of(find_alarms({}, {}, {}, happened)),
            "GLBX.MDP3: no records from 2025-06-16T13:00:00Z to 2025-06-16T13:05:00Z "
            "(replay_window_exceeded); `frontmonth repair` fetches them");
  AlarmRules off;
  off.gaps = false;
  EXPECT_EQ(words(find_alarms(off, {}, {}, happened)), "");
}

TEST(AlarmRules, FailedPartsAndJobs) {
  jobs::HealthReport health;
  health.parts.push_back({.name = "feed GLBX.MDP3",
                          .kind = "feed",
                          .state = jobs::PartState::kFailed,
                          .last_error = "refused"});
  JobState failed;
  failed.name = "rollup";
  failed.last = Outcome::kFailure;
  failed.failures = 2;
  failed.last_error = "exit code 1: no disk";
  JobState trying = failed;
  trying.name = "audit";
  trying.will_retry = true;
  const auto found = find_alarms({}, health, {failed, trying}, {});
  EXPECT_EQ(words(found), "critical part:feed GLBX.MDP3|warning job:rollup");
  EXPECT_EQ(found[0].text, "feed GLBX.MDP3 has failed: refused");
  EXPECT_EQ(found[1].text, "job rollup has failed 2 times in a row: exit code 1: no disk");
  AlarmRules off;
  off.failures = false;
  EXPECT_EQ(words(find_alarms(off, health, {failed}, {})), "");
}

TEST(AlarmRules, LimitsAreLimits) {
  jobs::HealthReport health;
  health.parts.push_back({.name = "lake",
                          .kind = "sink",
                          .state = jobs::PartState::kRunning,
                          .lag_s = 301,
                          .last_error = "disk is slow"});
  health.disk = {"/lake", 4, 100};
  health.clock_skew_ms = -1'001;
  Happenings happened;
  happened.events = 101;
  happened.newest_event = "ES: bad price";
  happened.usd_billed = 6;
  happened.month_elapsed = 0.5;
  AlarmRules rules;
  rules.budget_usd = 10;
  const auto found = find_alarms(rules, health, {}, happened);
  EXPECT_EQ(words(found),
            "warning lag:lake|warning events|warning disk|warning clock|warning budget");
  EXPECT_EQ(found[0].text, "lake is 301 s behind the feed (300 s are allowed): disk is slow");
  EXPECT_EQ(
      found[1].text,
      "101 data-quality events in the last hour (100 are allowed); the newest: ES: bad price");
  EXPECT_EQ(found[2].text, "/lake: 4.0 % of the disk is free (0.0 GiB), 5 % should be");
  EXPECT_EQ(found[3].text, "the clock is off by -1001 ms (1000 ms are allowed); keep it by NTP");
  EXPECT_EQ(
      found[4].text,
      "statements have been billed 6.00 USD this month, which will be 12.00 at this pace; the "
      "budget is 10 USD");
  // At the limit itself nothing is wrong.
  health.parts[0].lag_s = 300;
  health.disk->free_bytes = 5;
  health.clock_skew_ms = 1'000;
  happened.events = 100;
  happened.usd_billed = 5;
  EXPECT_EQ(words(find_alarms(rules, health, {}, happened)), "");
  // Far beyond, some are critical.
  health.disk->free_bytes = 1;
  happened.usd_billed = 11;
  EXPECT_EQ(words(find_alarms(rules, health, {}, happened)), "critical disk|critical budget");
  AlarmRules off;
  off.sink_lag_s = 0;
  off.events_per_hour = 0;
  off.disk_free_percent = 0;
  off.clock_skew_ms = 0;
  health.parts[0].lag_s = 1e6;
  health.clock_skew_ms = 1e6;
  happened.events = 1'000'000;
  EXPECT_EQ(words(find_alarms(off, health, {}, happened)), "");
}

}  // namespace
}  // namespace fm::schedule
