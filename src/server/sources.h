// What runs in this process beside the server and can be asked by it. All of it may be absent:
// then the server shows what lies on the disk.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/time.h"

namespace fm::jobs {
class HealthSource;
}

namespace fm::server {

class RowHub;

struct ScheduledJob {
  std::string name;
  std::string command;   // "candles --lake …", as a user would type it; no secrets
  std::string cron;      // "30 17 * * 1-5"
  std::string timezone;  // "America/Chicago"
  std::optional<Second> next;
  bool running = false;
  std::optional<std::string> last_run_id;  // of ops.job_runs
};

// The schedule of this process, from any thread. Runs are in ops.job_runs, their logs in
// STATE/logs.
class ScheduleSource {
 public:
  virtual ~ScheduleSource() = default;
  [[nodiscard]] virtual std::vector<ScheduledJob> jobs() const = 0;
  // What a run wrote, at most `bytes_max` of its end. Errors: kNotFound.
  [[nodiscard]] virtual Result<std::string> log_of(std::string_view run_id,
                                                   std::uint64_t bytes_max) const = 0;
};

struct Sources {
  const jobs::HealthSource* health = nullptr;
  RowHub* rows = nullptr;
  const ScheduleSource* schedule = nullptr;
  // The configuration in force as YAML, secrets as "•••". Empty: there is none to show.
  std::function<std::string()> config_yaml = {};
  // What the copies in the cloud cost, as `frontmonth cost --json` says it. Empty: there are none.
  std::function<Result<std::string>()> costs_json = {};
};

}  // namespace fm::server
