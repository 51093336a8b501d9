// Cells as text: JSON strings, and keys in manifests.
#pragma once

#include <string>
#include <string_view>

#include "table/row_batch.h"

namespace fm::lake {

// With quotes.
void append_json_text(std::string& out, std::string_view text);
// YYYY-MM-DDTHH:MM:SS[.ffffff]Z: the fraction only where it is not 0.
void append_timestamp(std::string& out, std::int64_t microseconds);
// A JSON value: number, string (also for dates and timestamps), true, false or null.
void append_json_cell(std::string& out, const table::RowBatch& batch, std::size_t column,
                      std::size_t row);
// The key's columns as a JSON array.
[[nodiscard]] std::string key_text(const table::RowBatch& batch, std::size_t row);

}  // namespace fm::lake
