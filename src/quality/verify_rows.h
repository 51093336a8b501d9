// Two copies of a partition, row by row: what is behind a difference of their sums.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/time.h"
#include "table/row_stream.h"

namespace fm::quality {

struct RowDifference {
  std::string key;   // "ES 2025-06-10T14:30:00Z"
  std::string what;  // "only in the lake", "volume: 12 in the lake, 14 in postgres"
};

struct RowDifferences {
  std::uint64_t count = 0;
  std::vector<RowDifference> examples;  // the first ones
};

// Both sorted as the table says. Bookkeeping columns are left out; doubles are compared bit by bit.
// Errors: those of the streams.
[[nodiscard]] Result<RowDifferences> compare_rows(table::RowStream& left,
                                                  std::string_view left_name,
                                                  table::RowStream& right,
                                                  std::string_view right_name,
                                                  std::size_t examples_max);

// Only the rows of seconds before `final_to`, by the time of the key.
class RowsBefore final : public table::RowStream {
 public:
  RowsBefore(std::unique_ptr<table::RowStream> rows, std::size_t time_column, Second final_to)
      : rows_(std::move(rows)),
        time_column_(time_column),
        final_to_us_(final_to * 1'000'000),
        read_(rows_->table()) {}
  [[nodiscard]] const table::Table& table() const override { return rows_->table(); }
  [[nodiscard]] Result<bool> next(table::RowBatch& batch) override;

 private:
  std::unique_ptr<table::RowStream> rows_;
  std::size_t time_column_;
  std::int64_t final_to_us_;
  table::RowBatch read_;
  std::size_t row_ = 0;
};

}  // namespace fm::quality
