#include "jobs/config.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <vector>

#include "base/assert.h"
#include "base/yaml.h"
#include "jobs/config_text.h"
#include "jobs/retention.h"

namespace fm::jobs {
namespace {

// Stores `text` in the config; false when it is not what the key expects.
using Setter = bool (*)(Config&, std::string_view text);

bool read_whole_number(std::string_view text, std::int64_t least, std::int64_t most,
                       std::int64_t& out) {
  std::int64_t value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc() || end != text.data() + text.size()) return false;
  if (value < least || value > most) return false;
  out = value;
  return true;
}

bool read_boolean(std::string_view text, bool& out) {
  if (text != "true" && text != "false") return false;
  out = text == "true";
  return true;
}

bool read_level(std::string_view text, LogLevel& out) {
  constexpr std::array<std::pair<std::string_view, LogLevel>, 4> kLevels = {
      {{"debug", LogLevel::kDebug},
       {"info", LogLevel::kInfo},
       {"warning", LogLevel::kWarning},
       {"error", LogLevel::kError}}};
  for (const auto& [word, level] : kLevels) {
    if (word != text) continue;
    out = level;
    return true;
  }
  return false;
}

struct Entry {
  ConfigKey key;
  bool is_path;
  Setter set;
};

constexpr Entry kEntries[] = {
    {{"lake", "lake", "a folder"},
     true,
     [](Config& c, std::string_view text) {
       c.lake = text;
       return !text.empty();
     }},
    {{"state_dir", "", "a folder, or nothing for the one beside the lake"},
     true,
     [](Config& c, std::string_view text) {
       c.state_dir = text;
       return true;
     }},
    {{"lake_keep_days", "0", "a whole number of days from 0 (nothing is kept) to 3650"},
     false,
     [](Config& c, std::string_view text) {
       return read_whole_number(text, 0, 3'650, c.lake_keep_days);
     }},
    {{"retention", "", "TABLE=DAYS, …, of tables that may expire (docs/retention.md)"},
     false,
     [](Config& c, std::string_view text) {
       c.retention = text;
       return parse_retention(text).has_value();
     }},
    {{"universe", "", "a file, or nothing for the built-in registry"},
     true,
     [](Config& c, std::string_view text) {
       c.universe = text;
       return true;
     }},
    {{"candles.warmup", "60", "a whole number of seconds from 1 to 86400"},
     false,
     [](Config& c, std::string_view text) {
       return read_whole_number(text, 1, 86'400, c.candles.warmup);
     }},
    {{"candles.front_month", "five_minute_volume", "five_minute_volume or previous_session_volume"},
     false,
     [](Config& c, std::string_view text) {
       c.candles.front_month = text;
       return text == "five_minute_volume" || text == "previous_session_volume";
     }},
    {{"candles.every_second", "false", "true or false"},
     false,
     [](Config& c, std::string_view text) { return read_boolean(text, c.candles.every_second); }},
    {{"query.memory_mib", "1024", "a whole number of MiB from 64 to 1048576"},
     false,
     [](Config& c, std::string_view text) {
       return read_whole_number(text, 64, 1 << 20, c.query.memory_mib);
     }},
    {{"query.threads", "0", "a whole number from 0 (all cores) to 1024"},
     false,
     [](Config& c, std::string_view text) {
       return read_whole_number(text, 0, 1024, c.query.threads);
     }},
    {{"query.timeout_s", "0", "a whole number of seconds from 0 (no limit) to 86400"},
     false,
     [](Config& c, std::string_view text) {
       return read_whole_number(text, 0, 86'400, c.query.timeout_s);
     }},
    {{"query.rows_max", "0", "a whole number from 0 (no limit) to 1000000000"},
     false,
     [](Config& c, std::string_view text) {
       return read_whole_number(text, 0, 1'000'000'000, c.query.rows_max);
     }},
    {{"databento.dataset", "GLBX.MDP3", "a dataset's name", "DATABENTO_DATASET"},
     false,
     [](Config& c, std::string_view text) {
       c.databento.dataset = text;
       return !text.empty();
     }},
    {{"databento.symbols", "", "symbols with commas between them", "DATABENTO_SYMBOLS"},
     false,
     [](Config& c, std::string_view text) {
       c.databento.symbols = text;
       return true;
     }},
    {{"databento.stype", "parent", "parent, raw_symbol, continuous or instrument_id",
      "DATABENTO_STYPE"},
     false,
     [](Config& c, std::string_view text) {
       c.databento.stype = text;
       return text == "parent" || text == "raw_symbol" || text == "continuous" ||
              text == "instrument_id";
     }},
    {{"databento.key_file", "", "a file of mode 0600, or nothing"},
     true,
     [](Config& c, std::string_view text) {
       c.databento.key_file = text;
       return true;
     }},
    {{"databento.gateway", "", "HOST:PORT, or nothing for the dataset's own gateway"},
     false,
     [](Config& c, std::string_view text) {
       c.databento.gateway = text;
       return true;
     }},
    {{"databento.historical_url", "https://hist.databento.com", "a URL"},
     false,
     [](Config& c, std::string_view text) {
       c.databento.historical_url = text;
       return text.starts_with("https://") || text.starts_with("http://");
     }},
    {{"live.subscriptions", "", "SCHEMA:STYPE:SYMBOL,…; …, or nothing for live.schemas"},
     false,
     [](Config& c, std::string_view text) {
       c.live.subscriptions = text;
       return true;
     }},
    {{"live.schemas", "tbbo,status,definition,statistics", "schemas with commas between them"},
     false,
     [](Config& c, std::string_view text) {
       c.live.schemas = text;
       return !text.empty();
     }},
    {{"live.encoding", "dbn", "dbn or json"},
     false,
     [](Config& c, std::string_view text) {
       c.live.encoding = text;
       return text == "dbn" || text == "json";
     }},
    {{"live.compression", "none", "none or zstd"},
     false,
     [](Config& c, std::string_view text) {
       c.live.compression = text;
       return text == "none" || text == "zstd";
     }},
    {{"live.ts_out", "false", "true or false"},
     false,
     [](Config& c, std::string_view text) { return read_boolean(text, c.live.ts_out); }},
    {{"live.heartbeat_seconds", "30", "a whole number of seconds from 5 to 1800"},
     false,
     [](Config& c, std::string_view text) {
       return read_whole_number(text, 5, 1'800, c.live.heartbeat_seconds);
     }},
    {{"live.slow_reader", "default", "default, warn or skip"},
     false,
     [](Config& c, std::string_view text) {
       c.live.slow_reader = text;
       return text == "default" || text == "warn" || text == "skip";
     }},
    {{"live.flush_seconds", "60", "a whole number of seconds from 1 to 3600"},
     false,
     [](Config& c, std::string_view text) {
       return read_whole_number(text, 1, 3'600, c.live.flush_seconds);
     }},
    {{"capture.sync_ms", "20", "a whole number of milliseconds from 0 (every record) to 10000"},
     false,
     [](Config& c, std::string_view text) {
       return read_whole_number(text, 0, 10'000, c.capture.sync_ms);
     }},
    {{"capture.segment_mib", "256", "a whole number of MiB from 1 to 65536"},
     false,
     [](Config& c, std::string_view text) {
       return read_whole_number(text, 1, 1 << 16, c.capture.segment_mib);
     }},
    {{"capture.compress", "true", "true or false"},
     false,
     [](Config& c, std::string_view text) { return read_boolean(text, c.capture.compress); }},
    {{"capture.retention_days", "30", "a whole number of days from 2 to 3650"},
     false,
     [](Config& c, std::string_view text) {
       return read_whole_number(text, 2, 3'650, c.capture.retention_days);
     }},
    {{"capture.retention_gb", "50", "a whole number of GB from 1 to 1000000"},
     false,
     [](Config& c, std::string_view text) {
       return read_whole_number(text, 1, 1'000'000, c.capture.retention_gb);
     }},
    {{"postgres.url_file", "", "a file of mode 0600, or nothing"},
     true,
     [](Config& c, std::string_view text) {
       c.postgres.url_file = text;
       return true;
     }},
    {{"postgres.live", "auto", "auto, on or off"},
     false,
     [](Config& c, std::string_view text) {
       c.postgres.live = text;
       return text == "auto" || text == "on" || text == "off";
     }},
    {{"google.project", "", "the id of a project, or nothing", "GOOGLE_CLOUD_PROJECT"},
     false,
     [](Config& c, std::string_view text) {
       c.google.project = text;
       return true;
     }},
    {{"google.bucket", "", "the name of a bucket, or nothing"},
     false,
     [](Config& c, std::string_view text) {
       c.google.bucket = text;
       return true;
     }},
    {{"google.prefix", "frontmonth", "what names of objects begin with"},
     false,
     [](Config& c, std::string_view text) {
       c.google.prefix = text;
       return true;
     }},
    {{"google.dataset", "", "a dataset in place of market_data, or nothing"},
     false,
     [](Config& c, std::string_view text) {
       c.google.dataset = text;
       return true;
     }},
    {{"google.location", "US", "a location such as US or us-central1"},
     false,
     [](Config& c, std::string_view text) {
       c.google.location = text;
       return !text.empty();
     }},
    {{"google.tables", "", "tables with commas between them, or nothing for those that hold rows"},
     false,
     [](Config& c, std::string_view text) {
       c.google.tables = text;
       return true;
     }},
    {{"google.key_file", "", "a file of mode 0600, or nothing"},
     true,
     [](Config& c, std::string_view text) {
       c.google.key_file = text;
       return true;
     }},
    {{"google.endpoint", "", "a URL, or nothing for Google's own"},
     false,
     [](Config& c, std::string_view text) {
       c.google.endpoint = text;
       return true;
     }},
    {{"google.mirror", "false", "true or false"},
     false,
     [](Config& c, std::string_view text) { return read_boolean(text, c.google.mirror); }},
    {{"google.interval_seconds", "300", "a whole number of seconds from 60 to 86400"},
     false,
     [](Config& c, std::string_view text) {
       return read_whole_number(text, 60, 86'400, c.google.interval_seconds);
     }},
    {{"google.upload_threads", "4", "a whole number from 1 to 32"},
     false,
     [](Config& c, std::string_view text) {
       return read_whole_number(text, 1, 32, c.google.upload_threads);
     }},
    {{"google.query_gib_max", "100", "a whole number of GiB from 1 to 1000000"},
     false,
     [](Config& c, std::string_view text) {
       return read_whole_number(text, 1, 1'000'000, c.google.query_gib_max);
     }},
    {{"google.budget_usd", "0", "a whole number of US dollars from 0 (none) to 1000000"},
     false,
     [](Config& c, std::string_view text) {
       return read_whole_number(text, 0, 1'000'000, c.google.budget_usd);
     }},
    {{"poll.roots", "", "roots with commas between them, or nothing"},
     false,
     [](Config& c, std::string_view text) {
       c.poll.roots = text;
       return true;
     }},
    {{"poll.interval_seconds", "60", "a whole number of seconds from 1 to 86400"},
     false,
     [](Config& c, std::string_view text) {
       return read_whole_number(text, 1, 86'400, c.poll.interval_seconds);
     }},
    {{"poll.lookback_minutes", "30", "a whole number of minutes from 1 to 10080"},
     false,
     [](Config& c, std::string_view text) {
       return read_whole_number(text, 1, 10'080, c.poll.lookback_minutes);
     }},
    {{"up.live", "auto", "auto, on or off"},
     false,
     [](Config& c, std::string_view text) {
       c.up.live = text;
       return text == "auto" || text == "on" || text == "off";
     }},
    {{"server.listen", "127.0.0.1:8080", "HOST:PORT"},
     false,
     [](Config& c, std::string_view text) {
       c.server.listen = text;
       return text.find(':') != std::string_view::npos;
     }},
    {{"server.token_file", "", "a file of mode 0600, or nothing"},
     true,
     [](Config& c, std::string_view text) {
       c.server.token_file = text;
       return true;
     }},
    {{"server.certificate_file", "", "a file in PEM form, or nothing"},
     true,
     [](Config& c, std::string_view text) {
       c.server.certificate_file = text;
       return true;
     }},
    {{"server.key_file", "", "a file of mode 0600 in PEM form, or nothing"},
     true,
     [](Config& c, std::string_view text) {
       c.server.key_file = text;
       return true;
     }},
    {{"server.host_names", "", "names with commas between them, or nothing"},
     false,
     [](Config& c, std::string_view text) {
       c.server.host_names = text;
       return true;
     }},
    {{"alarms.remind_hours", "4", "a whole number of hours from 0 (never) to 168"},
     false,
     [](Config& c, std::string_view text) {
       return read_whole_number(text, 0, 168, c.alarms.remind_hours);
     }},
    {{"alarms.late", "true", "true or false"},
     false,
     [](Config& c, std::string_view text) { return read_boolean(text, c.alarms.late); }},
    {{"alarms.gaps", "true", "true or false"},
     false,
     [](Config& c, std::string_view text) { return read_boolean(text, c.alarms.gaps); }},
    {{"alarms.failures", "true", "true or false"},
     false,
     [](Config& c, std::string_view text) { return read_boolean(text, c.alarms.failures); }},
    {{"alarms.sink_lag_seconds", "300", "a whole number of seconds from 0 (never) to 86400"},
     false,
     [](Config& c, std::string_view text) {
       return read_whole_number(text, 0, 86'400, c.alarms.sink_lag_seconds);
     }},
    {{"alarms.events_per_hour", "100", "a whole number from 0 (never) to 1000000"},
     false,
     [](Config& c, std::string_view text) {
       return read_whole_number(text, 0, 1'000'000, c.alarms.events_per_hour);
     }},
    {{"alarms.disk_free_percent", "5", "a whole number from 0 (never) to 99"},
     false,
     [](Config& c, std::string_view text) {
       return read_whole_number(text, 0, 99, c.alarms.disk_free_percent);
     }},
    {{"alarms.clock_skew_ms", "1000", "a whole number of milliseconds from 0 (never) to 86400000"},
     false,
     [](Config& c, std::string_view text) {
       return read_whole_number(text, 0, 86'400'000, c.alarms.clock_skew_ms);
     }},
    {{"log.level", "warning", "debug, info, warning or error"},
     false,
     [](Config& c, std::string_view text) { return read_level(text, c.log.level); }},
    {{"log.json", "false", "true or false"},
     false,
     [](Config& c, std::string_view text) { return read_boolean(text, c.log.json); }},
};

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

const Entry& entry_of(std::string_view path) {
  const auto found = std::ranges::find(kEntries, path, [](const Entry& e) { return e.key.path; });
  FM_ASSERT(found != std::end(kEntries));
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
  for (const auto& entry : kEntries) add(entry.key.path);
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
    const Entry& entry = entry_of(path);
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
    for (const auto& entry : kEntries) list.push_back(entry.key);
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
  for (const auto& entry : kEntries) {
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

  for (const auto& entry : kEntries) {
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
