// Rows of any table of the catalogue as CSV or JSON lines, columns in the catalogue's order.
// Null is an empty cell or `null`; doubles are the shortest text that reads back the same; times
// are YYYY-MM-DDTHH:MM:SS[.ffffff]Z.
#pragma once

#include <string>

#include "table/row_batch.h"

namespace fm::jobs {

// The header row, with its line end.
[[nodiscard]] std::string csv_header(const table::Table& table);
void append_csv(const table::RowBatch& rows, std::string& out);
void append_json_lines(const table::RowBatch& rows, std::string& out);

// With its quotes. Bytes that are not UTF-8 become \u0080 … \u00ff, so that the result is JSON
// whatever came in.
void append_json_string(std::string_view text, std::string& out);

}  // namespace fm::jobs
