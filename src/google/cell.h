// Cells of a table as rows_statement() has BigQuery write them.
#pragma once

#include <cstddef>
#include <string_view>

#include "table/row_batch.h"

namespace fm::google {

// Behind the batch's last row; false when the text is not a value of the column's type.
[[nodiscard]] bool put_cell(table::RowBatch& rows, std::size_t column, std::size_t row,
                            std::string_view text);

}  // namespace fm::google
