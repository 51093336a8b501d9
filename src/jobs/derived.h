// What jobs share that make tables of the lake from other tables of the lake.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/env.h"
#include "base/error.h"
#include "jobs/progress.h"
#include "lake/lake.h"

namespace fm::jobs {

// One partition that a run made, or (in a dry run) would make.
struct DerivedPartition {
  std::string table;
  std::string root;
  std::string period;  // "2025", or a day
  std::uint64_t rows = 0;
  bool changed = false;  // other rows than were stored
};

struct DerivedLake {
  std::unique_ptr<lake::Lake> lake;
  std::unique_ptr<FileLock> lock;  // none where nothing is written
};

struct DerivedPlace {
  std::string lake;
  std::string state_dir;       // empty: beside the lake
  std::int64_t keep_days = 0;  // see LakePlace
  bool dry_run = false;
};

// A lake that is there, and the right to make tables from its tables: one run at a time. Errors:
// kNotFound where there is no lake; kBusy (retry) while another run works on it; the lake's.
[[nodiscard]] Result<DerivedLake> open_derived(Env& env, const DerivedPlace& place);

// Names of tables, checked against those that a job makes. Errors: kInvalidArgument, which names
// the nearest.
[[nodiscard]] Status check_tables(const std::vector<std::string>& names,
                                  const std::vector<std::string_view>& made);

// "3 partitions made, 2 changed, 1,234 rows" and, in a dry run, a line for each.
[[nodiscard]] std::string partitions_text(const std::vector<DerivedPartition>& partitions,
                                          bool dry_run);
// [{"table":…,"root":…,"period":…,"rows":…,"changed":…}, …]
[[nodiscard]] std::string partitions_json(const std::vector<DerivedPartition>& partitions);

}  // namespace fm::jobs
