// Runs a program and says what it took.
//
// On Linux a program's peak memory begins with that of whoever started it, and this one holds large
// inputs. So each is started by a fresh copy of this program that holds nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/env.h"
#include "base/error.h"

namespace fm::bench {

struct ProcessCost {
  double seconds = 0;            // from start to end, start of the program included
  double cpu_seconds = 0;        // of all its threads
  std::uint64_t peak_bytes = 0;  // of resident memory; never under the few MiB of the copy
};

// `command` is a program (searched in PATH) and its arguments. Its standard output goes nowhere.
// Errors: kNotFound when it cannot be started, kCheckFailed when it ends with anything but 0.
[[nodiscard]] Result<ProcessCost> run_process(const std::vector<std::string>& command);

// The number behind a word of what a program has said: "Requests/sec:  10234.56", "99%   1.20ms".
// Errors: kCheckFailed.
[[nodiscard]] Result<double> figure_after(std::string_view said, std::string_view word);

// Measures a program that touches a known amount of memory while this one holds more. Errors:
// kCheckFailed when what was measured is not what it touched.
[[nodiscard]] Status check_peak_bytes();

// What the copies do. To be asked before anything else in main(): an exit code when this is one.
[[nodiscard]] std::optional<int> run_as_copy(int count, char** values);

}  // namespace fm::bench
