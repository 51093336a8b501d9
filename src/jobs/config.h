// frontmonth.yaml: where things lie and how candles are made. A flag outranks an environment
// variable, that the file, that the default. config/frontmonth.yaml is the documented sample; a
// test holds it to this list of keys.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/env.h"
#include "base/error.h"
#include "base/log.h"
#include "base/secret.h"
#include "jobs/config_lists.h"

namespace fm::jobs {

struct Config {
  std::string lake;                 // the folder that holds market_data/
  std::string state_dir;            // ops.sqlite, quarantine, locks; never empty after load_config
  std::int64_t lake_keep_days = 0;  // how long what partitions held can be read; 0 = not
  std::string retention;            // "TABLE=DAYS,…": parse_retention() reads it
  std::string universe;  // a file in place of the built-in registry; empty: the built-in one

  struct Candles {
    std::int64_t warmup = 0;
    std::string front_month;
    bool every_second = false;
  } candles;

  struct Query {
    std::int64_t memory_mib = 0;
    std::int64_t threads = 0;    // 0: as many as there are cores
    std::int64_t timeout_s = 0;  // 0: none
    std::int64_t rows_max = 0;   // 0: all
  } query;

  struct Databento {
    std::string dataset;         // "GLBX.MDP3"
    std::string symbols;         // comma list
    std::string stype;           // of the symbols
    std::string key_file;        // of mode 0600; empty: the other places of base/secret.h
    std::string gateway;         // HOST:PORT of the live gateway; empty: the dataset's own
    std::string historical_url;  // of the historical service
  } databento;

  struct Live {
    std::string
        subscriptions;        // "tbbo:parent:ES.FUT,NQ.FUT; …"; empty: schemas × databento.symbols
    std::string schemas;      // comma list
    std::string encoding;     // dbn or json
    std::string compression;  // none or zstd
    bool ts_out = false;
    std::int64_t heartbeat_seconds = 0;
    std::string slow_reader;  // default, warn or skip
    std::int64_t flush_seconds = 0;
  } live;

  struct Capture {
    std::int64_t sync_ms = 0;
    std::int64_t segment_mib = 0;
    bool compress = false;
    std::int64_t retention_days = 0;
    std::int64_t retention_gb = 0;
  } capture;

  struct Postgres {
    std::string url_file;  // of mode 0600; empty: the other places of base/secret.h
    std::string live;      // auto, on or off
  } postgres;

  struct Google {
    std::string project;
    std::string bucket;
    std::string prefix;    // of the objects
    std::string dataset;   // in place of market_data; empty: market_data
    std::string location;  // of datasets that are made
    std::string tables;    // comma list; empty: those of the lake that hold rows
    std::string key_file;  // of mode 0600; empty: the places of google/credentials.h
    std::string endpoint;  // stands for all of Google's services; empty: Google's
    bool mirror = false;   // whether live and poll keep the mirror up to date
    std::int64_t interval_seconds = 0;
    std::int64_t upload_threads = 0;
    std::int64_t query_gib_max = 0;  // that one statement may be billed
    std::int64_t budget_usd = 0;     // a month; 0: none
  } google;

  struct Poll {
    std::string roots;  // comma list, which `up` polls; empty: none
    std::int64_t interval_seconds = 0;
    std::int64_t lookback_minutes = 0;
  } poll;

  struct Up {
    std::string live;  // auto, on or off
  } up;

  struct Server {
    std::string listen;            // HOST:PORT
    std::string token_file;        // of mode 0600
    std::string certificate_file;  // PEM
    std::string key_file;          // PEM, of mode 0600
    std::string host_names;        // comma list
  } server;

  std::vector<JobConfig> schedule;

  struct Alarms {
    std::int64_t remind_hours = 0;  // 0: never
    bool late = false;
    bool gaps = false;
    bool failures = false;              // of jobs and parts
    std::int64_t sink_lag_seconds = 0;  // of each of these 0: no such alarm
    std::int64_t events_per_hour = 0;
    std::int64_t disk_free_percent = 0;
    std::int64_t clock_skew_ms = 0;
    std::vector<TargetConfig> targets;
  } alarms;

  struct Log {
    LogLevel level = LogLevel::kWarning;
    bool json = false;
  } log;

  enum class Origin { kDefault, kFile, kEnvironment, kFlag };
  std::string file;  // the file that was read; empty when there was none
  std::map<std::string, Origin, std::less<>> origin;  // of every key

  [[nodiscard]] bool is_default(std::string_view key) const;
};

struct ConfigKey {
  std::string_view path;           // "candles.warmup"
  std::string_view default_value;  // as it would stand in the file
  std::string_view expected;       // "a whole number from 1 to 60", for errors
  std::string_view alias = "";     // another environment variable that sets it
};

// Every key there is, in the order of the sample, but for those of the lists `schedule` and
// `alarms.targets` (config_lists.h), which have no variables and no flags.
[[nodiscard]] std::span<const ConfigKey> config_keys();
// "candles.warmup" → "FRONTMONTH_CANDLES_WARMUP".
[[nodiscard]] std::string environment_name(std::string_view key);

struct GivenFlag {
  std::string flag;  // "--warmup", for errors
  std::string text;
};

struct ConfigSources {
  std::optional<std::string> file;  // --config; else the first of the usual places that exists
  Variables environment;            // all variables of the process
  std::map<std::string, GivenFlag, std::less<>> flags;  // by key
};

// Where a file is looked for without --config, in this order: ./frontmonth.yaml,
// $XDG_CONFIG_HOME/frontmonth/frontmonth.yaml (else ~/.config/…), /etc/frontmonth/frontmonth.yaml.
[[nodiscard]] std::vector<std::string> usual_config_files(const Variables& environment);

// Paths in the file are relative to the file's folder. Errors: kInvalidConfig (unknown key, with
// the nearest known one; bad value, with what was expected), kInvalidArgument for a bad flag,
// kNotFound for a missing --config.
[[nodiscard]] Result<Config> load_config(Env& env, const ConfigSources& sources);

// DIR/../frontmonth-state-NAME: beside the lake, so that deleting a lake keeps what cannot be
// rebuilt.
[[nodiscard]] std::string default_state_dir(std::string_view lake);

}  // namespace fm::jobs
