// `frontmonth rollup`: hours and trade dates from minutes, bars of candles from seconds.
//
// What is made from what, and when it is made again: docs/bars.md.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/env.h"
#include "base/error.h"
#include "base/time.h"
#include "jobs/derived.h"
#include "jobs/progress.h"

namespace fm::jobs {

struct RollupOptions {
  DerivedPlace place;
  std::string universe_file;        // empty: the built-in registry
  std::vector<std::string> tables;  // names without dataset; empty: all that rollup makes
  std::vector<std::string> roots;   // empty: all
  std::optional<Date> from;         // partitions without a date in [from, to] stay as they are
  std::optional<Date> to;
};

struct RollupReport {
  bool dry_run = false;
  std::vector<DerivedPartition> partitions;  // that were due
  std::uint64_t utc_days = 0;                // day bars made from bars of UTC days
  std::uint64_t merged_sundays = 0;          // of them: with a Sunday's bar in them
  double seconds = 0;
};

[[nodiscard]] std::vector<std::string_view> rollup_tables();

// Errors: kInvalidArgument for a table that is not made here; those of open_derived(), of the
// registry and of the lake. Partitions change one by one, each in one step: after an error, or a
// kill, the next run makes the others.
[[nodiscard]] Result<RollupReport> run_rollup(Env& env, const RollupOptions& options,
                                              Progress& progress);

[[nodiscard]] std::string to_text(const RollupReport& report);
[[nodiscard]] std::string to_json(const RollupReport& report);

}  // namespace fm::jobs
