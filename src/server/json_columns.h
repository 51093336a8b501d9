// Rows as columns of JSON, and as CSV. Made for charts: 50,000 rows in some 20 ms.
//
//   "columns":["time","open","symbol"],"types":{"time":"time","open":"double","symbol":"text"},
//   "rows":3,"data":{"time":[…],"open":[…],"symbol":{"runs":[["ESM5",3]]}}
//
// Timestamps are whole seconds since 1970 and of type "time"; texts and dates are run-length coded:
// [value, how often]; a double has the fewest digits that read back the same; NULL is null.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "server/frame.h"

namespace fm::server {

// Places of columns in the table, by name. Errors: kInvalidArgument, naming the nearest.
[[nodiscard]] Result<std::vector<std::size_t>> find_columns(
    const table::Table& table, std::span<const std::string_view> names);
[[nodiscard]] std::vector<std::size_t> every_column(const table::Table& table);

// The fields above, without the braces around them.
[[nodiscard]] std::string json_columns(const Frame& frame, std::span<const std::size_t> columns);

// A header line; timestamps as 2025-06-16T13:30:00Z, NULL an empty cell.
[[nodiscard]] std::string csv_rows(const Frame& frame, std::span<const std::size_t> columns);

// One cell as a JSON value.
void append_cell(std::string& out, const table::RowBatch& batch, std::size_t column,
                 std::size_t row);

}  // namespace fm::server
