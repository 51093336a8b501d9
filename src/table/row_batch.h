// Rows of one table in columns, made to be filled and emptied again without allocating.
//
//   RowBatch batch(table::candle_session_contracts());
//   RowAppender row(batch);
//   row.text("ES").date(day).text("ESM5").int64(1200).int64(310).timestamp(now_us).end();
//
// Loops over many rows write whole columns instead: batch.doubles(c)[row] = …; batch.set_size(n).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/assert.h"
#include "base/hash.h"
#include "base/time.h"
#include "table/catalogue.h"

namespace fm::table {

class RowBatch {
 public:
  static constexpr std::size_t kDefaultRows = 2048;

  // `rows_max` is rounded up to a multiple of 64. `table` must outlive the batch.
  explicit RowBatch(const Table& table, std::size_t rows_max = kDefaultRows);

  [[nodiscard]] const Table& table() const { return *table_; }
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] std::size_t rows_max() const { return rows_max_; }
  [[nodiscard]] bool full() const { return size_ == rows_max_; }
  void clear();
  // After the columns of rows [0, size) have been written. Rows that were never written hold old
  // values.
  void set_size(std::size_t size);

  // Whole columns, rows_max() long, whatever size() is. The column must be of a type named here.
  [[nodiscard]] std::span<std::int64_t> int64s(std::size_t column);  // kInt64, kTimestamp
  [[nodiscard]] std::span<std::int32_t> int32s(std::size_t column);  // kInt32, kDate
  [[nodiscard]] std::span<std::int8_t> int8s(std::size_t column);    // kInt8, kBool
  [[nodiscard]] std::span<double> doubles(std::size_t column);       // kDouble
  [[nodiscard]] std::span<const std::int64_t> int64s(std::size_t column) const;
  [[nodiscard]] std::span<const std::int32_t> int32s(std::size_t column) const;
  [[nodiscard]] std::span<const std::int8_t> int8s(std::size_t column) const;
  [[nodiscard]] std::span<const double> doubles(std::size_t column) const;

  // Text is kept once per run of equal values: setting a column's rows in order is cheap when they
  // repeat.
  void set_text(std::size_t column, std::size_t row, std::string_view text);
  void set_text(std::size_t column, std::size_t first_row, std::size_t rows, std::string_view text);
  [[nodiscard]] std::string_view text(std::size_t column, std::size_t row) const;
  // The code that stands for the text from now on, for who sets many rows to the same ones.
  [[nodiscard]] std::int32_t code_of_text(std::size_t column, std::string_view text);
  [[nodiscard]] std::span<std::int32_t> text_codes(std::size_t column);

  // All rows are valid until said otherwise. Clearing the batch makes them valid again.
  void set_null(std::size_t column, std::size_t row);
  [[nodiscard]] bool is_null(std::size_t column, std::size_t row) const;
  // False when no row of the column is null.
  [[nodiscard]] bool has_nulls(std::size_t column) const { return columns_[column].has_nulls; }
  // One bit per row, lowest bit first, 1 = valid: the form of Arrow and DuckDB.
  [[nodiscard]] std::span<const std::uint64_t> validity(std::size_t column) const;

  // The text column as dictionary codes (one per row) and the texts they stand for.
  [[nodiscard]] std::span<const std::int32_t> text_codes(std::size_t column) const;
  [[nodiscard]] std::size_t text_count(std::size_t column) const;
  [[nodiscard]] std::string_view text_of_code(std::size_t column, std::int32_t code) const;

  // Copies rows [first, first + rows) of a batch of the same table behind this one's last row.
  void append(const RowBatch& from, std::size_t first, std::size_t rows);

 private:
  struct TextEntry {
    std::uint32_t begin;
    std::uint32_t size;
  };
  struct ColumnData {
    std::vector<std::uint64_t> words;  // the values, aligned for every type
    std::vector<std::uint64_t> valid;
    std::vector<TextEntry> entries;
    std::string bytes;
    bool has_nulls = false;
  };

  [[nodiscard]] std::int32_t code_for(ColumnData& data, std::string_view text) const;
  template <class Value>
  [[nodiscard]] std::span<Value> values(std::size_t column) const;

  const Table* table_;
  std::size_t rows_max_;
  std::size_t size_ = 0;
  std::vector<ColumnData> columns_;
};

// Writes rows cell by cell in the order of the table's columns.
class RowAppender {
 public:
  explicit RowAppender(RowBatch& batch) : batch_(&batch) { FM_ASSERT(!batch.full()); }

  RowAppender& timestamp(std::int64_t microseconds);
  RowAppender& date(Date date);
  RowAppender& text(std::string_view text);
  RowAppender& int64(std::int64_t value);
  RowAppender& int32(std::int32_t value);
  RowAppender& int8(std::int8_t value);
  RowAppender& boolean(bool value);
  RowAppender& number(double value);
  RowAppender& null();
  // Every column must have been given. The appender is then ready for the next row.
  void end();

 private:
  [[nodiscard]] std::size_t take(Type type);

  RowBatch* batch_;
  std::size_t column_ = 0;
};

// Content hash of rows: the same for the same cells in the same order, however they are cut into
// batches. Covers table and column names and types; leaves out bookkeeping columns.
class RowHasher {
 public:
  explicit RowHasher(const Table& table);
  void add(const RowBatch& batch);
  [[nodiscard]] Hash128 digest() const;

 private:
  const Table* table_;
  std::vector<Hasher> columns_;
  std::uint64_t rows_ = 0;
};

}  // namespace fm::table
