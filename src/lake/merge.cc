#include "lake/merge.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"

namespace fm::lake {
namespace {

using table::RowBatch;
using table::Table;

// Of the rows in hand of a stream: small, because a merge holds up to kFilesMax of them.
constexpr std::size_t kHeadRows = 512;

std::size_t date_column(const Table& table) { return table.column_index(table.partition_column); }

void keep_bookkeeping(RowBatch& batch, const RowBatch& stored, std::size_t stored_row) {
  const Table& table = batch.table();
  for (std::size_t c = 0; c < table.columns.size(); ++c) {
    if (!table.columns[c].bookkeeping) continue;
    FM_ASSERT(table.columns[c].type == table::Type::kTimestamp && !table.columns[c].nullable);
    batch.int64s(c)[batch.size() - 1] = stored.int64s(c)[stored_row];
  }
}

}  // namespace

RowHead::RowHead(table::RowStream& rows) : rows_(&rows), batch_(rows.table(), kHeadRows) {}

Result<bool> RowHead::fill() {
  if (row_ < batch_.size()) return true;
  row_ = 0;
  return rows_->next(batch_);
}

MergedRows::MergedRows(const Table& table, std::vector<std::unique_ptr<table::RowStream>> streams)
    : table_(&table), order_(table), streams_(std::move(streams)) {
  for (const auto& stream : streams_) heads_.emplace_back(*stream);
}

bool MergedRows::comes_later(std::size_t left, std::size_t right) const {
  const RowHead& l = heads_[left];
  const RowHead& r = heads_[right];
  const auto order = order_.compare(l.batch(), l.row(), r.batch(), r.row());
  return order == std::strong_ordering::equal ? left > right : order > 0;
}

Status MergedRows::push(std::size_t stream) {
  FM_ASSIGN(const bool more, heads_[stream].fill());
  if (!more) return {};
  waiting_.push_back(stream);
  std::ranges::push_heap(waiting_, [this](auto a, auto b) { return comes_later(a, b); });
  return {};
}

// How many rows of a stream in hand come before all others: parts of a table that is sorted by
// time do not interleave, so that runs are long.
std::size_t MergedRows::run_of(std::size_t stream) const {
  const RowHead& head = heads_[stream];
  if (waiting_.empty()) return head.rows_left();
  const RowHead& other = heads_[waiting_.front()];
  std::size_t run = 1;
  while (run < head.rows_left() &&
         order_.compare(head.batch(), head.row() + run, other.batch(), other.row()) < 0)
    ++run;
  return run;
}

Result<bool> MergedRows::next(RowBatch& batch) {
  batch.clear();
  if (!std::exchange(started_, true))
    for (std::size_t stream = 0; stream < heads_.size(); ++stream) FM_TRY(push(stream));
  while (!batch.full() && !waiting_.empty()) {
    std::ranges::pop_heap(waiting_, [this](auto a, auto b) { return comes_later(a, b); });
    const std::size_t stream = waiting_.back();
    waiting_.pop_back();
    RowHead& head = heads_[stream];
    const std::size_t rows = std::min(run_of(stream), batch.rows_max() - batch.size());
    batch.append(head.batch(), head.row(), rows);
    head.take(rows);
    FM_TRY(push(stream));
  }
  return batch.size() > 0;
}

UpdatedRows::UpdatedRows(table::RowStream& stored, table::RowStream& fresh, Dates dropped)
    : fresh_stream_(&fresh),
      order_(fresh.table()),
      stored_(stored),
      fresh_(fresh),
      dropped_(std::move(dropped)),
      date_column_(date_column(fresh.table())) {}

void UpdatedRows::take_stored(RowBatch& batch) {
  if (!dropped_.empty() && dropped_.contains(stored_.batch().int32s(date_column_)[stored_.row()]))
    changed_ = true;
  else
    batch.append(stored_.batch(), stored_.row(), 1);
  stored_.take(1);
}

void UpdatedRows::take_fresh(RowBatch& batch) {
  batch.append(fresh_.batch(), fresh_.row(), 1);
  fresh_.take(1);
  changed_ = true;
}

void UpdatedRows::take_both(RowBatch& batch) {
  changed_ |= !same_content(stored_.batch(), stored_.row(), fresh_.batch(), fresh_.row());
  batch.append(fresh_.batch(), fresh_.row(), 1);
  keep_bookkeeping(batch, stored_.batch(), stored_.row());
  stored_.take(1);
  fresh_.take(1);
}

Result<bool> UpdatedRows::next(RowBatch& batch) {
  batch.clear();
  while (!batch.full()) {
    FM_ASSIGN(const bool has_stored, stored_.fill());
    FM_ASSIGN(const bool has_fresh, fresh_.fill());
    if (!has_stored && !has_fresh) break;
    const auto order = !has_fresh    ? std::strong_ordering::less
                       : !has_stored ? std::strong_ordering::greater
                                     : order_.compare(stored_.batch(), stored_.row(),
                                                      fresh_.batch(), fresh_.row());
    if (order < 0)
      take_stored(batch);
    else if (order > 0)
      take_fresh(batch);
    else
      take_both(batch);
  }
  return batch.size() > 0;
}

RuledRows::RuledRows(table::RowStream& stored, table::RowStream& fresh, MergeRule& rule)
    : fresh_stream_(&fresh), order_(fresh.table()), stored_(stored), fresh_(fresh), rule_(&rule) {}

void RuledRows::take_fresh(RowBatch& batch, std::size_t rows) {
  const MergeRule::Fresh first = rule_->added(fresh_.batch(), fresh_.row(), rows);
  FM_ASSERT(first.rows > 0 && first.rows <= rows);
  if (first.are_added) batch.append(fresh_.batch(), fresh_.row(), first.rows);
  fresh_.take(first.rows);
  changed_ |= first.are_added;
}

void RuledRows::take_stored(RowBatch& batch) {
  if (rule_->goes(stored_.batch(), stored_.row())) {
    changed_ = true;
  } else {
    batch.append(stored_.batch(), stored_.row(), 1);
    changed_ |= rule_->kept(batch);
  }
  stored_.take(1);
}

void RuledRows::take_both(RowBatch& batch) {
  if (rule_->choose(stored_.batch(), stored_.row(), fresh_.batch(), fresh_.row()) == Keep::kFresh) {
    batch.append(fresh_.batch(), fresh_.row(), 1);
    keep_bookkeeping(batch, stored_.batch(), stored_.row());
    changed_ = true;
  } else {
    batch.append(stored_.batch(), stored_.row(), 1);
  }
  stored_.take(1);
  fresh_.take(1);
}

Result<bool> RuledRows::next(RowBatch& batch) {
  batch.clear();
  while (!batch.full()) {
    FM_ASSIGN(const bool has_stored, stored_.fill());
    FM_ASSIGN(const bool has_fresh, fresh_.fill());
    if (!has_stored && !has_fresh) break;
    if (!has_stored) {
      take_fresh(batch, std::min(fresh_.rows_left(), batch.rows_max() - batch.size()));
      continue;
    }
    const auto order =
        !has_fresh ? std::strong_ordering::less
                   : order_.compare(stored_.batch(), stored_.row(), fresh_.batch(), fresh_.row());
    if (order > 0) {
      take_fresh(batch, 1);
    } else if (order < 0) {
      take_stored(batch);
    } else {
      take_both(batch);
    }
  }
  return batch.size() > 0;
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
