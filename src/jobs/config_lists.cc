#include "jobs/config_lists.h"

#include <algorithm>
#include <array>

#include "base/assert.h"
#include "base/env.h"

namespace fm::jobs {
namespace {

constexpr std::size_t kNameMax = 64;
constexpr std::size_t kWordsMax = 100;

constexpr std::array kKinds{TargetKind::kWebhook, TargetKind::kSlack, TargetKind::kDiscord,
                            TargetKind::kEmail, TargetKind::kCommand};

// Names become parts of file names and of messages.
Status check_name(const Yaml& entry, std::string_view what, const std::string& name) {
  const bool fine =
      !name.empty() && name.size() <= kNameMax && std::ranges::all_of(name, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '-' || c == '_';
      });
  if (fine) return {};
  return std::unexpected(entry.error(
      fmt::format("'{}' cannot be the name of {}: expected up to {} letters, digits, - and _", name,
                  what, kNameMax)));
}

Status read_text(const Yaml& entry, std::string_view key, std::string& out) {
  if (const auto value = entry.find(key)) {
    FM_ASSIGN(out, value->text());
  }
  return {};
}

Status read_boolean(const Yaml& entry, std::string_view key, bool& out) {
  if (const auto value = entry.find(key)) {
    FM_ASSIGN(out, value->boolean());
  }
  return {};
}

Status read_number(const Yaml& entry, std::string_view key, std::int64_t least, std::int64_t most,
                   std::int64_t& out) {
  const auto value = entry.find(key);
  if (!value) return {};
  FM_ASSIGN(out, value->integer());
  if (out >= least && out <= most) return {};
  return std::unexpected(value->error(
      fmt::format("{}: found {}, expected a whole number from {} to {}", key, out, least, most)));
}

// One of two words.
Status read_choice(const Yaml& entry, std::string_view key, std::string_view yes,
                   std::string_view no, bool& out) {
  const auto value = entry.find(key);
  if (!value) return {};
  FM_ASSIGN(const std::string word, value->text());
  if (word != yes && word != no)
    return std::unexpected(
        value->error(fmt::format("{}: found '{}', expected {} or {}", key, word, yes, no)));
  out = word == yes;
  return {};
}

// A list of words, or one text: `separate` says how that is parted.
Status read_words(const Yaml& entry, std::string_view key, std::vector<std::string>& out,
                  Result<std::vector<std::string>> (*separate)(std::string_view)) {
  const auto value = entry.find(key);
  if (!value) return {};
  if (value->is_sequence()) {
    for (const Yaml& item : value->items()) {
      FM_ASSIGN(out.emplace_back(), item.text());
    }
  } else {
    FM_ASSIGN(const std::string line, value->text());
    auto words = separate(line);
    if (!words) return std::unexpected(value->error(words.error().message()));
    out = *std::move(words);
  }
  if (out.size() <= kWordsMax) return {};
  return std::unexpected(value->error(fmt::format("{}: more than {} words", key, kWordsMax)));
}

Result<std::vector<std::string>> by_commas(std::string_view text) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(','), text.size());
    std::string_view part = text.substr(0, end);
    while (part.starts_with(' ')) part.remove_prefix(1);
    while (part.ends_with(' ')) part.remove_suffix(1);
    if (!part.empty()) parts.emplace_back(part);
    text.remove_prefix(std::min(text.size(), end + 1));
  }
  return parts;
}

std::unexpected<Error> missing(const Yaml& entry, const std::string& name, std::string_view key,
                               std::string_view example) {
  return std::unexpected(
      entry.error(fmt::format("{}: the key '{}' is missing", name, key))
          .hint(fmt::format("As in `{}`; the sample config/frontmonth.yaml shows more.", example)));
}

// "frontmonth.yaml:12"
std::string place_of(const Yaml& entry) {
  const std::string message = entry.error("").message();
  return message.substr(0, message.rfind(':'));
}

Result<JobConfig> read_job(const std::string& name, const Yaml& entry) {
  constexpr std::int64_t kDayOfMinutes = 1'440;
  constexpr std::int64_t kDayOfSeconds = 86'400;
  constexpr std::int64_t kRetriesMax = 20;
  JobConfig job;
  job.name = name;
  FM_TRY(check_name(entry, "a job", name));
  FM_TRY(entry.allow_keys({"run", "at", "timezone", "jitter_seconds", "missed", "timeout_minutes",
                           "retries", "retry_after_seconds"}));
  job.place = place_of(entry);
  FM_TRY(read_words(entry, "run", job.run, words_of));
  FM_TRY(read_text(entry, "at", job.at));
  FM_TRY(read_text(entry, "timezone", job.timezone));
  FM_TRY(read_number(entry, "jitter_seconds", 0, kDayOfSeconds, job.jitter_s));
  FM_TRY(read_choice(entry, "missed", "once", "skip", job.catch_up));
  FM_TRY(read_number(entry, "timeout_minutes", 1, 7 * kDayOfMinutes, job.timeout_minutes));
  FM_TRY(read_number(entry, "retries", 0, kRetriesMax, job.retries));
  FM_TRY(read_number(entry, "retry_after_seconds", 1, kDayOfSeconds, job.retry_after_s));
  if (job.run.empty()) return missing(entry, name, "run", "run: rollup");
  if (job.at.empty()) return missing(entry, name, "at", "at: 30 17 * * mon-fri");
  return job;
}

Status check_target(const Yaml& entry, const TargetConfig& target) {
  switch (target.kind) {
    case TargetKind::kWebhook:
    case TargetKind::kSlack:
    case TargetKind::kDiscord:
      if (target.url_file.empty())
        return missing(entry, target.name, "url_file", "url_file: /etc/frontmonth/alarm-url");
      return {};
    case TargetKind::kEmail:
      if (target.server.empty())
        return missing(entry, target.name, "server", "server: smtp://mail.example.com:587");
      if (!target.server.starts_with("smtp://") && !target.server.starts_with("smtps://"))
        return std::unexpected(entry.error(
            fmt::format("{}: server: found '{}', expected smtp://HOST:PORT or smtps://HOST:PORT",
                        target.name, target.server)));
      if (target.from.empty())
        return missing(entry, target.name, "from", "from: frontmonth@example.com");
      if (target.to.empty()) return missing(entry, target.name, "to", "to: desk@example.com");
      if (target.user.empty() != target.password_file.empty())
        return std::unexpected(
            entry.error(fmt::format("{}: user and password_file belong together", target.name)));
      return {};
    case TargetKind::kCommand:
      if (target.command.empty())
        return missing(entry, target.name, "command", "command: [/usr/local/bin/page-me]");
      return {};
  }
  FM_ASSERT(false);
}

Status read_kind(const Yaml& entry, TargetConfig& target) {
  const auto value = entry.find("kind");
  if (!value) return missing(entry, target.name, "kind", "kind: slack");
  FM_ASSIGN(const std::string word, value->text());
  const auto kind = std::ranges::find_if(kKinds, [&](TargetKind one) { return name(one) == word; });
  if (kind == kKinds.end())
    return std::unexpected(value->error(
        fmt::format("kind: found '{}', expected webhook, slack, discord, email or command", word)));
  target.kind = *kind;
  return {};
}

std::string relative_to(const std::string& file, const std::string& path) {
  if (path.empty() || path.front() == '/') return path;
  const std::string folder = parent_of(file);
  return folder == "." ? path : join(folder, path);
}

Result<TargetConfig> read_target(const std::string& name, const Yaml& entry,
                                 const std::string& file) {
  TargetConfig target;
  target.name = name;
  FM_TRY(check_name(entry, "where alarms go", name));
  FM_TRY(entry.allow_keys({"kind", "severity", "url_file", "server", "user", "password_file", "tls",
                           "from", "to", "command"}));
  target.place = place_of(entry);
  FM_TRY(read_kind(entry, target));
  FM_TRY(read_choice(entry, "severity", "critical", "all", target.critical_only));
  FM_TRY(read_text(entry, "url_file", target.url_file));
  FM_TRY(read_text(entry, "server", target.server));
  FM_TRY(read_text(entry, "user", target.user));
  FM_TRY(read_text(entry, "password_file", target.password_file));
  bool tls = true;
  FM_TRY(read_boolean(entry, "tls", tls));
  target.plain = !tls;
  FM_TRY(read_text(entry, "from", target.from));
  FM_TRY(read_words(entry, "to", target.to, by_commas));
  FM_TRY(read_words(entry, "command", target.command, words_of));
  target.url_file = relative_to(file, target.url_file);
  target.password_file = relative_to(file, target.password_file);
  FM_TRY(check_target(entry, target));
  return target;
}

// The names of a mapping, each once.
Result<std::vector<std::pair<std::string, Yaml>>> entries_of(const Yaml& section,
                                                             std::string_view what,
                                                             std::size_t entries_max) {
  if (section.is_null()) return std::vector<std::pair<std::string, Yaml>>();
  auto entries = section.entries();
  std::vector<std::string_view> names;
  names.reserve(entries.size());
  for (const auto& [name, entry] : entries) names.push_back(name);
  FM_TRY(section.allow_keys(names));
  if (entries.size() > entries_max)
    return std::unexpected(section.error(
        fmt::format("found {} {}, expected at most {}", entries.size(), what, entries_max)));
  return entries;
}

}  // namespace

std::string_view name(TargetKind kind) {
  switch (kind) {
    case TargetKind::kWebhook:
      return "webhook";
    case TargetKind::kSlack:
      return "slack";
    case TargetKind::kDiscord:
      return "discord";
    case TargetKind::kEmail:
      return "email";
    case TargetKind::kCommand:
      return "command";
  }
  FM_ASSERT(false);
}

Result<std::vector<std::string>> words_of(std::string_view line) {
  std::vector<std::string> words;
  std::string word;
  bool in_word = false;
  char quote = '\0';
  for (const char c : line) {
    if (quote != '\0') {
      if (c == quote)
        quote = '\0';
      else
        word += c;
    } else if (c == '\'' || c == '"') {
      quote = c;
      in_word = true;
    } else if (c == ' ' || c == '\t' || c == '\n') {
      if (in_word) words.push_back(std::move(word));
      word.clear();
      in_word = false;
    } else {
      word += c;
      in_word = true;
    }
  }
  if (quote != '\0')
    return fail(Code::kInvalidArgument, "a quote ({}) has no end in: {}", quote, line);
  if (in_word) words.push_back(std::move(word));
  return words;
}

Result<std::vector<JobConfig>> read_schedule(const Yaml& section) {
  FM_ASSIGN(const auto entries, entries_of(section, "jobs", kScheduledJobsMax));
  std::vector<JobConfig> jobs;
  jobs.reserve(entries.size());
  for (const auto& [name, entry] : entries) {
    FM_ASSIGN(jobs.emplace_back(), read_job(name, entry));
  }
  return jobs;
}

Result<std::vector<TargetConfig>> read_targets(const Yaml& section, const std::string& file) {
  FM_ASSIGN(const auto entries, entries_of(section, "targets", kAlarmTargetsMax));
  std::vector<TargetConfig> targets;
  targets.reserve(entries.size());
  for (const auto& [name, entry] : entries) {
    FM_ASSIGN(targets.emplace_back(), read_target(name, entry, file));
  }
  return targets;
}

}  // namespace fm::jobs
