#include "google/cell.h"

#include <charconv>
#include <span>

namespace fm::google {
namespace {

using table::Type;

template <class Value>
bool put(std::span<Value> values, std::size_t row, std::string_view text) {
  const char* const end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, values[row]);
  return error == std::errc() && stopped == end;
}

}  // namespace

bool put_cell(table::RowBatch& rows, std::size_t column, std::size_t row, std::string_view text) {
  switch (rows.table().columns[column].type) {
    case Type::kTimestamp:
    case Type::kInt64:
      return put(rows.int64s(column), row, text);
    case Type::kDate:
    case Type::kInt32:
      return put(rows.int32s(column), row, text);
    case Type::kInt8:
      return put(rows.int8s(column), row, text);
    case Type::kBool:
      rows.int8s(column)[row] = text == "true" ? 1 : 0;
      return text == "true" || text == "false";
    case Type::kDouble:
      return put(rows.doubles(column), row, text);
    case Type::kText:
      rows.set_text(column, row, text);
      return true;
  }
  return false;
}

}  // namespace fm::google
