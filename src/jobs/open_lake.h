// The lake that a job writes to.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/env.h"
#include "base/error.h"
#include "lake/lake.h"

namespace fm::jobs {

struct LakePlace {
  std::string directory;
  std::string state_dir;       // empty: beside the lake
  std::int64_t keep_days = 0;  // for so long what a partition held can be read: query --as-of
};

// Makes the lake and its state folder where they are missing; both by absolute paths. Errors: those
// of lake::Lake::open().
[[nodiscard]] Result<std::unique_ptr<lake::Lake>> open_lake(Env& env, const LakePlace& place);

}  // namespace fm::jobs
