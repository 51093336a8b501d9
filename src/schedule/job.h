// A job as the schedule knows it: what to run, when, and what to do when that fails.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/time.h"
#include "jobs/config_lists.h"
#include "schedule/cron.h"

namespace fm::schedule {

struct Job {
  jobs::JobConfig config;
  Cron cron;
};

// Errors: kInvalidConfig with the job's place in the file, for a time or a zone that cannot be, and
// for a command that never ends (`up`, `live`, `poll` without --once, `replay`).
[[nodiscard]] Result<std::vector<Job>> make_jobs(const std::vector<jobs::JobConfig>& configs);

// How the last run of a job went. kTemporary may be better the next time.
enum class Outcome : std::uint8_t { kNone, kSuccess, kFailure };

struct JobState {
  std::string name;
  std::string command;  // "rollup --from 2025-01-01"
  std::string cron;
  std::string timezone;                     // as it was configured
  std::optional<Second> next = {};          // when it is due, jitter and retries included
  std::optional<std::string> running = {};  // the name of the run under way
  std::optional<std::string> last_run_id = {};
  Outcome last = Outcome::kNone;
  std::string last_error = {};  // of the last run that ended; empty after a success
  std::optional<Second> last_ended = {};
  std::uint64_t failures = 0;  // in a row
  bool will_retry = false;     // before its next time
  std::uint64_t skipped = 0;   // times at which it was still running
};

}  // namespace fm::schedule
