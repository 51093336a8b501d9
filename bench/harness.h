// Paired measurements: a figure means little on a busy machine, its ratio to a known one on the
// same machine in the same minute means much. Both are run in turn, so that what slows one slows
// the other.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/env.h"
#include "base/error.h"

namespace fm::bench {

// One of the two things compared: does the whole work once and returns how many seconds it took.
using Measure = std::function<Result<double>()>;

struct Row {
  std::string id;        // for machines: "decode_raw"
  std::string work;      // for people
  std::string baseline;  // what it is compared with
  std::string unit;      // of `amount`: "records", "rows"
  double amount = 0;     // how much one run does
  double at_least = 0;   // smallest ratio to the baseline
  std::optional<double> aim;
  std::optional<double> baseline_at_least;  // per second; a slower baseline voids the figure
  bool one_core = false;                    // both run pinned to one core, by CPU time
  std::string note;  // for people: what else the baseline should be read with
  Measure measure_ours;
  Measure measure_baseline;
};

struct Figures {
  std::vector<double> per_second;  // in the order of the runs
  [[nodiscard]] double median() const;
  [[nodiscard]] double worst() const;
};

struct Outcome {
  Row row;
  Figures ours;
  Figures baseline;
  Figures ratio;  // pair by pair
  bool is_void = false;
  [[nodiscard]] bool reached() const { return ratio.median() >= row.at_least; }
};

// One run of each to warm up, then `pairs` of them. Errors: the first of either.
[[nodiscard]] Result<Outcome> measure(const Row& row, int pairs);

// CPU time of this process so far, system calls included. For work on one thread with its input in
// the page cache it passes like the wall clock of an idle machine, and a busy machine cannot
// stretch it.
[[nodiscard]] double cpu_seconds();
// The CPU time that `work` takes.
[[nodiscard]] Result<double> time_cpu(const std::function<Status()>& work);

// Keeps `value` and what made it from being optimised away.
template <class T>
void keep(const T& value) {
  asm volatile("" : : "r,m"(value) : "memory");
}

}  // namespace fm::bench
