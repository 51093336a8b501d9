#include "jobs/config_text.h"

#include <algorithm>

#include "base/json_text.h"

namespace fm::jobs {
namespace {

std::string list_yaml(const std::vector<std::string>& words) {
  std::string text = "[";
  for (const std::string& word : words)
    text += fmt::format("{}{}", text.size() > 1 ? ", " : "", json_quoted(word));
  return text + "]";
}

// `key: value` where there is one.
void add_line(std::string& text, std::string_view key, const std::string& value) {
  if (!value.empty()) text += fmt::format("      {}: {}\n", key, json_quoted(value));
}

std::string schedule_yaml(const std::vector<JobConfig>& jobs) {
  if (jobs.empty()) return "schedule: {}\n";
  std::string text = "schedule:\n";
  for (const JobConfig& job : jobs)
    text += fmt::format(
        "  {}:\n    run: {}\n    at: {}\n    timezone: {}\n    jitter_seconds: {}\n    missed: {}\n"
        "    timeout_minutes: {}\n    retries: {}\n    retry_after_seconds: {}\n",
        job.name, list_yaml(job.run), json_quoted(job.at), json_quoted(job.timezone), job.jitter_s,
        job.catch_up ? "once" : "skip", job.timeout_minutes, job.retries, job.retry_after_s);
  return text;
}

std::string targets_yaml(const std::vector<TargetConfig>& targets) {
  if (targets.empty()) return "  targets: {}\n";
  std::string text = "  targets:\n";
  for (const TargetConfig& target : targets) {
    text += fmt::format("    {}:\n      kind: {}\n      severity: {}\n", target.name,
                        name(target.kind), target.critical_only ? "critical" : "all");
    add_line(text, "url_file", target.url_file);
    add_line(text, "server", target.server);
    if (target.plain) text += "      tls: false\n";
    add_line(text, "user", target.user);
    add_line(text, "password_file", target.password_file);
    add_line(text, "from", target.from);
    if (!target.to.empty()) text += fmt::format("      to: {}\n", list_yaml(target.to));
    if (!target.command.empty())
      text += fmt::format("      command: {}\n", list_yaml(target.command));
  }
  return text;
}

template <class Item>
bool are_same(const std::vector<Item>& one, const std::vector<Item>& other) {
  return std::ranges::equal(one, other, [](const Item& a, const Item& b) { return is_same(a, b); });
}

}  // namespace

std::string to_yaml(const ConfigText& config) {
  std::string text;
  std::string_view section;
  for (const ConfigKey& key : config_keys()) {
    const std::string_view path = key.path;
    const std::size_t dot = path.find('.');
    const std::string_view of =
        dot == std::string_view::npos ? std::string_view() : path.substr(0, dot);
    if (of != section) {
      // The list lies at the end of its section.
      if (section == "alarms") text += targets_yaml(config.config.alarms.targets);
      section = of;
      text += fmt::format("{}:\n", section);
    }
    text += fmt::format("{}{}: {}\n", of.empty() ? "" : "  ", path.substr(of.empty() ? 0 : dot + 1),
                        json_quoted(config.values.find(path)->second));
  }
  return text + schedule_yaml(config.config.schedule);
}

std::vector<std::string> differences(const ConfigText& one, const ConfigText& other) {
  std::vector<std::string> keys;
  for (const ConfigKey& key : config_keys())
    if (one.values.find(key.path)->second != other.values.find(key.path)->second)
      keys.emplace_back(key.path);
  if (!are_same(one.config.alarms.targets, other.config.alarms.targets))
    keys.emplace_back("alarms.targets");
  if (!are_same(one.config.schedule, other.config.schedule)) keys.emplace_back("schedule");
  return keys;
}

bool is_same(JobConfig one, JobConfig other) {
  one.place.clear();
  other.place.clear();
  return one == other;
}

bool is_same(TargetConfig one, TargetConfig other) {
  one.place.clear();
  other.place.clear();
  return one == other;
}

}  // namespace fm::jobs
