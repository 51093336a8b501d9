#include "jobs/config_entries.h"

#include <array>
#include <charconv>
#include <utility>

#include "jobs/retention.h"

namespace fm::jobs {
namespace {

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

constexpr ConfigEntry kEntries[] = {
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

}  // namespace

std::span<const ConfigEntry> config_entries() { return kEntries; }

}  // namespace fm::jobs
