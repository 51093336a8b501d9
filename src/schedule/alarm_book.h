// Which alarms are raised: each once, told again while it lasts, told when it is over. A pure
// function of what is found wrong, and of time.
//
//   AlarmBook book({.remind_after = 4 * 3'600});
//   for (const Notice& notice : book.update(now, findings)) deliver(notice);
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/time.h"

namespace fm::schedule {

inline constexpr std::size_t kAlarmsMax = 1'000;  // further findings are not taken up

enum class Severity : std::uint8_t { kWarning, kCritical };
[[nodiscard]] std::string_view name(Severity severity);

// Something that is wrong now.
struct Finding {
  std::string id;    // the same for the same thing: "late:ES:candles_1m"
  std::string rule;  // "late"
  Severity severity = Severity::kWarning;
  std::string subject;   // "ES candles_1m"
  std::string text;      // one sentence
  Second holds_for = 0;  // it must be found for so long before it is raised
};

struct Alarm {
  std::string id;
  std::string rule;
  Severity severity = Severity::kWarning;
  std::string subject;
  std::string text;  // as it was found last
  Second raised_at = 0;
  Second told_at = 0;  // raised or reminded
  std::uint64_t reminded = 0;
  std::optional<Second> gone_since = {};  // found no more, and not over yet
  friend bool operator==(const Alarm&, const Alarm&) = default;
};

enum class NoticeKind : std::uint8_t { kRaised, kReminder, kCleared, kTest };
[[nodiscard]] std::string_view name(NoticeKind kind);

// What is to be told.
struct Notice {
  NoticeKind kind = NoticeKind::kRaised;
  Alarm alarm;
  Second at = 0;
  friend bool operator==(const Notice&, const Notice&) = default;
};

struct BookOptions {
  Second remind_after = 4 * 3'600;  // 0: never
  // A finding must be gone for so long before its alarm is over: one that comes and goes is one
  // alarm, not many.
  Second clear_after = 120;
};

class AlarmBook {
 public:
  explicit AlarmBook(BookOptions options) : options_(options) {}

  // All that is wrong at this moment. Not earlier than the last call's `now`, but for a clock that
  // was set back.
  [[nodiscard]] std::vector<Notice> update(Second now, const std::vector<Finding>& findings);

  void set_options(BookOptions options) { options_ = options; }
  // By id.
  [[nodiscard]] const std::map<std::string, Alarm>& alarms() const { return alarms_; }
  // Alarms of an earlier process.
  void restore(std::vector<Alarm> alarms);

 private:
  void take(Second now, const Finding& finding, std::vector<Notice>& notices);

  BookOptions options_;
  std::map<std::string, Alarm> alarms_;
  std::map<std::string, Second> seen_since_;  // findings that are not raised yet
};

// Alarms and notices as JSON, for the file that survives a restart and for deliveries.
[[nodiscard]] std::string to_json(const Alarm& alarm);
[[nodiscard]] std::string to_json(const Notice& notice);
// What waits to be delivered to a target.
struct Pending {
  std::string target;
  Notice notice;
  friend bool operator==(const Pending&, const Pending&) = default;
};
struct AlarmFile {
  std::vector<Alarm> alarms;
  std::vector<Pending> pending;
  friend bool operator==(const AlarmFile&, const AlarmFile&) = default;
};
[[nodiscard]] std::string encode(const AlarmFile& file);
// `name` stands for the file in errors. Errors: kCorrupt.
[[nodiscard]] Result<AlarmFile> decode_alarms(std::string_view text, std::string_view name);

}  // namespace fm::schedule
