// The whole program behind main(): parses the command line, runs one subcommand, words what went
// wrong.
#pragma once

#include <string>
#include <vector>

#include "base/env.h"
#include "base/error.h"
#include "jobs/config.h"

namespace fm::cli {

// `arguments` begin with the program as it was called. Returns the exit code.
[[nodiscard]] int run(Env& env, std::vector<std::string> arguments, Variables environment);

// As people read it:
//   frontmonth: trades.dbn.zst: record 48,211 at byte 2,362,380: length 12 is shorter than a header
//   (16).
//               The file is damaged from here on; `--salvage` keeps the 48,210 records before it.
[[nodiscard]] std::string to_text(const Error& error);

}  // namespace fm::cli
