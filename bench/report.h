// The results for people and for machines.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "harness.h"
#include "rows.h"

namespace fm::bench {

struct Report {
  std::string cpu;
  unsigned cores = 0;
  bool quick = false;
  std::vector<Outcome> outcomes;
  std::vector<Limit> limits;
  std::vector<Density> densities;
  std::optional<Memory> memory;
  std::vector<std::string> failed;  // ids of rows that could not be measured

  [[nodiscard]] bool any_void() const;
  // Everything at or over its limit. Quick runs are too short to fail.
  [[nodiscard]] bool reached() const;
};

[[nodiscard]] std::string to_table(const Report& report);
[[nodiscard]] std::string to_json(const Report& report);

// "Intel(R) Xeon(R) Processor @ 2.50GHz"; empty where the system does not say.
[[nodiscard]] std::string cpu_name(Env& env);

}  // namespace fm::bench
