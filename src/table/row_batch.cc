#include "table/row_batch.h"

#include <algorithm>
#include <array>

namespace fm::table {
namespace {

constexpr std::uint64_t kAllValid = ~std::uint64_t{0};

std::size_t width_of(Type type) {
  switch (type) {
    case Type::kTimestamp:
    case Type::kInt64:
    case Type::kDouble:
      return 8;
    case Type::kDate:
    case Type::kInt32:
    case Type::kText:
      return 4;  // text: the dictionary code
    case Type::kInt8:
    case Type::kBool:
      return 1;
  }
  FM_ASSERT(false);
}

// For checks that vanish in release builds.
[[maybe_unused]] bool is_stored_as_int64(Type type) {
  return type == Type::kInt64 || type == Type::kTimestamp;
}
[[maybe_unused]] bool is_stored_as_int32(Type type) {
  return type == Type::kInt32 || type == Type::kDate;
}
[[maybe_unused]] bool is_stored_as_int8(Type type) {
  return type == Type::kInt8 || type == Type::kBool;
}

}  // namespace

RowBatch::RowBatch(const Table& table, std::size_t rows_max)
    : table_(&table), rows_max_((rows_max + 63) / 64 * 64), columns_(table.columns.size()) {
  FM_ASSERT(rows_max > 0);
  for (std::size_t c = 0; c < columns_.size(); ++c) {
    columns_[c].words.resize(rows_max_ * width_of(table.columns[c].type) / 8);
    columns_[c].valid.resize(rows_max_ / 64, kAllValid);
  }
}

void RowBatch::clear() {
  size_ = 0;
  for (ColumnData& data : columns_) {
    if (data.has_nulls) std::ranges::fill(data.valid, kAllValid);
    data.has_nulls = false;
    data.entries.clear();
    data.bytes.clear();
  }
}

void RowBatch::set_size(std::size_t size) {
  FM_ASSERT(size <= rows_max_);
  size_ = size;
}

template <class Value>
std::span<Value> RowBatch::values(std::size_t column) const {
  auto* words = const_cast<std::uint64_t*>(columns_[column].words.data());
  return {reinterpret_cast<Value*>(words), rows_max_};
}

std::span<std::int64_t> RowBatch::int64s(std::size_t column) {
  FM_DCHECK(is_stored_as_int64(table_->columns[column].type));
  return values<std::int64_t>(column);
}
std::span<std::int32_t> RowBatch::int32s(std::size_t column) {
  FM_DCHECK(is_stored_as_int32(table_->columns[column].type));
  return values<std::int32_t>(column);
}
std::span<std::int8_t> RowBatch::int8s(std::size_t column) {
  FM_DCHECK(is_stored_as_int8(table_->columns[column].type));
  return values<std::int8_t>(column);
}
std::span<double> RowBatch::doubles(std::size_t column) {
  FM_DCHECK(table_->columns[column].type == Type::kDouble);
  return values<double>(column);
}
std::span<const std::int64_t> RowBatch::int64s(std::size_t column) const {
  FM_DCHECK(is_stored_as_int64(table_->columns[column].type));
  return values<const std::int64_t>(column);
}
std::span<const std::int32_t> RowBatch::int32s(std::size_t column) const {
  FM_DCHECK(is_stored_as_int32(table_->columns[column].type));
  return values<const std::int32_t>(column);
}
std::span<const std::int8_t> RowBatch::int8s(std::size_t column) const {
  FM_DCHECK(is_stored_as_int8(table_->columns[column].type));
  return values<const std::int8_t>(column);
}
std::span<const double> RowBatch::doubles(std::size_t column) const {
  FM_DCHECK(table_->columns[column].type == Type::kDouble);
  return values<const double>(column);
}

std::int32_t RowBatch::code_for(ColumnData& data, std::string_view text) const {
  // A ticker's few symbols alternate; messages never repeat. So look back a little, not through
  // all.
  constexpr std::size_t kLookBack = 8;
  const std::size_t count = data.entries.size();
  for (std::size_t i = 0; i < std::min(kLookBack, count); ++i) {
    const TextEntry& entry = data.entries[count - 1 - i];
    if (std::string_view(data.bytes).substr(entry.begin, entry.size) == text)
      return static_cast<std::int32_t>(count - 1 - i);
  }
  data.entries.push_back(
      {static_cast<std::uint32_t>(data.bytes.size()), static_cast<std::uint32_t>(text.size())});
  data.bytes.append(text);
  FM_ASSERT(data.bytes.size() < (std::size_t{1} << 31));
  return static_cast<std::int32_t>(count);
}

std::int32_t RowBatch::code_of_text(std::size_t column, std::string_view text) {
  FM_DCHECK(table_->columns[column].type == Type::kText);
  return code_for(columns_[column], text);
}

std::span<std::int32_t> RowBatch::text_codes(std::size_t column) {
  FM_DCHECK(table_->columns[column].type == Type::kText);
  return values<std::int32_t>(column);
}

void RowBatch::set_text(std::size_t column, std::size_t row, std::string_view text) {
  set_text(column, row, 1, text);
}

void RowBatch::set_text(std::size_t column, std::size_t first_row, std::size_t rows,
                        std::string_view text) {
  FM_DCHECK(table_->columns[column].type == Type::kText);
  FM_ASSERT(first_row + rows <= rows_max_);
  const std::int32_t code = code_for(columns_[column], text);
  std::ranges::fill(values<std::int32_t>(column).subspan(first_row, rows), code);
}

std::string_view RowBatch::text(std::size_t column, std::size_t row) const {
  return text_of_code(column, text_codes(column)[row]);
}

void RowBatch::set_null(std::size_t column, std::size_t row) {
  FM_DCHECK(table_->columns[column].nullable);
  columns_[column].valid[row / 64] &= ~(std::uint64_t{1} << (row % 64));
  columns_[column].has_nulls = true;
}

bool RowBatch::is_null(std::size_t column, std::size_t row) const {
  return (columns_[column].valid[row / 64] >> (row % 64) & 1) == 0;
}

std::span<const std::uint64_t> RowBatch::validity(std::size_t column) const {
  return columns_[column].valid;
}

std::span<const std::int32_t> RowBatch::text_codes(std::size_t column) const {
  FM_DCHECK(table_->columns[column].type == Type::kText);
  return values<const std::int32_t>(column);
}

std::size_t RowBatch::text_count(std::size_t column) const {
  return columns_[column].entries.size();
}

std::string_view RowBatch::text_of_code(std::size_t column, std::int32_t code) const {
  const ColumnData& data = columns_[column];
  const TextEntry& entry = data.entries[static_cast<std::size_t>(code)];
  return std::string_view(data.bytes).substr(entry.begin, entry.size);
}

void RowBatch::append(const RowBatch& from, std::size_t first, std::size_t rows) {
  FM_ASSERT(from.table_ == table_ && first + rows <= from.size_ && size_ + rows <= rows_max_);
  for (std::size_t c = 0; c < columns_.size(); ++c) {
    if (from.has_nulls(c))
      for (std::size_t row = 0; row < rows; ++row)
        if (from.is_null(c, first + row)) set_null(c, size_ + row);
    if (table_->columns[c].type == Type::kText) {
      for (std::size_t row = 0; row < rows; ++row)
        if (!is_null(c, size_ + row)) set_text(c, size_ + row, from.text(c, first + row));
      continue;
    }
    const std::size_t width = width_of(table_->columns[c].type);
    const auto bytes = std::as_bytes(std::span(from.columns_[c].words));
    std::ranges::copy(bytes.subspan(first * width, rows * width),
                      std::as_writable_bytes(std::span(columns_[c].words)).begin() +
                          static_cast<std::ptrdiff_t>(size_ * width));
  }
  size_ += rows;
}

std::size_t RowAppender::take(Type type) {
  const Table& table = batch_->table();
  FM_ASSERT(column_ < table.columns.size() && table.columns[column_].type == type);
  return column_++;
}

RowAppender& RowAppender::timestamp(std::int64_t microseconds) {
  batch_->int64s(take(Type::kTimestamp))[batch_->size()] = microseconds;
  return *this;
}
RowAppender& RowAppender::date(Date date) {
  batch_->int32s(take(Type::kDate))[batch_->size()] = date.days_since_1970();
  return *this;
}
RowAppender& RowAppender::text(std::string_view text) {
  batch_->set_text(take(Type::kText), batch_->size(), text);
  return *this;
}
RowAppender& RowAppender::int64(std::int64_t value) {
  batch_->int64s(take(Type::kInt64))[batch_->size()] = value;
  return *this;
}
RowAppender& RowAppender::int32(std::int32_t value) {
  batch_->int32s(take(Type::kInt32))[batch_->size()] = value;
  return *this;
}
RowAppender& RowAppender::int8(std::int8_t value) {
  batch_->int8s(take(Type::kInt8))[batch_->size()] = value;
  return *this;
}
RowAppender& RowAppender::boolean(bool value) {
  batch_->int8s(take(Type::kBool))[batch_->size()] = value ? 1 : 0;
  return *this;
}
RowAppender& RowAppender::number(double value) {
  batch_->doubles(take(Type::kDouble))[batch_->size()] = value;
  return *this;
}
RowAppender& RowAppender::null() {
  FM_ASSERT(column_ < batch_->table().columns.size() && batch_->table().columns[column_].nullable);
  batch_->set_null(column_++, batch_->size());
  return *this;
}
void RowAppender::end() {
  FM_ASSERT(column_ == batch_->table().columns.size());
  batch_->set_size(batch_->size() + 1);
  column_ = 0;
}

}  // namespace fm::table
