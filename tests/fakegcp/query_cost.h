// What a statement reads: bytes of the columns and partitions that it names.
#pragma once

#include <string>
#include <vector>

#include "bigquery_catalog.h"
#include "google_sql.h"

namespace fm::fakegcp {

struct QueryCost {
  std::int64_t processed = 0;
  std::int64_t billed = 0;  // whole MiB, at least 10 per table
};

// `name_of` makes a table's name of a path. Refused: a partitioned table that requires a filter
// and has none; whatever a view's query is refused for.
[[nodiscard]] Answer<QueryCost> cost_of(
    Catalog& catalog, const Scope& scope, Words statement, const std::vector<TableUse>& uses,
    const std::function<TableName(const std::vector<std::string>&)>& name_of);

}  // namespace fm::fakegcp
