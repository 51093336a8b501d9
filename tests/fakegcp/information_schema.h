// INFORMATION_SCHEMA: the fake's own state as rows.
#pragma once

#include <string>
#include <vector>

#include "bigquery_catalog.h"
#include "call.h"

namespace fm::fakegcp {

struct Job;

// A relation in DuckDB's SQL for `project.dataset.INFORMATION_SCHEMA.view`, or with a region in
// place of the dataset. Refused: a view that is not modelled.
[[nodiscard]] Answer<std::string> information_schema(Catalog& catalog,
                                                     const std::vector<const Job*>& jobs,
                                                     const std::string& project,
                                                     const std::string& dataset_or_region,
                                                     const std::string& view);

}  // namespace fm::fakegcp
