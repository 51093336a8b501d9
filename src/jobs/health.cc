#include "jobs/health.h"

#include <algorithm>

#include "base/assert.h"
#include "base/json_text.h"

namespace fm::jobs {
namespace {

template <class Value>
std::string or_null(const std::optional<Value>& value) {
  return value ? fmt::format("{}", *value) : "null";
}

std::string time_or_null(const std::optional<Second>& time) {
  return time ? json_quoted(iso_second(*time)) : "null";
}

std::string text_or_null(const std::string& text) {
  return text.empty() ? "null" : json_quoted(text);
}

std::string to_json(const HealthLine& line) {
  return fmt::format(
      R"({{"root":{},"table":{},"last_row":{},"age_s":{},"expected":"{}","expected_by":{},)"
      R"("next_open":{},"reason":{},"contract":{},"rows_today":{},"rejected_today":{},)"
      R"("gaps_today":{},"state":"{}"}})",
      json_quoted(line.root), json_quoted(line.table), time_or_null(line.last_row),
      or_null(line.age_s), name(line.expected), time_or_null(line.expected_by),
      time_or_null(line.next_open), json_quoted(line.reason), text_or_null(line.contract),
      or_null(line.rows_today), line.rejected_today, line.gaps_today, name(line.light));
}

std::string to_json(const PartHealth& part) {
  return fmt::format(
      R"({{"name":{},"kind":{},"state":"{}","lag_s":{},"restarts":{},"last_error":{},)"
      R"("last_error_at":{},"detail":{}}})",
      json_quoted(part.name), json_quoted(part.kind), name(part.state), or_null(part.lag_s),
      part.restarts, text_or_null(part.last_error), time_or_null(part.last_error_at),
      part.detail.empty() ? "{}" : part.detail);
}

std::string to_json(const AlarmHealth& alarm) {
  return fmt::format(
      R"({{"id":{},"rule":{},"severity":{},"subject":{},"text":{},"raised_at":{},"reminded":{},)"
      R"("delivery":"{}"}})",
      json_quoted(alarm.id), json_quoted(alarm.rule), json_quoted(alarm.severity),
      json_quoted(alarm.subject), json_quoted(alarm.text), json_quoted(iso_second(alarm.raised_at)),
      alarm.reminded, name(alarm.delivery));
}

template <class Item>
std::string list_of(const std::vector<Item>& items) {
  std::string list = "[";
  for (const Item& item : items) {
    if (list.size() > 1) list += ',';
    list += to_json(item);
  }
  list += ']';
  return list;
}

}  // namespace

std::string_view name(Expected expected) {
  switch (expected) {
    case Expected::kFresh:
      return "fresh";
    case Expected::kClosed:
      return "closed";
    case Expected::kLate:
      return "late";
    case Expected::kNone:
      return "none";
  }
  FM_ASSERT(false);
}

std::string_view name(Light light) {
  switch (light) {
    case Light::kGreen:
      return "green";
    case Light::kYellow:
      return "yellow";
    case Light::kRed:
      return "red";
    case Light::kGrey:
      return "grey";
  }
  FM_ASSERT(false);
}

std::string_view name(PartState state) {
  switch (state) {
    case PartState::kStarting:
      return "starting";
    case PartState::kRunning:
      return "running";
    case PartState::kWaiting:
      return "waiting";
    case PartState::kFailed:
      return "failed";
    case PartState::kStopped:
      return "stopped";
  }
  FM_ASSERT(false);
}

std::string_view name(Delivery delivery) {
  switch (delivery) {
    case Delivery::kNone:
      return "none";
    case Delivery::kDelivered:
      return "delivered";
    case Delivery::kFailing:
      return "failing";
  }
  FM_ASSERT(false);
}

bool HealthReport::ok() const {
  const auto bad_line = [](const HealthLine& line) {
    return line.light == Light::kRed || line.light == Light::kYellow;
  };
  const auto bad_part = [](const PartHealth& part) { return part.state == PartState::kFailed; };
  return problem.empty() && alarms.empty() && std::ranges::none_of(lines, bad_line) &&
         std::ranges::none_of(parts, bad_part);
}

std::string to_json(const HealthReport& report) {
  const std::string disk = report.disk
                               ? fmt::format(R"({{"path":{},"free_bytes":{},"total_bytes":{}}})",
                                             json_quoted(report.disk->path),
                                             report.disk->free_bytes, report.disk->total_bytes)
                               : "null";
  return fmt::format(
      R"({{"asof":"{}","ok":{},"problem":{},"lines":{},"parts":{},"alarms":{},"disk":{},)"
      R"("clock_skew_ms":{}}})",
      iso_second(report.asof), report.ok(), text_or_null(report.problem), list_of(report.lines),
      list_of(report.parts), list_of(report.alarms), disk, or_null(report.clock_skew_ms));
}

}  // namespace fm::jobs
