// `frontmonth query`: read-only SQL over the lake's tables and the run state beside it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/env.h"
#include "base/error.h"
#include "base/time.h"
#include "jobs/config.h"

namespace fm::jobs {

struct QueryJobOptions {
  std::string format = "table";  // or csv, json
  // The lake's rows as they were then; those of the run state are as they are now.
  std::optional<Nanos> as_of = {};
};

// Runs one statement over the lake and state folder of `config` and writes its rows. Errors:
// kInvalidArgument for an unknown format, a statement that would change something or a time that is
// still to come; kNotFound when there is no such lake, or what it held then is no longer kept;
// kTimedOut after query.timeout_s; kQuery with the engine's words, and the nearest table where one
// is misspelt. Rows beyond query.rows_max are left out with a warning.
[[nodiscard]] Status run_query(Env& env, const Config& config, std::string_view sql,
                               const QueryJobOptions& options, WritableFile& out);

}  // namespace fm::jobs
