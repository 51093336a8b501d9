// Rows of one table in memory, and which of them are the answer, in order.
//
//   Frame frame(table::candles_1m());
//   FM_TRY(frame.read(*cursor, [&](const table::RowBatch& rows, std::size_t row) { return …; }));
//   frame.keep_last(limit);
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include "base/error.h"
#include "base/time.h"
#include "table/row_batch.h"
#include "table/row_stream.h"

namespace fm::server {

class Frame {
 public:
  explicit Frame(const table::Table& table) : table_(&table) {}

  // Rows [first, first + count) of a batch.
  struct Run {
    std::size_t batch = 0;
    std::size_t first = 0;
    std::size_t count = 0;
  };

  [[nodiscard]] const table::Table& table() const { return *table_; }
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] const std::vector<Run>& runs() const { return runs_; }
  [[nodiscard]] const table::RowBatch& batch(std::size_t index) const { return *batches_[index]; }

  // Behind the rows that are there: those that `wanted(batch, row)` wants.
  template <class Wanted>
  [[nodiscard]] Status read(table::RowStream& rows, const Wanted& wanted) {
    for (;;) {
      auto batch = std::make_shared<table::RowBatch>(*table_);
      FM_ASSIGN(const bool more, rows.next(*batch));
      if (!more) return {};
      add(std::move(batch), wanted);
    }
  }
  template <class Wanted>
  void add(std::shared_ptr<const table::RowBatch> batch, const Wanted& wanted) {
    const std::size_t rows = batch->size();
    for (std::size_t row = 0; row < rows;) {
      std::size_t end = row;
      while (end < rows && wanted(*batch, end)) ++end;
      if (end > row) add_run({batches_.size(), row, end - row});
      row = end + 1;
    }
    batches_.push_back(std::move(batch));
  }
  // Those rows that `wanted(batch, row)` wants.
  template <class Wanted>
  [[nodiscard]] Frame filtered(const Wanted& wanted) const {
    Frame frame(*table_);
    frame.batches_ = batches_;
    for (const Run& run : runs_) {
      const std::size_t end = run.first + run.count;
      for (std::size_t row = run.first; row < end;) {
        std::size_t stop = row;
        while (stop < end && wanted(*batches_[run.batch], stop)) ++stop;
        if (stop > row) frame.add_run({run.batch, row, stop - row});
        row = stop + 1;
      }
    }
    return frame;
  }
  // These rows and newer ones, both in the order of `time_column`: of one time, the newer row.
  [[nodiscard]] Frame joined_with(const Frame& newer, std::size_t time_column) const;
  // All rows of another frame, behind or before these.
  void append(Frame other);
  void prepend(Frame other);

  void keep_first(std::size_t rows);
  void keep_last(std::size_t rows);
  // Leaves out rows from the end on until `wanted(batch, row)` wants one.
  template <class Wanted>
  void drop_last_unless(const Wanted& wanted) {
    while (!runs_.empty()) {
      const Run& last = runs_.back();
      if (wanted(*batches_[last.batch], last.first + last.count - 1)) return;
      keep_first(size_ - 1);
    }
  }

  // Of the first and last row, by a timestamp column; nothing without rows.
  [[nodiscard]] std::optional<Second> first_second(std::size_t column) const;
  [[nodiscard]] std::optional<Second> last_second(std::size_t column) const;

 private:
  void add_run(const Run& run) {
    runs_.push_back(run);
    size_ += run.count;
  }

  const table::Table* table_;
  std::vector<std::shared_ptr<const table::RowBatch>> batches_;
  std::vector<Run> runs_;
  std::size_t size_ = 0;
};

inline constexpr std::int64_t kMicrosPerSecond = 1'000'000;

// Of a timestamp column.
[[nodiscard]] inline Second second_at(const table::RowBatch& batch, std::size_t column,
                                      std::size_t row) {
  return batch.int64s(column)[row] / kMicrosPerSecond;
}

}  // namespace fm::server
