// Years of one-minute bars in a lake: the input of what works on history.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "lake/lake.h"
#include "rows.h"

namespace fm::bench {

struct MinutesLake {
  std::string directory;           // its state lies in `directory`-state
  std::vector<std::string> files;  // Parquet
  std::uint64_t rows = 0;
};

// Every minute in session of seven roots and three years, of four contracts each. Made once and
// kept; a quick run has a few minutes of each year.
[[nodiscard]] Result<std::shared_ptr<MinutesLake>> ensure_minutes(const Context& context);

[[nodiscard]] Result<std::unique_ptr<lake::Lake>> open_minutes(const Context& context,
                                                               const std::string& directory);

}  // namespace fm::bench
