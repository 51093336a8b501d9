// Rows of one table that arrive batch by batch, in the order they are to be stored.
#pragma once

#include "base/error.h"
#include "table/row_batch.h"

namespace fm::table {

class RowStream {
 public:
  virtual ~RowStream() = default;
  [[nodiscard]] virtual const Table& table() const = 0;
  // Clears `batch` and fills it with the next rows: at least one, or none and false at the end.
  // The batch must be of this table; streams serve any rows_max().
  [[nodiscard]] virtual Result<bool> next(RowBatch& batch) = 0;
};

// The rows of one batch, which must outlive the stream.
class BatchStream final : public RowStream {
 public:
  explicit BatchStream(const RowBatch& batch) : batch_(&batch) {}
  [[nodiscard]] const Table& table() const override { return batch_->table(); }
  [[nodiscard]] Result<bool> next(RowBatch& batch) override;

 private:
  const RowBatch* batch_;
  std::size_t row_ = 0;
};

// No rows.
class EmptyStream final : public RowStream {
 public:
  explicit EmptyStream(const Table& table) : table_(&table) {}
  [[nodiscard]] const Table& table() const override { return *table_; }
  [[nodiscard]] Result<bool> next(RowBatch& batch) override {
    batch.clear();
    return false;
  }

 private:
  const Table* table_;
};

}  // namespace fm::table
