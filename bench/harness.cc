#include "harness.h"

#include <sched.h>
#include <time.h>

#include <algorithm>

#include "base/assert.h"

namespace fm::bench {
namespace {

double middle_of(std::vector<double> values) {
  FM_ASSERT(!values.empty());
  std::sort(values.begin(), values.end());
  const std::size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

// Holds the process to the core it is on.
class OneCore {
 public:
  explicit OneCore(bool wanted) : wanted_(wanted) {
    if (!wanted_) return;
    sched_getaffinity(0, sizeof before_, &before_);
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(static_cast<std::size_t>(std::max(0, sched_getcpu())), &one);
    sched_setaffinity(0, sizeof one, &one);
  }
  ~OneCore() {
    if (wanted_) sched_setaffinity(0, sizeof before_, &before_);
  }
  OneCore(const OneCore&) = delete;
  OneCore& operator=(const OneCore&) = delete;

 private:
  bool wanted_;
  cpu_set_t before_{};
};

}  // namespace

double Figures::median() const { return middle_of(per_second); }
double Figures::worst() const { return *std::min_element(per_second.begin(), per_second.end()); }

Result<Outcome> measure(const Row& row, int pairs) {
  FM_ASSERT(pairs > 0 && row.amount > 0);
  const OneCore core(row.one_core);
  Outcome outcome{row, {}, {}, {}, false};
  FM_TRY(row.measure_baseline());
  FM_TRY(row.measure_ours());
  for (int pair = 0; pair < pairs; ++pair) {
    FM_ASSIGN(const double baseline, row.measure_baseline());
    FM_ASSIGN(const double ours, row.measure_ours());
    outcome.baseline.per_second.push_back(row.amount / baseline);
    outcome.ours.per_second.push_back(row.amount / ours);
    outcome.ratio.per_second.push_back(baseline / ours);
  }
  outcome.is_void = row.baseline_at_least && outcome.baseline.median() < *row.baseline_at_least;
  return outcome;
}

double cpu_seconds() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

Result<double> time_cpu(const std::function<Status()>& work) {
  const double begin = cpu_seconds();
  FM_TRY(work());
  return cpu_seconds() - begin;
}

}  // namespace fm::bench
