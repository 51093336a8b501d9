// The batch jobs of the historical service: a queue, one thread that writes files, and a list.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "gateway/batch_files.h"

namespace fm::gateway {

inline constexpr std::size_t kJobsMax = 200;  // kept at once; a further one is refused

enum class JobState { kQueued, kProcessing, kDone, kExpired };
[[nodiscard]] std::string_view name(JobState state);

struct Job {
  JobPlan plan;
  JobState state = JobState::kQueued;
  int progress = 0;
  Nanos received = 0;
  Nanos process_start = 0;  // 0: not yet
  Nanos process_done = 0;
  double cost_usd = 0;
  JobResult result;  // when done

  [[nodiscard]] Nanos expiration() const;  // 30 days after it was done
  [[nodiscard]] std::uint64_t package_bytes() const;
};

class BatchJobs {
 public:
  // Each job gets a folder in `directory`, which is made when first needed.
  BatchJobs(Env& env, std::shared_ptr<const Archive> archive, std::string directory);
  ~BatchJobs();  // stops the job under way
  BatchJobs(const BatchJobs&) = delete;
  BatchJobs& operator=(const BatchJobs&) = delete;

  // The plan's id and the job's name in its URL are set here. Errors: 429 beyond kJobsMax.
  [[nodiscard]] Answer<Job> submit(JobPlan plan, double cost_usd);
  // Errors: 404.
  [[nodiscard]] Answer<Job> find(std::string_view id);
  [[nodiscard]] std::vector<Job> list();  // in the order of arrival
  [[nodiscard]] std::string path_of(const Job& job, std::string_view file) const;

 private:
  void work();
  void run();
  void expire();
  [[nodiscard]] std::string new_id(std::string_view dataset);

  Env& env_;
  std::shared_ptr<const Archive> archive_;
  std::string directory_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Job> jobs_;  // only grows, so that indices stay
  std::size_t next_ = 0;  // the first job that has not been begun
  bool is_stopping_ = false;
  std::thread thread_;
};

}  // namespace fm::gateway
