// What runs over a file output and over the lake share; private to the candles job.
#pragma once

#include <memory>

#include "candles/engine.h"
#include "jobs/candles_job.h"
#include "jobs/merge.h"

namespace fm::jobs {

// Errors: kInvalidArgument.
[[nodiscard]] Result<candles::EngineOptions> engine_options(const CandlesOptions& options);

// What rows depend on besides their records, as JSON. A registry of one's own changes thresholds
// and sessions: its rows never replace others silently.
[[nodiscard]] Result<std::string> parameters_json(Env& env, const candles::EngineOptions& options,
                                                  const std::string& universe_file);

// Reports at most ten times a second.
class ProgressGate {
 public:
  ProgressGate(Env& env, Progress& progress) : env_(env), progress_(progress) {}
  void at(const ProgressPoint& point);

 private:
  Env& env_;
  Progress& progress_;
  Nanos next_ = 0;
};

// Errors: kNotFound when nothing is left to read.
[[nodiscard]] Status check_something_to_read(const InputPlan& plan);

void add_input_counts(const InputPlan& plan, const MergedInputs& inputs, CandlesReport& report);

// The statistics file's text: the counts and stints of the report.
[[nodiscard]] std::string stats_json(const CandlesReport& report);

[[nodiscard]] Result<CandlesReport> run_to_file(Env& env, const CandlesOptions& options,
                                                Progress& progress);
[[nodiscard]] Result<CandlesReport> run_to_lake(Env& env, const CandlesOptions& options,
                                                Progress& progress);

}  // namespace fm::jobs
