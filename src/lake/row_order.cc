#include "lake/row_order.h"

#include <algorithm>
#include <bit>
#include <cstdint>

#include "base/assert.h"
#include "lake/merge_rule.h"

namespace fm::lake {
namespace {

using table::RowBatch;
using table::Type;

std::strong_ordering compare_texts(const RowBatch& left, std::size_t left_row,
                                   const RowBatch& right, std::size_t right_row,
                                   std::size_t column) {
  // Neighbours share most of their texts, and one code is one text.
  if (&left == &right && left.text_codes(column)[left_row] == left.text_codes(column)[right_row])
    return std::strong_ordering::equal;
  return left.text(column, left_row) <=> right.text(column, right_row);
}

std::strong_ordering compare_cells(const RowBatch& left, std::size_t left_row,
                                   const RowBatch& right, std::size_t right_row,
                                   std::size_t column) {
  const bool left_null = left.is_null(column, left_row);
  const bool right_null = right.is_null(column, right_row);
  if (left_null || right_null) return right_null <=> left_null;
  switch (left.table().columns[column].type) {
    case Type::kTimestamp:
    case Type::kInt64:
      return left.int64s(column)[left_row] <=> right.int64s(column)[right_row];
    case Type::kDate:
    case Type::kInt32:
      return left.int32s(column)[left_row] <=> right.int32s(column)[right_row];
    case Type::kInt8:
    case Type::kBool:
      return left.int8s(column)[left_row] <=> right.int8s(column)[right_row];
    case Type::kText:
      return compare_texts(left, left_row, right, right_row, column);
    case Type::kDouble:
      // No number has another's bits but for the two zeros and the NaNs, which are told apart here.
      return std::bit_cast<std::uint64_t>(left.doubles(column)[left_row]) <=>
             std::bit_cast<std::uint64_t>(right.doubles(column)[right_row]);
  }
  FM_ASSERT(false);
}

}  // namespace

RowOrder::RowOrder(const table::Table& table) {
  for (const auto& name : table.sort) {
    columns_.push_back(table.column_index(name));
    FM_ASSERT(table.columns[columns_.back()].type != Type::kDouble);
  }
}

std::strong_ordering RowOrder::compare(const RowBatch& left, std::size_t left_row,
                                       const RowBatch& right, std::size_t right_row) const {
  for (const std::size_t column : columns_) {
    const auto order = compare_cells(left, left_row, right, right_row, column);
    if (order != std::strong_ordering::equal) return order;
  }
  return std::strong_ordering::equal;
}

bool same_values(const RowBatch& left, std::size_t left_row, const RowBatch& right,
                 std::size_t right_row, std::span<const std::size_t> left_out) {
  const auto columns = left.table().columns;
  for (std::size_t c = 0; c < columns.size(); ++c)
    if (!columns[c].bookkeeping && std::ranges::find(left_out, c) == left_out.end() &&
        compare_cells(left, left_row, right, right_row, c) != std::strong_ordering::equal)
      return false;
  return true;
}

bool same_content(const RowBatch& left, std::size_t left_row, const RowBatch& right,
                  std::size_t right_row) {
  return same_values(left, left_row, right, right_row, {});
}

std::optional<std::size_t> key_time_column(const table::Table& table) {
  for (const auto& name : table.key)
    if (const std::size_t c = table.column_index(name); table.columns[c].type == Type::kTimestamp)
      return c;
  return std::nullopt;
}

}  // namespace fm::lake
