// Two streams of rows of one table, both in the order of the key, cell by cell.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "base/error.h"
#include "table/row_stream.h"

namespace fm::jobs {

struct RowCounts {
  std::uint64_t expected = 0;
  std::uint64_t found = 0;
  std::uint64_t different = 0;  // missing, extra, or with other cells
};

// Told of every row that differs: the batch and row that show its key, and how ("missing", "extra",
// "volume: 12, expected 14").
using DifferenceReceiver =
    std::function<void(const table::RowBatch& batch, std::size_t row, const std::string& what)>;

// `key_column` is a timestamp, and the only key column that changes within the streams. Bookkeeping
// columns are left out. Errors: those of the streams.
[[nodiscard]] Result<RowCounts> compare_rows(table::RowStream& expected, table::RowStream& found,
                                             std::size_t key_column,
                                             const DifferenceReceiver& receive);

}  // namespace fm::jobs
