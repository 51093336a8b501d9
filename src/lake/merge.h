// Rows held in memory, and rows held to their partition.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "lake/manifest.h"
#include "table/row_batch.h"
#include "table/row_stream.h"

namespace fm::lake {

// All rows of a stream. For tables of few rows a day.
class RowSet {
 public:
  explicit RowSet(const table::Table& table) : table_(&table) {}
  [[nodiscard]] static Result<RowSet> read(table::RowStream& rows);

  [[nodiscard]] const table::Table& table() const { return *table_; }
  [[nodiscard]] const std::vector<table::RowBatch>& batches() const { return batches_; }
  // Of the first row's partition column. There must be a row.
  [[nodiscard]] Date first_date() const;
  void append(const table::RowBatch& batch, std::size_t first, std::size_t rows);
  // The last batch, for changes of its cells.
  [[nodiscard]] table::RowBatch& last() { return batches_.back(); }

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

// `stored` without the dates that occur in `fresh`, and `fresh`, in the order of the key.
// Bookkeeping columns of fresh rows take the value of the stored row with the same key.
[[nodiscard]] Result<RowSet> merge_dates(const RowSet& stored, const RowSet& fresh);

// Passes rows on and refuses those that belong to another partition. Errors: kInvalidArgument.
class PartitionGuard final : public table::RowStream {
 public:
  PartitionGuard(table::RowStream& rows, const PartitionKey& partition);
  [[nodiscard]] const table::Table& table() const override { return rows_->table(); }
  [[nodiscard]] Result<bool> next(table::RowBatch& batch) override;

 private:
  [[nodiscard]] Status check(const table::RowBatch& batch) const;

  table::RowStream* rows_;
  std::string root_;
  std::int32_t first_day_;
  std::int32_t end_day_;
};

}  // namespace fm::lake
