// The parts of frontmonth.yaml that are lists of a user's own making: scheduled jobs, and where
// alarms go. Each is a mapping from a name to what it is; docs/operations.md explains them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/yaml.h"

namespace fm::jobs {

inline constexpr std::size_t kScheduledJobsMax = 100;
inline constexpr std::size_t kAlarmTargetsMax = 20;

// One entry of `schedule:`, a command line of this program that is run when it is due.
struct JobConfig {
  std::string name;                   // letters, digits, - and _
  std::vector<std::string> run;       // "rollup", "--from", …: the words behind `frontmonth`
  std::string at;                     // "30 17 * * mon-fri", as schedule/cron.h has it
  std::string timezone = "exchange";  // exchange, local, UTC or a name
  std::int64_t jitter_s = 0;
  bool catch_up = true;  // a run that was missed is made up for, once
  std::int64_t timeout_minutes = 60;
  std::int64_t retries = 0;
  std::int64_t retry_after_s = 60;  // doubles with each retry
  std::string place;                // "frontmonth.yaml:12", for errors that show later
  friend bool operator==(const JobConfig&, const JobConfig&) = default;
};

enum class TargetKind : std::uint8_t { kWebhook, kSlack, kDiscord, kEmail, kCommand };
[[nodiscard]] std::string_view name(TargetKind kind);

// One entry of `alarms: targets:`.
struct TargetConfig {
  std::string name;
  TargetKind kind = TargetKind::kWebhook;
  bool critical_only = false;
  // Webhooks: a file of mode 0600 with the address, which is a secret of its own.
  std::string url_file;
  // E-mail: "smtp://host:587" (STARTTLS), "smtps://host:465" (TLS), by libcurl.
  std::string server;
  std::string user;           // empty: none
  std::string password_file;  // of mode 0600
  bool plain = false;         // without TLS; for a server on this machine only
  std::string from;
  std::vector<std::string> to;
  // A program and its arguments; it gets the alarm as JSON on standard input.
  std::vector<std::string> command;
  std::string place;
  friend bool operator==(const TargetConfig&, const TargetConfig&) = default;
};

// Paths are relative to the folder of `file`. Errors: kInvalidConfig with file and line; an unknown
// key names the nearest known one.
[[nodiscard]] Result<std::vector<JobConfig>> read_schedule(const Yaml& section);
[[nodiscard]] Result<std::vector<TargetConfig>> read_targets(const Yaml& section,
                                                             const std::string& file);

// The words of a command line: blanks part them, quotes (' and ") hold them together. Errors:
// kInvalidArgument for a quote without its end.
[[nodiscard]] Result<std::vector<std::string>> words_of(std::string_view line);

}  // namespace fm::jobs
