// What a job that writes a lake for days does beside its work: removes what is older than its
// retention (daily), and brings the lake's `ops` tables up to date (hourly).
#pragma once

#include <atomic>
#include <functional>
#include <optional>
#include <thread>

#include "base/env.h"
#include "base/error.h"
#include "jobs/open_lake.h"
#include "jobs/ops_to_lake.h"
#include "jobs/retention.h"
#include "lake/lake.h"

namespace fm::jobs {

class Housekeeping {
 public:
  // From which date on copies still need the lake's rows; see RetentionOptions.
  using Needs = std::function<Result<std::optional<Date>>()>;
  Housekeeping(Env& env, lake::Lake& lake, RetentionRules rules, Needs needs)
      : env_(env), lake_(lake), rules_(std::move(rules)), needs_(std::move(needs)) {}

  // What fails is logged, and tried again an hour later.
  void run_when_due();
  // The job is over: the lake's `ops` tables, if they are due.
  void finish();

 private:
  void expire();

  Env& env_;
  lake::Lake& lake_;
  RetentionRules rules_;
  Needs needs_;
  Nanos next_expiry_ = 0;  // both of the monotonic clock
  Nanos next_ops_ = 0;
};

// The same on a thread of its own ("fm-house"), for jobs that must not wait.
class HousekeepingThread {
 public:
  HousekeepingThread(Env& env, lake::Lake& lake, RetentionRules rules, Housekeeping::Needs needs);
  ~HousekeepingThread();  // stops behind the partition in hand
  HousekeepingThread(const HousekeepingThread&) = delete;
  HousekeepingThread& operator=(const HousekeepingThread&) = delete;

 private:
  Env& env_;
  Housekeeping housekeeping_;
  std::atomic<bool> stopping_ = false;
  std::thread thread_;  // last: starts when everything else is there
};

// At the end of a job whose lake is closed: its `ops` tables, if they are due. What fails is
// logged.
void keep_ops_in_lake(Env& env, const LakePlace& place);

}  // namespace fm::jobs
