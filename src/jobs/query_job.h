// `frontmonth query`: read-only SQL over the lake's tables and the run state beside it.
#pragma once

#include <string>
#include <string_view>

#include "base/env.h"
#include "base/error.h"
#include "jobs/config.h"

namespace fm::jobs {

// Runs one statement over the lake and state folder of `config` and writes its rows. `format` is
// table, csv or json. Errors: kInvalidArgument for an unknown format or a statement that would
// change something; kNotFound when there is no such lake; kQuery with the engine's words, and the
// nearest table where one is misspelt.
[[nodiscard]] Status run_query(Env& env, const Config& config, std::string_view sql,
                               std::string_view format, WritableFile& out);

}  // namespace fm::jobs
