#include "app/up_sources.h"

#include <algorithm>
#include <cstddef>
#include <span>

#include "base/json_text.h"
#include "jobs/cloud.h"
#include "jobs/cost.h"

namespace fm::app {
namespace {

std::string time_or_null(const std::optional<Second>& time) {
  return time ? json_quoted(iso_second(*time)) : "null";
}

jobs::PartState state_of(const schedule::JobState& job) {
  if (job.running) return jobs::PartState::kRunning;
  const bool failed = job.last == schedule::Outcome::kFailure && !job.will_retry;
  return failed ? jobs::PartState::kFailed : jobs::PartState::kWaiting;
}

}  // namespace

jobs::HealthReport UpHealth::health() const {
  jobs::HealthReport report = lake_.health();
  for (const auto& add : adders_) add(report);
  return report;
}

Result<std::string> UpCosts::json() {
  const std::lock_guard lock(mutex_);
  const Nanos now = env_.monotonic();
  if (!last_ || now >= asked_at_ + kCostsAge) {
    last_ = ask();
    asked_at_ = now;
  }
  return *last_;
}

Result<std::string> UpCosts::ask() {
  FM_ASSIGN(jobs::CloudPlace place, jobs::open_cloud(env_, variables_, config_));
  FM_ASSIGN(const jobs::CostReport report, jobs::run_cost(env_, config_, place, {}));
  return jobs::to_json(report);
}

std::vector<server::ScheduledJob> UpSchedule::jobs() const {
  std::vector<server::ScheduledJob> jobs;
  for (const schedule::JobState& state : scheduler_.states())
    jobs.push_back({.name = state.name,
                    .command = state.command,
                    .cron = state.cron,
                    .timezone = state.timezone,
                    .next = state.next,
                    .running = state.running.has_value(),
                    .last_run_id = state.running ? state.running : state.last_run_id});
  return jobs;
}

Result<std::string> UpSchedule::log_of(std::string_view run_id, std::uint64_t bytes_max) const {
  // It becomes part of a path: nothing but what names of runs are made of.
  const bool is_name =
      !run_id.empty() && run_id.size() <= 100 && std::ranges::all_of(run_id, [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
               c == '-' || c == '_';
      });
  if (!is_name) return fail(Code::kNotFound, "no run has such a name");
  const std::string path = join(join(state_dir_, "logs"), fmt::format("{}.log", run_id));
  const auto info = env_.info(path);
  if (!info) return fail(Code::kNotFound, "run {} has left no log", run_id);
  FM_ASSIGN(const auto file, env_.open(path));
  if (info->size_bytes > bytes_max) FM_TRY(file->seek(info->size_bytes - bytes_max));
  std::string text(std::min<std::uint64_t>(info->size_bytes, bytes_max), '\0');
  std::size_t filled = 0;
  while (filled < text.size()) {
    FM_ASSIGN(const std::size_t got,
              file->read(std::as_writable_bytes(std::span(text)).subspan(filled)));
    if (got == 0) break;
    filled += got;
  }
  text.resize(filled);
  return text;
}

void add_jobs(const std::vector<schedule::JobState>& jobs, jobs::HealthReport& report) {
  for (const schedule::JobState& job : jobs) {
    jobs::PartHealth part;
    part.name = "job " + job.name;
    part.kind = "job";
    part.state = state_of(job);
    part.last_error = job.last_error;
    if (!job.last_error.empty()) part.last_error_at = job.last_ended;
    part.detail = fmt::format(
        R"({{"command":{},"next":{},"last_run_id":{},"failures":{},"skipped":{}}})",
        json_quoted(job.command), time_or_null(job.next),
        job.last_run_id ? json_quoted(*job.last_run_id) : "null", job.failures, job.skipped);
    report.parts.push_back(std::move(part));
  }
}

}  // namespace fm::app
