#include "schedule/alarm_book.h"

#include <algorithm>
#include <set>

#include "base/assert.h"

namespace fm::schedule {

std::string_view name(Severity severity) {
  return severity == Severity::kCritical ? "critical" : "warning";
}

std::string_view name(NoticeKind kind) {
  switch (kind) {
    case NoticeKind::kRaised:
      return "raised";
    case NoticeKind::kReminder:
      return "reminder";
    case NoticeKind::kCleared:
      return "cleared";
    case NoticeKind::kTest:
      return "test";
  }
  FM_ASSERT(false);
}

void AlarmBook::take(Second now, const Finding& finding, std::vector<Notice>& notices) {
  if (const auto known = alarms_.find(finding.id); known != alarms_.end()) {
    Alarm& alarm = known->second;
    alarm.text = finding.text;
    alarm.gone_since.reset();
    const bool worse =
        alarm.severity == Severity::kWarning && finding.severity == Severity::kCritical;
    alarm.severity = finding.severity;
    const bool due = options_.remind_after > 0 && now >= alarm.told_at + options_.remind_after;
    if (!worse && !due) return;
    alarm.told_at = now;
    ++alarm.reminded;
    notices.push_back({.kind = NoticeKind::kReminder, .alarm = alarm, .at = now});
    return;
  }
  const Second since = seen_since_.try_emplace(finding.id, now).first->second;
  if (now < since + finding.holds_for || alarms_.size() >= kAlarmsMax) return;
  seen_since_.erase(finding.id);
  const Alarm alarm{.id = finding.id,
                    .rule = finding.rule,
                    .severity = finding.severity,
                    .subject = finding.subject,
                    .text = finding.text,
                    .raised_at = now,
                    .told_at = now};
  alarms_.emplace(finding.id, alarm);
  notices.push_back({.kind = NoticeKind::kRaised, .alarm = alarm, .at = now});
}

std::vector<Notice> AlarmBook::update(Second now, const std::vector<Finding>& findings) {
  std::vector<Notice> notices;
  std::set<std::string_view> found;
  for (const Finding& finding : findings)
    if (found.insert(finding.id).second) take(now, finding, notices);
  std::erase_if(seen_since_, [&](const auto& entry) { return !found.contains(entry.first); });
  for (auto alarm = alarms_.begin(); alarm != alarms_.end();) {
    if (found.contains(alarm->first)) {
      ++alarm;
      continue;
    }
    Alarm& gone = alarm->second;
    if (!gone.gone_since || now < *gone.gone_since) gone.gone_since = now;
    if (now < *gone.gone_since + options_.clear_after) {
      ++alarm;
      continue;
    }
    notices.push_back({.kind = NoticeKind::kCleared, .alarm = gone, .at = now});
    alarm = alarms_.erase(alarm);
  }
  return notices;
}

void AlarmBook::restore(std::vector<Alarm> alarms) {
  for (Alarm& alarm : alarms) {
    if (alarms_.size() >= kAlarmsMax) return;
    std::string id = alarm.id;
    alarms_.insert_or_assign(std::move(id), std::move(alarm));
  }
}

}  // namespace fm::schedule
