#include "lake/merge.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/assert.h"
#include "lake/text.h"

namespace fm::lake {
namespace {

using table::RowBatch;
using table::Table;

std::size_t date_column(const Table& table) { return table.column_index(table.partition_column); }

struct RowPlace {
  const RowBatch* batch;
  std::size_t row;
};

// The key's cells, comparable as the lake sorts them.
struct KeyLess {
  const Table* table;

  bool operator()(const RowPlace& left, const RowPlace& right) const {
    for (const auto& name : table->sort) {
      const std::size_t c = table->column_index(name);
      const bool left_null = left.batch->is_null(c, left.row);
      const bool right_null = right.batch->is_null(c, right.row);
      if (left_null != right_null) return left_null;
      if (left_null) continue;
      if (const int order = compare(left, right, c); order != 0) return order < 0;
    }
    return false;
  }

  static int compare(const RowPlace& left, const RowPlace& right, std::size_t column) {
    const auto sign = [](const auto& a, const auto& b) { return a < b ? -1 : b < a ? 1 : 0; };
    switch (left.batch->table().columns[column].type) {
      case table::Type::kTimestamp:
      case table::Type::kInt64:
        return sign(left.batch->int64s(column)[left.row], right.batch->int64s(column)[right.row]);
      case table::Type::kDate:
      case table::Type::kInt32:
        return sign(left.batch->int32s(column)[left.row], right.batch->int32s(column)[right.row]);
      case table::Type::kText:
        return sign(left.batch->text(column, left.row), right.batch->text(column, right.row));
      case table::Type::kInt8:
      case table::Type::kBool:
      case table::Type::kDouble:
        break;
    }
    FM_ASSERT(false);  // no table sorts by these
  }
};

std::vector<RowPlace> places_of(const RowSet& rows) {
  std::vector<RowPlace> places;
  for (const RowBatch& batch : rows.batches())
    for (std::size_t row = 0; row < batch.size(); ++row) places.push_back({&batch, row});
  return places;
}

void keep_bookkeeping(RowBatch& batch, const RowPlace& stored) {
  const Table& table = batch.table();
  for (std::size_t c = 0; c < table.columns.size(); ++c) {
    if (!table.columns[c].bookkeeping) continue;
    FM_ASSERT(table.columns[c].type == table::Type::kTimestamp && !table.columns[c].nullable);
    batch.int64s(c)[batch.size() - 1] = stored.batch->int64s(c)[stored.row];
  }
}

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

Date RowSet::first_date() const {
  FM_ASSERT(!batches_.empty());
  return Date::from_days(batches_.front().int32s(date_column(*table_))[0]);
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

Result<RowSet> merge_dates(const RowSet& stored, const RowSet& fresh) {
  const Table& table = fresh.table();
  const std::size_t date = date_column(table);
  const KeyLess less{&table};
  std::set<std::int32_t> dates;
  for (const RowPlace& place : places_of(fresh)) dates.insert(place.batch->int32s(date)[place.row]);
  std::set<RowPlace, KeyLess> replaced(less);
  std::vector<RowPlace> kept = places_of(fresh);
  for (const RowPlace& place : places_of(stored)) {
    if (dates.contains(place.batch->int32s(date)[place.row]))
      replaced.insert(place);
    else
      kept.push_back(place);
  }
  std::ranges::sort(kept, less);
  RowSet merged(table);
  for (const RowPlace& place : kept) {
    merged.append(*place.batch, place.row, 1);
    if (const auto old = replaced.find(place); old != replaced.end())
      keep_bookkeeping(merged.last(), *old);
  }
  return merged;
}

PartitionGuard::PartitionGuard(table::RowStream& rows, const PartitionKey& partition)
    : rows_(&rows),
      root_(partition.root),
      first_day_(partition.first_day(rows.table()).days_since_1970()),
      end_day_(partition.end_day(rows.table()).days_since_1970()) {}

Result<bool> PartitionGuard::next(RowBatch& batch) {
  FM_ASSIGN(const bool more, rows_->next(batch));
  if (more) FM_TRY(check(batch));
  return more;
}

Status PartitionGuard::check(const RowBatch& batch) const {
  const Table& table = batch.table();
  const auto days = batch.int32s(date_column(table)).subspan(0, batch.size());
  const auto [first, last] = std::ranges::minmax(days);
  if (first < first_day_ || last >= end_day_)
    return fail(Code::kInvalidArgument,
                "{}.{}: a row has the {} {}; expected {} up to, not including, {}", table.dataset,
                table.name, table.partition_column,
                Date::from_days(first < first_day_ ? first : last).iso(),
                Date::from_days(first_day_).iso(), Date::from_days(end_day_).iso());
  if (table.root_column.empty()) return {};
  const std::size_t root = table.column_index(table.root_column);
  // Every text of the column is some row's, so a glance at the dictionary is enough.
  for (std::size_t code = 0; code < batch.text_count(root); ++code) {
    const auto text = batch.text_of_code(root, static_cast<std::int32_t>(code));
    if (text != root_)
      return fail(Code::kInvalidArgument, "{}.{}: a row has the {} \"{}\"; expected \"{}\"",
                  table.dataset, table.name, table.root_column, text, root_);
  }
  return {};
}

}  // namespace fm::lake
