// Rows held in memory.
#pragma once

#include <vector>

#include "base/error.h"
#include "base/time.h"
#include "lake/merge.h"
#include "table/row_batch.h"
#include "table/row_stream.h"

namespace fm::lake {

// All rows of a stream: a minute's, or those of a table of few rows a day.
class RowSet {
 public:
  explicit RowSet(const table::Table& table) : table_(&table) {}
  [[nodiscard]] static Result<RowSet> read(table::RowStream& rows);
  // In the order of the key, whatever the stream's.
  [[nodiscard]] static Result<RowSet> read_sorted(table::RowStream& rows);

  [[nodiscard]] const table::Table& table() const { return *table_; }
  [[nodiscard]] const std::vector<table::RowBatch>& batches() const { return batches_; }
  [[nodiscard]] bool empty() const { return batches_.empty(); }
  // Of the first row's partition column. There must be a row.
  [[nodiscard]] Date first_date() const;
  [[nodiscard]] Dates dates() const;
  void append(const table::RowBatch& batch, std::size_t first, std::size_t rows);

 private:
  const table::Table* table_;
  std::vector<table::RowBatch> batches_;
};

class RowSetStream final : public table::RowStream {
 public:
  explicit RowSetStream(const RowSet& rows) : rows_(&rows) {}
  [[nodiscard]] const table::Table& table() const override { return rows_->table(); }
  [[nodiscard]] Result<bool> next(table::RowBatch& batch) override;

 private:
  const RowSet* rows_;
  std::size_t batch_ = 0;
  std::size_t row_ = 0;
};

}  // namespace fm::lake
