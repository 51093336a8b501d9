#include "jobs/config.h"

#include <algorithm>
#include <array>
#include <vector>

#include "base/assert.h"
#include "base/yaml.h"
#include "jobs/config_entries.h"
#include "jobs/config_text.h"
#include "jobs/retention.h"

namespace fm::jobs {
namespace {

// What stands in the place of one key: a list of the user's own making.
constexpr std::array<std::string_view, 2> kLists{"schedule", "alarms.targets"};

Status read_list(const Yaml& value, std::string_view path, const std::string& file,
                 Config& config) {
  if (path == kLists[0]) {
    FM_ASSIGN(config.schedule, read_schedule(value));
  } else {
    FM_ASSIGN(config.alarms.targets, read_targets(value, file));
  }
  return {};
}

const ConfigEntry& entry_of(std::string_view path) {
  const auto entries = config_entries();
  const auto found =
      std::ranges::find(entries, path, [](const ConfigEntry& e) { return e.key.path; });
  FM_ASSERT(found != entries.end());
  return *found;
}

std::string unexpected_value(std::string_view text, const ConfigKey& key) {
  return fmt::format("found '{}', expected {}", text, key.expected);
}

// The known words one level below `section` ("" for the top).
std::vector<std::string_view> words_in(std::string_view section) {
  std::vector<std::string_view> words;
  const auto add = [&](std::string_view rest) {
    if (!section.empty()) {
      if (!rest.starts_with(section) || rest.size() <= section.size() ||
          rest[section.size()] != '.')
        return;
      rest.remove_prefix(section.size() + 1);
    }
    const auto word = rest.substr(0, rest.find('.'));
    if (std::ranges::find(words, word) == words.end()) words.push_back(word);
  };
  for (const auto& entry : config_entries()) add(entry.key.path);
  for (const auto& list : kLists) add(list);
  return words;
}

bool is_section(std::string_view path) { return !words_in(path).empty(); }

std::string relative_to(const std::string& file, std::string_view path) {
  if (path.empty() || path.front() == '/') return std::string(path);
  const std::string folder = parent_of(file);
  return folder == "." ? std::string(path) : join(folder, path);
}

constexpr std::string_view kRetention = "retention";

// Also as a mapping, a table on each line.
Result<std::string> retention_text(const Yaml& value) {
  if (!value.is_mapping()) return value.text();
  std::string text;
  for (const auto& [table, days] : value.entries()) {
    FM_ASSIGN(const std::string number, days.text());
    const std::string rule = fmt::format("{}={}", table, number);
    if (const auto parsed = parse_retention(rule); !parsed)
      return std::unexpected(days.error(parsed.error().message()).hint(parsed.error().advice()));
    text += (text.empty() ? "" : ",") + rule;
  }
  return text;
}

Status read_section(const Yaml& section, const std::string& prefix, const std::string& file,
                    ConfigText& text_of) {
  Config& config = text_of.config;
  FM_TRY(section.allow_keys(words_in(prefix)));
  for (const auto& [word, value] : section.entries()) {
    const std::string path = prefix.empty() ? word : fmt::format("{}.{}", prefix, word);
    if (value.is_null()) continue;  // a key that is there to be filled in
    if (std::ranges::find(kLists, path) != kLists.end()) {
      FM_TRY(read_list(value, path, file, config));
      continue;
    }
    if (is_section(path)) {
      FM_TRY(read_section(value, path, file, text_of));
      continue;
    }
    const ConfigEntry& entry = entry_of(path);
    const auto text = path == kRetention ? retention_text(value) : value.text();
    if (!text) return std::unexpected(text.error());
    const std::string stored = entry.is_path ? relative_to(file, *text) : *text;
    if (!entry.set(config, stored))
      return std::unexpected(
          value.error(fmt::format("{}: {}", path, unexpected_value(*text, entry.key))));
    config.origin[path] = Config::Origin::kFile;
    text_of.values[path] = stored;
  }
  return {};
}

Status read_file(Env& env, const std::string& path, ConfigText& text_of) {
  auto text = read_text(env, path, 1 << 20);
  if (!text) {
    return std::unexpected(std::move(text).error().hint(
        "The sample config/frontmonth.yaml shows every key with its default."));
  }
  FM_ASSIGN(const Yaml file, Yaml::parse(*text, path));
  text_of.config.file = path;
  if (file.is_null()) return {};  // nothing but comments
  return read_section(file, "", path, text_of);
}

std::string lookup(const Variables& variables, std::string_view name) {
  const auto found = variables.find(name);
  return found == variables.end() ? std::string() : found->second;
}

}  // namespace

bool Config::is_default(std::string_view key) const {
  const auto found = origin.find(key);
  FM_ASSERT(found != origin.end());
  return found->second == Origin::kDefault;
}

std::span<const ConfigKey> config_keys() {
  static const auto keys = [] {
    std::vector<ConfigKey> list;
    for (const auto& entry : config_entries()) list.push_back(entry.key);
    return list;
  }();
  return keys;
}

std::string environment_name(std::string_view key) {
  std::string name = "FRONTMONTH_";
  for (const char c : key)
    name += c == '.' ? '_' : c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return name;
}

std::vector<std::string> usual_config_files(const Variables& environment) {
  std::vector<std::string> files = {"frontmonth.yaml"};
  if (const auto config_home = lookup(environment, "XDG_CONFIG_HOME"); !config_home.empty()) {
    files.push_back(join(config_home, "frontmonth/frontmonth.yaml"));
  } else if (const auto home = lookup(environment, "HOME"); !home.empty()) {
    files.push_back(join(home, ".config/frontmonth/frontmonth.yaml"));
  }
  files.emplace_back("/etc/frontmonth/frontmonth.yaml");
  return files;
}

Result<Config> load_config(Env& env, const ConfigSources& sources) {
  FM_ASSIGN(ConfigText text_of, load_config_text(env, sources));
  return std::move(text_of.config);
}

Result<ConfigText> load_config_text(Env& env, const ConfigSources& sources) {
  ConfigText text_of;
  Config& config = text_of.config;
  for (const auto& entry : config_entries()) {
    FM_ASSERT(entry.set(config, entry.key.default_value));
    config.origin[std::string(entry.key.path)] = Config::Origin::kDefault;
    text_of.values[std::string(entry.key.path)] = entry.key.default_value;
  }

  if (sources.file) {
    FM_TRY(read_file(env, *sources.file, text_of));
  } else {
    const auto usual = usual_config_files(sources.environment);
    const auto found =
        std::ranges::find_if(usual, [&](const auto& path) { return env.exists(path); });
    if (found != usual.end()) FM_TRY(read_file(env, *found, text_of));
  }

  for (const auto& entry : config_entries()) {
    const std::string path(entry.key.path);
    std::string variable = environment_name(path);
    auto set = sources.environment.find(variable);
    if (set == sources.environment.end() && !entry.key.alias.empty()) {
      variable = entry.key.alias;
      set = sources.environment.find(variable);
    }
    if (set != sources.environment.end()) {
      if (!entry.set(config, set->second))
        return fail(Code::kInvalidConfig, "environment variable {}: {}", variable,
                    unexpected_value(set->second, entry.key));
      config.origin[path] = Config::Origin::kEnvironment;
      text_of.values[path] = set->second;
    }
    if (const auto given = sources.flags.find(path); given != sources.flags.end()) {
      if (!entry.set(config, given->second.text))
        return fail(Code::kInvalidArgument, "{}: {}", given->second.flag,
                    unexpected_value(given->second.text, entry.key));
      config.origin[path] = Config::Origin::kFlag;
      text_of.values[path] = given->second.text;
    }
  }
  if (config.state_dir.empty()) config.state_dir = default_state_dir(config.lake);
  text_of.values["state_dir"] = config.state_dir;
  return text_of;
}

std::string default_state_dir(std::string_view lake) {
  while (lake.size() > 1 && lake.ends_with('/')) lake.remove_suffix(1);
  const std::string folder = parent_of(lake);
  const std::string name = fmt::format("frontmonth-state-{}", base_name(lake));
  return folder == "." && !lake.starts_with("./") ? name : join(folder, name);
}

}  // namespace fm::jobs
