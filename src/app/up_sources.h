// What the server may ask of `frontmonth up`: health of everything, and the schedule.
#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/env.h"
#include "jobs/config.h"
#include "jobs/health.h"
#include "jobs/lake_health.h"
#include "schedule/scheduler.h"
#include "server/sources.h"

namespace fm::app {

// The lake's lines, and what the parts add to them.
class UpHealth final : public jobs::HealthSource {
 public:
  explicit UpHealth(const jobs::LakeHealth& lake) : lake_(lake) {}
  // Before anybody asks. `add` is called by whoever asks, from any thread.
  void include(std::function<void(jobs::HealthReport&)> add) { adders_.push_back(std::move(add)); }

  [[nodiscard]] jobs::HealthReport health() const override;

 private:
  const jobs::LakeHealth& lake_;
  std::vector<std::function<void(jobs::HealthReport&)>> adders_;
};

class UpSchedule final : public server::ScheduleSource {
 public:
  UpSchedule(Env& env, const schedule::Scheduler& scheduler, std::string state_dir)
      : env_(env), scheduler_(scheduler), state_dir_(std::move(state_dir)) {}

  [[nodiscard]] std::vector<server::ScheduledJob> jobs() const override;
  [[nodiscard]] Result<std::string> log_of(std::string_view run_id,
                                           std::uint64_t bytes_max) const override;

 private:
  Env& env_;
  const schedule::Scheduler& scheduler_;
  const std::string state_dir_;
};

// What the copies in the cloud cost. Google is asked at most once in kCostsAge: a page that stays
// open must not cost requests.
class UpCosts {
 public:
  static constexpr Nanos kCostsAge = 300 * kNanosPerSecond;

  UpCosts(Env& env, jobs::Config config, Variables variables)
      : env_(env), config_(std::move(config)), variables_(std::move(variables)) {}

  // As `frontmonth cost --json` says it. Errors: those of run_cost; they are kept for as long.
  [[nodiscard]] Result<std::string> json();

 private:
  [[nodiscard]] Result<std::string> ask();

  Env& env_;
  const jobs::Config config_;
  const Variables variables_;
  std::mutex mutex_;
  std::optional<Result<std::string>> last_;
  Nanos asked_at_ = 0;  // monotonic
};

// Each job as a part of the health report.
void add_jobs(const std::vector<schedule::JobState>& jobs, jobs::HealthReport& report);

}  // namespace fm::app
