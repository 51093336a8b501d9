// Rows of a table out of BigQuery, batch by batch, in the order of the lake's files.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"
#include "google/bigquery.h"
#include "table/row_stream.h"

namespace fm::google {

// The rows for which `condition` is true, each cell as a text that is exactly its value:
// microseconds and days as whole numbers, doubles with the 17 digits that tell each from its
// neighbours.
[[nodiscard]] std::string rows_statement(const table::Table& table, const TableName& name,
                                         std::string_view condition);

// The rows as they were when the query ran; one page of them at a time is in memory. `bigquery`
// outlives the stream, whose table is the catalogue's with columns that may all be null. Errors:
// those of the query; kCorrupt for cells that are not the column's.
struct TableRows {
  Job job;
  std::unique_ptr<table::RowStream> rows;
};
[[nodiscard]] Result<TableRows> read_rows(BigQuery& bigquery, const table::Table& table,
                                          const TableName& name, std::string_view condition,
                                          std::int64_t bytes_billed_max);

}  // namespace fm::google
