#include "gateway/batch_jobs.h"

#include <algorithm>

#include "base/log.h"
#include "base/thread.h"

namespace fm::gateway {
namespace {

constexpr Nanos kKeptFor = 30 * kNanosPerDay;
constexpr std::size_t kRandomCharacters = 10;

}  // namespace

std::string_view name(JobState state) {
  switch (state) {
    case JobState::kQueued:
      return "queued";
    case JobState::kProcessing:
      return "processing";
    case JobState::kDone:
      return "done";
    default:
      return "expired";
  }
}

Nanos Job::expiration() const { return process_done == 0 ? 0 : process_done + kKeptFor; }

std::uint64_t Job::package_bytes() const {
  std::uint64_t bytes = 0;
  for (const JobFile& file : result.files) bytes += file.size_bytes;
  return bytes;
}

BatchJobs::BatchJobs(Env& env, std::shared_ptr<const Archive> archive, std::string directory)
    : env_(env),
      archive_(std::move(archive)),
      directory_(std::move(directory)),
      thread_([this] { work(); }) {}

BatchJobs::~BatchJobs() {
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
    changed_.notify_all();
  }
  thread_.join();
}

// "GLBX-20250602-C83SEA9BN7"
std::string BatchJobs::new_id(std::string_view dataset) {
  constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
  std::string out = fmt::format("{}-{}-", dataset.substr(0, dataset.find('.')),
                                Date::of_second(second_of(env_.now())).yyyymmdd());
  for (std::size_t i = 0; i < kRandomCharacters; ++i)
    out += kLetters[env_.random() % kLetters.size()];
  return out;
}

std::string BatchJobs::path_of(const Job& job, std::string_view file) const {
  return join(join(directory_, job.plan.id), file);
}

Answer<Job> BatchJobs::submit(JobPlan plan, double cost_usd) {
  const std::lock_guard lock(mutex_);
  expire();
  const auto is_kept = [](const Job& job) { return job.state != JobState::kExpired; };
  if (std::ranges::count_if(jobs_, is_kept) >= static_cast<std::ptrdiff_t>(kJobsMax))
    return refuse(429, "batch_too_many_jobs", "{} jobs are kept at most", kJobsMax);
  plan.id = new_id(plan.data.request.dataset);
  plan.url += plan.id + "/";
  Job job;
  job.plan = std::move(plan);
  job.received = env_.now();
  job.cost_usd = cost_usd;
  jobs_.push_back(std::move(job));
  changed_.notify_all();
  return jobs_.back();
}

// Forgets what is over; the front of the list alone, so that indices of waiting jobs stay.
void BatchJobs::expire() {
  for (Job& job : jobs_)
    if (job.state == JobState::kDone && env_.now() > job.expiration()) {
      job.state = JobState::kExpired;
      if (const Status removed = remove_tree(env_, join(directory_, job.plan.id)); !removed)
        log_warning("job {}: {}", job.plan.id, removed.error().message());
    }
  while (jobs_.size() > 2 * kJobsMax && next_ > 0 && jobs_.front().state == JobState::kExpired) {
    jobs_.pop_front();
    --next_;
  }
}

Answer<Job> BatchJobs::find(std::string_view id) {
  const std::lock_guard lock(mutex_);
  expire();
  for (const Job& job : jobs_)
    if (job.plan.id == id) return job;
  return refuse(404, "batch_job_not_found", "There is no job '{}'", id.substr(0, 64));
}

std::vector<Job> BatchJobs::list() {
  const std::lock_guard lock(mutex_);
  expire();
  return {jobs_.begin(), jobs_.end()};
}

void BatchJobs::work() {
  name_thread("fm-batch");
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return is_stopping_ || next_ < jobs_.size(); });
      if (is_stopping_) return;
    }
    run();
  }
}

void BatchJobs::run() {
  JobPlan plan;
  {
    const std::lock_guard lock(mutex_);
    Job& job = jobs_[next_];
    job.state = JobState::kProcessing;
    job.process_start = env_.now();
    plan = job.plan;
  }
  // Only this thread moves next_ forward, and expire() takes nothing that is not done.
  const auto change = [&](auto&& how) {
    const std::lock_guard lock(mutex_);
    how(jobs_[next_]);
  };
  const JobProgress progress{
      .report = [&](int percent) { change([&](Job& job) { job.progress = percent; }); },
      .is_stopping =
          [&] {
            const std::lock_guard lock(mutex_);
            return is_stopping_;
          }};
  const std::string folder = join(directory_, plan.id);
  const auto write = [&]() -> Result<JobResult> {
    FM_TRY(env_.make_directories(folder));
    return write_job(env_, *archive_, plan, folder, progress);
  };
  Result<JobResult> result = write();
  if (!result) {
    log(LogLevel::kError, fmt::format("job {}: {}", plan.id, result.error().message()));
    static_cast<void>(remove_tree(env_, folder));
  }
  change([&](Job& job) {
    job.process_done = env_.now();
    job.progress = 100;
    job.state = result ? JobState::kDone : JobState::kExpired;
    if (result) job.result = *std::move(result);
    ++next_;
  });
}

}  // namespace fm::gateway
