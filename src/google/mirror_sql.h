// The statements by which the mirror makes rows of a table equal to staged ones. GoogleSQL.
#pragma once

#include <string>
#include <vector>

#include "base/time.h"
#include "google/bigquery.h"
#include "table/catalogue.h"

namespace fm::google {

// Rows of a table: [from, before) of its partition column, and of some roots where it has roots.
struct RowScope {
  Date from, before;
  std::vector<std::string> roots = {};
};

// "`ts_date` >= DATE '2025-01-01' AND … AND `root` IN ('ES', 'NQ')", with `alias.` before names.
[[nodiscard]] std::string scope_condition(const table::Table& table, const RowScope& scope,
                                          std::string_view alias = "");

// Makes the rows of `target` within the scope those of `staging`, in one atomic step: equal rows
// are not written, bookkeeping columns keep the first load's value, others are removed. The
// constant condition on the partition column keeps other partitions from being read and paid for.
[[nodiscard]] std::string merge_statement(const table::Table& table, const TableName& target,
                                          const TableName& staging, const RowScope& scope);
// The same with any relation as the source, and a condition on `t` as the scope.
[[nodiscard]] std::string merge_statement(const table::Table& table, const TableName& target,
                                          std::string_view source, std::string_view scope);
[[nodiscard]] std::string delete_statement(const table::Table& table, const TableName& target,
                                           const RowScope& scope);
[[nodiscard]] std::string count_statement(const table::Table& table, const TableName& target,
                                          const RowScope& scope);

}  // namespace fm::google
