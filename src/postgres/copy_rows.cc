#include "postgres/copy_rows.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <string_view>

namespace fm::postgres {
namespace {

constexpr std::array<unsigned char, kCopyHeaderBytes> kHeader{
    'P', 'G', 'C', 'O', 'P', 'Y', '\n', 0xff, '\r', '\n', 0, 0, 0, 0, 0, 0, 0, 0, 0};
// Of a cell that is no text, with its length.
constexpr std::size_t kCellMax = 4 + 8;

template <class Integer>
Integer network_order(Integer value) {
  static_assert(std::endian::native == std::endian::little);
  if constexpr (sizeof(Integer) == 2) return static_cast<Integer>(__builtin_bswap16(value));
  if constexpr (sizeof(Integer) == 4) return static_cast<Integer>(__builtin_bswap32(value));
  if constexpr (sizeof(Integer) == 8) return static_cast<Integer>(__builtin_bswap64(value));
  return value;
}

}  // namespace

// There must be room: add() makes it for a row.
template <class Integer>
void CopyRows::put(Integer value) {
  using Unsigned = std::make_unsigned_t<Integer>;
  const auto ordered = network_order(static_cast<Unsigned>(value));
  std::memcpy(bytes_.data() + size_, &ordered, sizeof ordered);
  size_ += sizeof ordered;
}

void CopyRows::begin() {
  bytes_.resize(std::max<std::size_t>(bytes_.size(), 1 << 16));
  std::memcpy(bytes_.data(), kHeader.data(), kHeader.size());
  size_ = kHeader.size();
  taken_ = false;
}

std::span<const std::byte> CopyRows::take() {
  taken_ = true;
  return std::span(bytes_).first(size_);
}

void CopyRows::put_cell(const table::RowBatch& rows, std::size_t column, std::size_t row) {
  using table::Type;
  switch (rows.table().columns[column].type) {
    case Type::kTimestamp:
      put(std::int32_t{8});
      put(rows.int64s(column)[row] - kMicrosTo2000);
      return;
    case Type::kInt64:
      put(std::int32_t{8});
      put(rows.int64s(column)[row]);
      return;
    case Type::kDouble:
      put(std::int32_t{8});
      put(std::bit_cast<std::int64_t>(rows.doubles(column)[row]));
      return;
    case Type::kDate:
      put(std::int32_t{4});
      put(rows.int32s(column)[row] - kDaysTo2000);
      return;
    case Type::kInt32:
      put(std::int32_t{4});
      put(rows.int32s(column)[row]);
      return;
    case Type::kInt8:  // smallint there
      put(std::int32_t{2});
      put(std::int16_t{rows.int8s(column)[row]});
      return;
    case Type::kBool:
      put(std::int32_t{1});
      put(static_cast<std::uint8_t>(rows.int8s(column)[row] != 0));
      return;
    case Type::kText: {
      const std::string_view text = rows.text(column, row);
      const std::size_t room = size_ + text.size() + kCellMax * rows.table().columns.size();
      if (bytes_.size() < room) bytes_.resize(room * 2);
      put(static_cast<std::int32_t>(text.size()));
      std::memcpy(bytes_.data() + size_, text.data(), text.size());
      size_ += text.size();
      return;
    }
  }
}

void CopyRows::add(const table::RowBatch& rows) {
  if (taken_) size_ = 0;
  taken_ = false;
  const std::size_t columns = rows.table().columns.size();
  const std::size_t row_room = sizeof(std::int16_t) + kCellMax * columns;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    if (bytes_.size() < size_ + row_room) bytes_.resize((size_ + row_room) * 2);
    put(static_cast<std::int16_t>(columns));
    for (std::size_t column = 0; column < columns; ++column) {
      if (rows.has_nulls(column) && rows.is_null(column, row)) {
        put(std::int32_t{-1});
      } else {
        put_cell(rows, column, row);
      }
    }
  }
}

void CopyRows::end() {
  if (taken_) size_ = 0;
  taken_ = false;
  if (bytes_.size() < size_ + 2) bytes_.resize(size_ + 2);
  put(std::int16_t{-1});
}

}  // namespace fm::postgres
