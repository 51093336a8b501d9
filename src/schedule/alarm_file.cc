#include <simdjson.h>

#include <optional>

#include "base/json_text.h"
#include "schedule/alarm_book.h"

namespace fm::schedule {
namespace {

namespace dom = simdjson::dom;

// Members are asked for one by one; the first that is not as it should be is what the error names.
class Reader {
 public:
  Reader(dom::element element, std::string_view file) : element_(element), file_(file) {}

  std::string text(const char* key) {
    std::string_view found;
    if (element_[key].get(found) != simdjson::SUCCESS) blame(key);
    return std::string(found);
  }
  std::int64_t integer(const char* key) {
    std::int64_t found = 0;
    if (element_[key].get(found) != simdjson::SUCCESS) blame(key);
    return found;
  }
  std::optional<Second> optional_time(const char* key) {
    const auto value = element_[key];
    if (value.error() != simdjson::SUCCESS || value.is_null()) return std::nullopt;
    return integer(key);
  }
  void blame(const char* key) {
    if (status_) status_ = fail(Code::kCorrupt, "{}: no valid '{}'", file_, key);
  }
  [[nodiscard]] const Status& status() const { return status_; }

 private:
  dom::element element_;
  std::string_view file_;
  Status status_;
};

Result<Alarm> alarm_of(dom::element element, std::string_view file) {
  Reader reader(element, file);
  Alarm alarm;
  alarm.id = reader.text("id");
  alarm.rule = reader.text("rule");
  const std::string severity = reader.text("severity");
  if (severity != name(Severity::kWarning) && severity != name(Severity::kCritical))
    reader.blame("severity");
  alarm.severity = severity == name(Severity::kCritical) ? Severity::kCritical : Severity::kWarning;
  alarm.subject = reader.text("subject");
  alarm.text = reader.text("text");
  alarm.raised_at = reader.integer("raised_at");
  alarm.told_at = reader.integer("told_at");
  const std::int64_t reminded = reader.integer("reminded");
  if (reminded < 0) reader.blame("reminded");
  alarm.reminded = static_cast<std::uint64_t>(reminded);
  alarm.gone_since = reader.optional_time("gone_since");
  FM_TRY(reader.status());
  return alarm;
}

Result<Pending> pending_of(dom::element element, std::string_view file) {
  Reader reader(element, file);
  Pending pending;
  pending.target = reader.text("target");
  pending.notice.at = reader.integer("at");
  const std::string kind = reader.text("kind");
  bool known = false;
  for (const NoticeKind one :
       {NoticeKind::kRaised, NoticeKind::kReminder, NoticeKind::kCleared, NoticeKind::kTest})
    if (kind == name(one)) {
      pending.notice.kind = one;
      known = true;
    }
  if (!known) reader.blame("kind");
  FM_TRY(reader.status());
  dom::element alarm;
  if (element["alarm"].get(alarm) != simdjson::SUCCESS)
    return fail(Code::kCorrupt, "{}: no valid 'alarm'", file);
  FM_ASSIGN(pending.notice.alarm, alarm_of(alarm, file));
  return pending;
}

std::string time_or_null(const std::optional<Second>& time) {
  return time ? std::to_string(*time) : "null";
}

}  // namespace

std::string to_json(const Alarm& alarm) {
  return fmt::format(
      R"({{"id":{},"rule":{},"severity":"{}","subject":{},"text":{},"raised_at":{},"told_at":{},)"
      R"("reminded":{},"gone_since":{}}})",
      json_quoted(alarm.id), json_quoted(alarm.rule), name(alarm.severity),
      json_quoted(alarm.subject), json_quoted(alarm.text), alarm.raised_at, alarm.told_at,
      alarm.reminded, time_or_null(alarm.gone_since));
}

std::string encode(const AlarmFile& file) {
  std::string text = "{\"alarms\":[";
  for (std::size_t i = 0; i < file.alarms.size(); ++i)
    text += (i > 0 ? ",\n" : "\n") + to_json(file.alarms[i]);
  text += "],\n\"pending\":[";
  for (std::size_t i = 0; i < file.pending.size(); ++i) {
    const Pending& pending = file.pending[i];
    text += fmt::format("{}\n{{\"target\":{},\"kind\":\"{}\",\"at\":{},\"alarm\":{}}}",
                        i > 0 ? "," : "", json_quoted(pending.target), name(pending.notice.kind),
                        pending.notice.at, to_json(pending.notice.alarm));
  }
  text += "]}\n";
  return text;
}

Result<AlarmFile> decode_alarms(std::string_view text, std::string_view name) {
  dom::parser parser;
  dom::element root;
  if (const auto error = parser.parse(text.data(), text.size()).get(root);
      error != simdjson::SUCCESS)
    return fail(Code::kCorrupt, "{}: {}", name, simdjson::error_message(error));
  AlarmFile file;
  dom::array alarms;
  dom::array pending;
  if (root["alarms"].get(alarms) != simdjson::SUCCESS)
    return fail(Code::kCorrupt, "{}: no valid 'alarms'", name);
  if (root["pending"].get(pending) != simdjson::SUCCESS)
    return fail(Code::kCorrupt, "{}: no valid 'pending'", name);
  for (const dom::element element : alarms) {
    FM_ASSIGN(file.alarms.emplace_back(), alarm_of(element, name));
  }
  for (const dom::element element : pending) {
    FM_ASSIGN(file.pending.emplace_back(), pending_of(element, name));
  }
  return file;
}

}  // namespace fm::schedule
