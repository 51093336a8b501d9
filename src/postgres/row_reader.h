// Rows of a table out of a database, batch by batch, in the order of the lake's files.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"
#include "postgres/connection.h"
#include "table/row_stream.h"

namespace fm::postgres {

// The rows for which `condition` is true, as they are now, whatever is written meanwhile. Holds a
// transaction of `db`, which outlives the stream and does nothing else until the stream is gone.
// Errors: kNotFound where there is no such table; kCorrupt for cells that are not the column's.
[[nodiscard]] Result<std::unique_ptr<table::RowStream>> read_rows(Connection& db,
                                                                  const table::Table& table,
                                                                  std::string_view condition);

// One cell as the server sends it in binary form, behind the batch's last row; false when it is not
// a value of the column's type.
[[nodiscard]] bool put_cell(table::RowBatch& rows, std::size_t column, std::size_t row,
                            std::string_view bytes);

}  // namespace fm::postgres
