#include "jobs/row_compare.h"

#include <bit>
#include <optional>

namespace fm::jobs {
namespace {

// The row in hand of a stream.
class Head {
 public:
  explicit Head(table::RowStream& rows) : rows_(rows), batch_(rows.table()) {}

  // False at the end.
  Result<bool> next() {
    if (started_ && ++row_ < batch_.size()) return true;
    started_ = true;
    row_ = 0;
    return rows_.next(batch_);
  }
  [[nodiscard]] const table::RowBatch& batch() const { return batch_; }
  [[nodiscard]] std::size_t row() const { return row_; }

 private:
  table::RowStream& rows_;
  table::RowBatch batch_;
  std::size_t row_ = 0;
  bool started_ = false;
};

std::string cell_text(const Head& head, std::size_t column) {
  const table::RowBatch& batch = head.batch();
  if (batch.is_null(column, head.row())) return "null";
  switch (batch.table().columns[column].type) {
    case table::Type::kTimestamp:
    case table::Type::kInt64:
      return std::to_string(batch.int64s(column)[head.row()]);
    case table::Type::kDate:
    case table::Type::kInt32:
      return std::to_string(batch.int32s(column)[head.row()]);
    case table::Type::kInt8:
    case table::Type::kBool:
      return std::to_string(batch.int8s(column)[head.row()]);
    case table::Type::kDouble:
      return fmt::format("{}", batch.doubles(column)[head.row()]);
    case table::Type::kText:
      return std::string(batch.text(column, head.row()));
  }
  return {};
}

bool same_cell(const Head& one, const Head& other, std::size_t column) {
  const bool null = one.batch().is_null(column, one.row());
  if (null != other.batch().is_null(column, other.row())) return false;
  if (null) return true;
  if (one.batch().table().columns[column].type == table::Type::kDouble)
    return std::bit_cast<std::uint64_t>(one.batch().doubles(column)[one.row()]) ==
           std::bit_cast<std::uint64_t>(other.batch().doubles(column)[other.row()]);
  return cell_text(one, column) == cell_text(other, column);
}

// The first cell that differs; nothing when all are the same.
std::optional<std::string> first_difference(const Head& expected, const Head& found) {
  const auto columns = expected.batch().table().columns;
  for (std::size_t column = 0; column < columns.size(); ++column) {
    if (columns[column].bookkeeping || same_cell(expected, found, column)) continue;
    return fmt::format("{}: {}, expected {}", columns[column].name, cell_text(found, column),
                       cell_text(expected, column));
  }
  return std::nullopt;
}

}  // namespace

Result<RowCounts> compare_rows(table::RowStream& expected, table::RowStream& found,
                               std::size_t key_column, const DifferenceReceiver& receive) {
  RowCounts counts;
  Head one(expected), other(found);
  FM_ASSIGN(bool has_one, one.next());
  FM_ASSIGN(bool has_other, other.next());
  const auto tell = [&](const Head& head, const std::string& what) {
    ++counts.different;
    receive(head.batch(), head.row(), what);
  };
  while (has_one || has_other) {
    const std::int64_t one_key = has_one ? one.batch().int64s(key_column)[one.row()] : 0;
    const std::int64_t other_key = has_other ? other.batch().int64s(key_column)[other.row()] : 0;
    const bool take_one = has_one && (!has_other || one_key <= other_key);
    const bool take_other = has_other && (!has_one || other_key <= one_key);
    if (!take_other) {
      tell(one, "missing");
    } else if (!take_one) {
      tell(other, "extra");
    } else if (const auto what = first_difference(one, other)) {
      tell(other, *what);
    }
    counts.expected += take_one ? 1 : 0;
    counts.found += take_other ? 1 : 0;
    if (take_one) {
      FM_ASSIGN(has_one, one.next());
    }
    if (take_other) {
      FM_ASSIGN(has_other, other.next());
    }
  }
  return counts;
}

}  // namespace fm::jobs
