// The rows of ops.sqlite in the lake's tables of dataset `ops`, for whoever reads the lake alone:
// other tools, copies elsewhere. `query` goes on showing the rows of ops.sqlite themselves.
#pragma once

#include <cstdint>

#include "base/env.h"
#include "base/error.h"
#include "lake/lake.h"
#include "ops/state.h"

namespace fm::jobs {

struct OpsToLakeReport {
  std::uint64_t months = 0;          // partitions that ops.sqlite has rows of
  std::uint64_t months_changed = 0;  // that were written
  std::uint64_t rows = 0;            // of these
};

// Rows take the place of those with the same key, month by month; a month whose rows the lake has
// already is not touched. What was removed from ops.sqlite stays in the lake. Errors: those of
// both.
[[nodiscard]] Result<OpsToLakeReport> append_ops_to_lake(lake::Lake& lake, ops::State& state);

// Whether an hour has passed since the lake's rows of runs were written last.
[[nodiscard]] Result<bool> ops_are_due(const lake::Lake& lake);

// Opens ops.sqlite of the lake's state folder; nothing to do where there is none.
[[nodiscard]] Result<OpsToLakeReport> append_ops_to_lake(Env& env, lake::Lake& lake);

}  // namespace fm::jobs
