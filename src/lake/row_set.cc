#include "lake/row_set.h"

#include <algorithm>

#include "base/assert.h"

namespace fm::lake {
namespace {

using table::RowBatch;

struct RowPlace {
  const RowBatch* batch;
  std::size_t row;
};

}  // namespace

Result<RowSet> RowSet::read(table::RowStream& rows) {
  RowSet set(rows.table());
  RowBatch batch(rows.table());
  for (;;) {
    FM_ASSIGN(const bool more, rows.next(batch));
    if (!more) return set;
    set.append(batch, 0, batch.size());
  }
}

Result<RowSet> RowSet::read_sorted(table::RowStream& rows) {
  FM_ASSIGN(RowSet set, read(rows));
  const RowOrder order(set.table());
  std::vector<RowPlace> places;
  for (const RowBatch& batch : set.batches())
    for (std::size_t row = 0; row < batch.size(); ++row) places.push_back({&batch, row});
  const auto less = [&](const RowPlace& left, const RowPlace& right) {
    return order.compare(*left.batch, left.row, *right.batch, right.row) < 0;
  };
  if (std::ranges::is_sorted(places, less)) return set;
  std::ranges::stable_sort(places, less);
  RowSet sorted(set.table());
  for (const RowPlace& place : places) sorted.append(*place.batch, place.row, 1);
  return sorted;
}

Date RowSet::first_date() const {
  FM_ASSERT(!batches_.empty());
  return Date::from_days(*dates().begin());
}

Dates RowSet::dates() const {
  const std::size_t column = table_->column_index(table_->partition_column);
  Dates dates;
  for (const RowBatch& batch : batches_)
    for (const std::int32_t day : batch.int32s(column).first(batch.size())) dates.insert(day);
  return dates;
}

void RowSet::append(const RowBatch& batch, std::size_t first, std::size_t rows) {
  while (rows > 0) {
    if (batches_.empty() || batches_.back().full()) batches_.emplace_back(*table_);
    RowBatch& last = batches_.back();
    const std::size_t step = std::min(rows, last.rows_max() - last.size());
    last.append(batch, first, step);
    first += step;
    rows -= step;
  }
}

Result<bool> RowSetStream::next(RowBatch& batch) {
  batch.clear();
  while (batch_ < rows_->batches().size() && !batch.full()) {
    const RowBatch& from = rows_->batches()[batch_];
    const std::size_t step = std::min(from.size() - row_, batch.rows_max() - batch.size());
    batch.append(from, row_, step);
    row_ += step;
    if (row_ < from.size()) break;
    ++batch_;
    row_ = 0;
  }
  return batch.size() > 0;
}

}  // namespace fm::lake
