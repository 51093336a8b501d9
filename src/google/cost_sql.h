// What a project's jobs were billed. GoogleSQL.
#pragma once

#include <string>
#include <string_view>

#include "base/time.h"

namespace fm::google {

// One row with the bytes billed of all jobs created in [from, before), in a location such as "US"
// or "us-central1". Needs the permission bigquery.jobs.listAll.
[[nodiscard]] std::string project_cost_statement(std::string_view project,
                                                 std::string_view location, Date from, Date before);

}  // namespace fm::google
