// The sums of verify_sums.h from rows in hand: what the lake's side of a proof is made of.
//
//   RowSums sums(table);
//   while (…) sums.add(batch);
//   for (const SumsDifference& one : compare(table, sums.result(), copy)) …
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "quality/verify_codes.h"
#include "quality/verify_sums.h"
#include "table/row_batch.h"

namespace fm::quality {

// The columns that count.
[[nodiscard]] std::vector<std::string_view> summed_columns(const table::Table& table);

class RowSums {
 public:
  // Only rows of seconds before `final_to` count, where one is given.
  explicit RowSums(const table::Table& table, std::optional<Second> final_to = {});
  // Rows in any order, of any partition.
  void add(const table::RowBatch& rows);
  [[nodiscard]] Sums result() const;

 private:
  using Wide = __int128;
  struct Partition {
    std::uint64_t rows = 0;
    std::vector<std::uint64_t> nulls;  // of each compared column
    std::vector<Wide> sums;
  };
  // Rows that count, one after the other in one partition: so few that their sum needs no more than
  // 64 bits.
  struct Run {
    std::size_t begin, end;
    Partition* partition;
  };
  struct TextColumn {
    std::size_t column;
    std::int64_t factor;  // in the weight of the texts; 0: not in the key
    std::map<std::string, std::int32_t, std::less<>> known = {};  // codes of texts seen
    std::vector<std::int32_t> codes = {};  // of each row of the batch in hand
  };

  void weigh_rows(const table::RowBatch& rows);
  void weigh_texts(const table::RowBatch& rows);
  void find_runs(const table::RowBatch& rows);
  [[nodiscard]] Partition& partition_of(std::int32_t days);
  [[nodiscard]] static std::int32_t code_of_text(TextColumn& column, std::string_view text);
  // Calls `row(i, its run)` for those of `rows`, which are in order, that count.
  template <class Row>
  void for_each_counted(std::span<const std::size_t> rows, Row row);
  void add_nulls(const table::RowBatch& rows, std::size_t index);
  void add_texts(const TextColumn& text, std::size_t index);
  void add_numbers(const table::RowBatch& rows, std::size_t index);

  const table::Table* table_;
  std::vector<std::size_t> columns_;  // those that are compared
  std::vector<KeyColumn> key_numbers_;
  std::size_t date_column_;
  std::optional<std::size_t> time_column_;  // only where there is a bound
  std::int64_t final_to_us_ = 0;
  std::map<Date, Partition> partitions_;
  std::int32_t partition_begin_ = 1, partition_end_ = 0;  // in days: of the last one
  Partition* partition_ = nullptr;
  std::vector<TextColumn> texts_;
  // Of the batch in hand, by row.
  std::vector<std::int32_t> row_weights_, text_weights_, codes_, entry_codes_;
  std::vector<std::int64_t> sums_;
  std::vector<std::size_t> without_code_, nulls_;
  std::vector<Run> runs_;
};

}  // namespace fm::quality
