#include <array>
#include <bit>

#include "table/row_batch.h"

namespace fm::table {
namespace {

// Cells become bytes through a small buffer, so that the hash does not depend on where batches end.
class CellWriter {
 public:
  explicit CellWriter(Hasher& hasher) : hasher_(&hasher) {}
  ~CellWriter() { flush(); }
  CellWriter(const CellWriter&) = delete;
  CellWriter& operator=(const CellWriter&) = delete;

  void put(std::uint64_t word) {
    if (used_ == words_.size()) flush();
    words_[used_++] = word;
  }
  void put(std::string_view text) {
    put(text.size());
    flush();
    hasher_->add(text);
  }

 private:
  void flush() {
    hasher_->add(std::as_bytes(std::span(words_.data(), used_)));
    used_ = 0;
  }

  Hasher* hasher_;
  std::array<std::uint64_t, 256> words_;
  std::size_t used_ = 0;
};

static_assert(std::endian::native == std::endian::little, "hashes are of little-endian cells");

std::uint64_t cell_word(const RowBatch& batch, Type type, std::size_t column, std::size_t row) {
  switch (type) {
    case Type::kTimestamp:
    case Type::kInt64:
      return static_cast<std::uint64_t>(batch.int64s(column)[row]);
    case Type::kDate:
    case Type::kInt32:
      return static_cast<std::uint64_t>(std::int64_t{batch.int32s(column)[row]});
    case Type::kInt8:
    case Type::kBool:
      return static_cast<std::uint64_t>(std::int64_t{batch.int8s(column)[row]});
    case Type::kDouble:
      return std::bit_cast<std::uint64_t>(batch.doubles(column)[row]);
    case Type::kText:
      break;
  }
  FM_ASSERT(false);
}

// A null is the two words (kNull, kNull), a value that happens to equal kNull is (kNull, 0), any
// other value is one word. A text is its length and its bytes.
constexpr std::uint64_t kNull = 0x6e75'6c6c'6e75'6c6cULL;

void put_column(CellWriter& out, const RowBatch& batch, Type type, std::size_t column) {
  for (std::size_t row = 0; row < batch.size(); ++row) {
    if (batch.is_null(column, row)) {
      out.put(kNull);
      out.put(kNull);
    } else if (type == Type::kText) {
      out.put(batch.text(column, row));
    } else {
      const std::uint64_t word = cell_word(batch, type, column, row);
      out.put(word);
      if (word == kNull) out.put(0);
    }
  }
}

// Most columns of a batch: eight bytes wide and without nulls, hashed where they lie unless a cell
// equals kNull.
bool put_whole(Hasher& hasher, const RowBatch& batch, Type type, std::size_t column) {
  if (batch.has_nulls(column)) return false;
  std::span<const std::uint64_t> words;
  if (type == Type::kDouble) {
    const auto cells = batch.doubles(column);
    words = {reinterpret_cast<const std::uint64_t*>(cells.data()), batch.size()};
  } else if (type == Type::kInt64 || type == Type::kTimestamp) {
    const auto cells = batch.int64s(column);
    words = {reinterpret_cast<const std::uint64_t*>(cells.data()), batch.size()};
  } else {
    return false;
  }
  bool special = false;
  for (const std::uint64_t word : words) special |= word == kNull;
  if (special) return false;
  hasher.add(std::as_bytes(words));
  return true;
}

}  // namespace

RowHasher::RowHasher(const Table& table) : table_(&table), columns_(table.columns.size()) {}

void RowHasher::add(const RowBatch& batch) {
  FM_ASSERT(&batch.table() == table_);
  for (std::size_t c = 0; c < columns_.size(); ++c) {
    const Column& column = table_->columns[c];
    if (column.bookkeeping || put_whole(columns_[c], batch, column.type, c)) continue;
    CellWriter out(columns_[c]);
    put_column(out, batch, column.type, c);
  }
  rows_ += batch.size();
}

Hash128 RowHasher::digest() const {
  Hasher whole;
  whole.add(fmt::format("{}.{} {}\n", table_->dataset, table_->name, rows_));
  for (std::size_t c = 0; c < columns_.size(); ++c) {
    const Column& column = table_->columns[c];
    if (column.bookkeeping) continue;
    whole.add(
        fmt::format("{} {} {}\n", column.name, name(column.type), columns_[c].digest().hex()));
  }
  return whole.digest();
}

}  // namespace fm::table
