// Runs a program and says what it took.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/env.h"
#include "base/error.h"

namespace fm::bench {

struct ProcessCost {
  double seconds = 0;      // from start to end, start of the program included
  double cpu_seconds = 0;  // of all its threads
  std::uint64_t peak_bytes =
      0;  // of resident memory, as the kernel counted it for this process alone
};

// `command` is a program (searched in PATH) and its arguments. Its standard output goes nowhere.
// Errors: kNotFound when it cannot be started, kCheckFailed when it ends with anything but 0.
[[nodiscard]] Result<ProcessCost> run_process(Env& env, const std::vector<std::string>& command);

}  // namespace fm::bench
