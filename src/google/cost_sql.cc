#include "google/cost_sql.h"

#include <fmt/core.h>

namespace fm::google {

std::string project_cost_statement(std::string_view project, std::string_view location, Date from,
                                   Date before) {
  std::string region(location);
  for (char& c : region)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return fmt::format(
      "SELECT SUM(total_bytes_billed) FROM "
      "`{}`.`region-{}`.INFORMATION_SCHEMA.JOBS_BY_PROJECT "
      "WHERE creation_time >= TIMESTAMP '{}T00:00:00Z' AND creation_time < TIMESTAMP "
      "'{}T00:00:00Z'",
      project, region, from.iso(), before.iso());
}

}  // namespace fm::google
