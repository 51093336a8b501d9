#include "quality/verify_rows.h"

#include <algorithm>
#include <bit>

#include "lake/row_order.h"

namespace fm::quality {
namespace {

using table::Type;

std::string cell_text(const table::RowBatch& rows, std::size_t column, std::size_t row) {
  if (rows.is_null(column, row)) return "null";
  switch (rows.table().columns[column].type) {
    case Type::kTimestamp: {
      const std::int64_t us = rows.int64s(column)[row];
      if (us < 0) return std::to_string(us) + " us";
      return us % 1'000'000 == 0 ? iso_second(us / 1'000'000)
                                 : iso_nanos(static_cast<Nanos>(us) * 1'000);
    }
    case Type::kDate:
      return Date::from_days(rows.int32s(column)[row]).iso();
    case Type::kInt64:
      return std::to_string(rows.int64s(column)[row]);
    case Type::kInt32:
      return std::to_string(rows.int32s(column)[row]);
    case Type::kInt8:
      return std::to_string(rows.int8s(column)[row]);
    case Type::kBool:
      return rows.int8s(column)[row] != 0 ? "true" : "false";
    case Type::kDouble:
      return fmt::format("{}", rows.doubles(column)[row]);
    case Type::kText:
      return std::string(rows.text(column, row));
  }
  return {};
}

std::string key_text(const table::RowBatch& rows, std::size_t row) {
  std::string text;
  for (const std::string_view column : rows.table().key)
    text += (text.empty() ? "" : " ") + cell_text(rows, rows.table().column_index(column), row);
  return text;
}

// The row in hand of a stream.
class Head {
 public:
  explicit Head(table::RowStream& rows) : rows_(rows), batch_(rows.table()) {}
  Status next() {
    if (++row_ < batch_.size()) return {};
    row_ = 0;
    FM_ASSIGN(has_row_, rows_.next(batch_));
    return {};
  }
  [[nodiscard]] bool has_row() const { return has_row_; }
  [[nodiscard]] const table::RowBatch& batch() const { return batch_; }
  [[nodiscard]] std::size_t row() const { return row_; }
  [[nodiscard]] std::string text(std::size_t column) const {
    return cell_text(batch_, column, row_);
  }

 private:
  table::RowStream& rows_;
  table::RowBatch batch_;
  std::size_t row_ = 0;
  bool has_row_ = false;
};

bool same_cell(const Head& one, const Head& other, std::size_t column) {
  const bool is_null = one.batch().is_null(column, one.row());
  if (is_null != other.batch().is_null(column, other.row())) return false;
  if (is_null) return true;
  if (one.batch().table().columns[column].type == Type::kDouble)
    return std::bit_cast<std::uint64_t>(one.batch().doubles(column)[one.row()]) ==
           std::bit_cast<std::uint64_t>(other.batch().doubles(column)[other.row()]);
  return one.text(column) == other.text(column);
}

}  // namespace

Result<RowDifferences> compare_rows(table::RowStream& left, std::string_view left_name,
                                    table::RowStream& right, std::string_view right_name,
                                    std::size_t examples_max) {
  RowDifferences differences;
  const lake::RowOrder order(left.table());
  Head one(left), other(right);
  FM_TRY(one.next());
  FM_TRY(other.next());
  const auto tell = [&](const Head& head, std::string what) {
    if (differences.count++ < examples_max)
      differences.examples.push_back({key_text(head.batch(), head.row()), std::move(what)});
  };
  while (one.has_row() || other.has_row()) {
    auto which = std::strong_ordering::equal;
    if (!other.has_row()) {
      which = std::strong_ordering::less;
    } else if (!one.has_row()) {
      which = std::strong_ordering::greater;
    } else {
      which = order.compare(one.batch(), one.row(), other.batch(), other.row());
    }
    if (which < 0) {
      tell(one, fmt::format("only in {}", left_name));
    } else if (which > 0) {
      tell(other, fmt::format("only in {}", right_name));
    } else {
      const auto columns = left.table().columns;
      std::string what;
      for (std::size_t column = 0; column < columns.size(); ++column)
        if (!columns[column].bookkeeping && !same_cell(one, other, column))
          what += fmt::format("{}{}: {} in {}, {} in {}", what.empty() ? "" : "; ",
                              columns[column].name, one.text(column), left_name, other.text(column),
                              right_name);
      if (!what.empty()) tell(one, std::move(what));
    }
    if (which <= 0) FM_TRY(one.next());
    if (which >= 0) FM_TRY(other.next());
  }
  return differences;
}

Result<bool> RowsBefore::next(table::RowBatch& batch) {
  batch.clear();
  while (!batch.full()) {
    if (row_ == read_.size()) {
      row_ = 0;
      FM_ASSIGN(const bool more, rows_->next(read_));
      if (!more) break;
    }
    const auto times = read_.int64s(time_column_);
    std::size_t end = row_;
    const std::size_t room = batch.rows_max() - batch.size();
    while (end < read_.size() && end - row_ < room && times[end] < final_to_us_) ++end;
    if (end > row_) {
      batch.append(read_, row_, end - row_);
      row_ = end;
      continue;
    }
    ++row_;
  }
  return batch.size() > 0;
}

}  // namespace fm::quality
