// Rows compared: by the order in which the lake keeps them, and by their content.
#pragma once

#include <compare>
#include <cstddef>
#include <optional>
#include <vector>

#include "table/row_batch.h"

namespace fm::lake {

// By the table's sort columns, nulls first. Rows of one key are equal.
class RowOrder {
 public:
  explicit RowOrder(const table::Table& table);
  [[nodiscard]] std::strong_ordering compare(const table::RowBatch& left, std::size_t left_row,
                                             const table::RowBatch& right,
                                             std::size_t right_row) const;

 private:
  std::vector<std::size_t> columns_;
};

// All columns but bookkeeping; doubles bit by bit.
[[nodiscard]] bool same_content(const table::RowBatch& left, std::size_t left_row,
                                const table::RowBatch& right, std::size_t right_row);

// The timestamp of the key, if it has one.
[[nodiscard]] std::optional<std::size_t> key_time_column(const table::Table& table);

}  // namespace fm::lake
