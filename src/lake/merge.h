// Streams of rows in the order of the key, merged into one; and rows held to their partition.
#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/error.h"
#include "lake/manifest.h"
#include "lake/merge_rule.h"
#include "lake/row_order.h"
#include "table/row_batch.h"
#include "table/row_stream.h"

namespace fm::lake {

// The next row of a stream, seen before it is taken.
class RowHead {
 public:
  explicit RowHead(table::RowStream& rows);
  // Reads on when the batch is used up. False at the end.
  [[nodiscard]] Result<bool> fill();
  // After fill() said true.
  [[nodiscard]] const table::RowBatch& batch() const { return batch_; }
  [[nodiscard]] std::size_t row() const { return row_; }
  [[nodiscard]] std::size_t rows_left() const { return batch_.size() - row_; }
  void take(std::size_t rows) { row_ += rows; }

 private:
  table::RowStream* rows_;
  table::RowBatch batch_;
  std::size_t row_ = 0;
};

// Streams that are each in the order of the key, as one that is. Rows with the same key come in the
// order of their streams.
class MergedRows final : public table::RowStream {
 public:
  MergedRows(const table::Table& table, std::vector<std::unique_ptr<table::RowStream>> streams);
  [[nodiscard]] const table::Table& table() const override { return *table_; }
  [[nodiscard]] Result<bool> next(table::RowBatch& batch) override;

 private:
  [[nodiscard]] bool comes_later(std::size_t left, std::size_t right) const;
  [[nodiscard]] Status push(std::size_t stream);
  [[nodiscard]] std::size_t run_of(std::size_t stream) const;

  const table::Table* table_;
  RowOrder order_;
  std::vector<std::unique_ptr<table::RowStream>> streams_;
  std::vector<RowHead> heads_;
  // Streams that have a row, as a heap: the smallest key in front.
  std::vector<std::size_t> waiting_;
  bool started_ = false;
};

// Which stored rows go although no fresh row has their key.
using Dates = std::set<std::int32_t>;  // days since 1970 of the partition column

// Stored rows with fresh ones in place of those with the same key, both in the order of the key.
// Bookkeeping columns of a fresh row take the stored row's value.
class UpdatedRows final : public table::RowStream {
 public:
  UpdatedRows(table::RowStream& stored, table::RowStream& fresh, Dates dropped);
  [[nodiscard]] const table::Table& table() const override { return fresh_stream_->table(); }
  [[nodiscard]] Result<bool> next(table::RowBatch& batch) override;
  // Of the rows so far: whether any was added, dropped, or replaced by one of other content.
  [[nodiscard]] bool changed() const { return changed_; }

 private:
  void take_stored(table::RowBatch& batch);
  void take_fresh(table::RowBatch& batch);
  void take_both(table::RowBatch& batch);

  table::RowStream* fresh_stream_;
  RowOrder order_;
  RowHead stored_;
  RowHead fresh_;
  Dates dropped_;
  std::size_t date_column_;
  bool changed_ = false;
};

// Stored and fresh rows, both in the order of the key, by a rule.
class RuledRows final : public table::RowStream {
 public:
  RuledRows(table::RowStream& stored, table::RowStream& fresh, MergeRule& rule);
  [[nodiscard]] const table::Table& table() const override { return fresh_stream_->table(); }
  [[nodiscard]] Result<bool> next(table::RowBatch& batch) override;
  // Whether any fresh row was added or took a stored one's place, or a stored one went.
  [[nodiscard]] bool changed() const { return changed_; }

 private:
  void take_fresh(table::RowBatch& batch, std::size_t rows);
  void take_stored(table::RowBatch& batch);
  void take_both(table::RowBatch& batch);

  table::RowStream* fresh_stream_;
  RowOrder order_;
  RowHead stored_;
  RowHead fresh_;
  MergeRule* rule_;
  bool changed_ = false;
};

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
