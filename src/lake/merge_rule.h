// What becomes of rows whose keys are stored already: for callers of Lake::merge_sorted that know
// more than "the new one counts".
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "base/error.h"
#include "lake/lake.h"
#include "lake/manifest.h"
#include "table/row_batch.h"

namespace fm::lake {

enum class Keep : std::uint8_t { kStored, kFresh };

// Asked about every row, in the order of the key, by one thread at a time. For one merge.
class MergeRule {
 public:
  virtual ~MergeRule() = default;
  // Before the first row, and under the partition's lock: what is stored; nothing where there is no
  // partition.
  [[nodiscard]] virtual Status begin(const std::optional<Manifest>& stored) = 0;
  // Fresh rows [first, first + rows) whose keys are not stored: how many of them, from the first
  // on, are added, or else left out. At least one.
  struct Fresh {
    std::size_t rows = 0;
    bool are_added = true;
  };
  [[nodiscard]] virtual Fresh added(const table::RowBatch& fresh, std::size_t first,
                                    std::size_t rows) = 0;
  // Whether a stored row that no fresh one speaks of goes.
  [[nodiscard]] virtual bool goes(const table::RowBatch& /*stored*/, std::size_t /*row*/) {
    return false;
  }
  // It does not: it is the last one of `rows`. Its columns
  // that are no part of the key may be written; says whether any was.
  [[nodiscard]] virtual bool kept(table::RowBatch& rows) = 0;
  // Both have this key. Of bookkeeping columns the stored row's values stay in any case.
  [[nodiscard]] virtual Keep choose(const table::RowBatch& stored, std::size_t stored_row,
                                    const table::RowBatch& fresh, std::size_t fresh_row) = 0;
  // Behind the last row: the accounts that go with the rows.
  [[nodiscard]] virtual CommitInfo finish() = 0;
};

// All columns but bookkeeping and those of `left_out`; doubles bit by bit.
[[nodiscard]] bool same_values(const table::RowBatch& left, std::size_t left_row,
                               const table::RowBatch& right, std::size_t right_row,
                               std::span<const std::size_t> left_out);

}  // namespace fm::lake
