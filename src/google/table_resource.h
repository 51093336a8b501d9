// The catalogue's tables and datasets as BigQuery's API describes them.
#pragma once

#include <optional>
#include <string>

#include "google/bigquery.h"
#include "google/json.h"
#include "table/catalogue.h"

namespace fm::google {

// {"fields":[…]}: names, types, modes, descriptions, in the catalogue's order.
[[nodiscard]] std::string schema_json(const table::Table& table);
struct TableLife {
  std::optional<Nanos> expires_at = {};  // when it goes by itself: staging tables, which then take
                                         // queries without a partition filter
  int expire_days = 0;                   // when its partitions go; 0: never
};
// A table as it is created: schema, a partition for each day of the partition column, cluster,
// description, partition filter.
[[nodiscard]] std::string table_json(const table::Table& table, const TableName& name,
                                     const TableLife& life = {});
// What of it can be changed later: all but schema and partition column.
[[nodiscard]] std::string description_json(const table::Table& table, const TableLife& life = {});
// The schema of a table that is there, with missing columns behind its own and none required.
[[nodiscard]] std::string merged_schema_json(const table::Table& table, const Json& resource);
// What a table that is there has otherwise than the catalogue. Missing columns can be added and
// required ones relaxed; nothing else can be mended without another table.
struct TableDifference {
  std::vector<std::string> missing_columns = {};
  std::vector<std::string> required_columns = {};
  std::vector<std::string> other = {};  // "column close: FLOAT; expected INTEGER"
  [[nodiscard]] bool empty() const {
    return missing_columns.empty() && required_columns.empty() && other.empty();
  }
};
[[nodiscard]] TableDifference difference_of(const table::Table& table, const Json& resource);
// Errors: kConflict with the first difference.
[[nodiscard]] Status check_schema(const table::Table& table, const Json& resource,
                                  std::string_view name);
[[nodiscard]] std::string dataset_json(std::string_view project, std::string_view dataset,
                                       std::string_view location);

}  // namespace fm::google
