// `frontmonth continuous`: roll calendar, continuous series and the futures curve.
//
// Every rule, with a worked roll: docs/continuous.md.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "bars/continuous.h"
#include "base/env.h"
#include "base/error.h"
#include "jobs/derived.h"
#include "jobs/progress.h"

namespace fm::jobs {

struct ContinuousOptions {
  DerivedPlace place;
  std::string universe_file;        // empty: the built-in registry
  std::vector<std::string> tables;  // names without dataset; empty: all that continuous makes
  std::vector<std::string> roots;   // empty: all with day bars
  std::vector<std::string> rules;   // as bars::parse_roll_rule() reads them
  std::vector<int> ranks = {0};     // each with each rule
  bool replace = false;             // stored series of other rules go
};

// A root whose series could not be made.
struct RefusedRoot {
  std::string root;
  std::string why;
  std::string advice;
};

struct ContinuousJobReport {
  bool dry_run = false;
  std::vector<bars::SeriesReport> series;
  std::vector<DerivedPartition> partitions;
  std::vector<RefusedRoot> refused;
  double seconds = 0;
};

[[nodiscard]] std::vector<std::string_view> continuous_table_names();

// Errors: kInvalidArgument for rules, ranks and tables that cannot be; kNotFound where there are no
// day bars at all; those of open_derived(), of the registry and of the lake. A root that lacks what
// a rule needs is in the report; the others are made.
[[nodiscard]] Result<ContinuousJobReport> run_continuous(Env& env, const ContinuousOptions& options,
                                                         Progress& progress);

[[nodiscard]] std::string to_text(const ContinuousJobReport& report);
[[nodiscard]] std::string to_json(const ContinuousJobReport& report);

}  // namespace fm::jobs
