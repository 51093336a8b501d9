#include "jobs/testing_any_rows.h"

#include <algorithm>
#include <array>
#include <compare>
#include <limits>
#include <random>
#include <string_view>

#include "lake/row_order.h"

namespace fm::jobs {
namespace {

using table::Type;

constexpr auto kInt64Min = std::numeric_limits<std::int64_t>::min();
constexpr auto kInt64Max = std::numeric_limits<std::int64_t>::max();
constexpr auto kInt32Min = std::numeric_limits<std::int32_t>::min();
constexpr auto kInt32Max = std::numeric_limits<std::int32_t>::max();
constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr std::int64_t kMicrosPerYear = 31'556'952'000'000;

constexpr std::array<std::int64_t, 8> kInt64s{0,         1,         -1,       12'345,
                                              kInt64Min, kInt64Max, 1L << 31, 2'147'483'647};
constexpr std::array<std::int32_t, 6> kInt32s{0, 1, -1, 65'536, kInt32Min, kInt32Max};
constexpr std::array<double, 14> kDoubles{
    0.0,       -0.0,      0.1,    -6'012.25, 1e-10,  -1e-10,
    9.3e9,     -9.3e9,    1.5e18, 1e300,     -1e300, std::numeric_limits<double>::quiet_NaN(),
    kInfinity, -kInfinity};
constexpr std::array<std::string_view, 8> kTexts{
    "",
    " ",
    "ESM5",
    "ESM5 ",
    "it's \"one\"\\, two",
    "\xC3\xA9t\xC3\xA9 \xF0\x9F\x8C\xBD",
    "NULL",
    "a text that is longer than any that an engine keeps in a word of its own"};

class Cells {
 public:
  Cells(const table::Table& table, std::uint64_t seed, std::string_view root, Date from,
        Date before)
      : table_(&table), random_(seed), root_(root), from_(from), before_(before) {}

  void add(table::RowAppender& row, const table::Column& column) {
    const bool is_key = std::ranges::find(table_->key, column.name) != table_->key.end();
    if (column.name == table_->partition_column) {
      row.date(from_ + static_cast<int>(below(static_cast<std::uint64_t>(
                           before_.days_since_1970() - from_.days_since_1970()))));
    } else if (column.name == table_->root_column) {
      row.text(root_);
    } else if (column.nullable && !is_key && below(5) == 0) {
      row.null();
    } else {
      value(row, column.type);
    }
  }

 private:
  std::uint64_t below(std::uint64_t limit) { return random_() % limit; }
  template <class Values>
  auto one_of(const Values& values) {
    return values[below(values.size())];
  }

  void value(table::RowAppender& row, Type type) {
    const auto wild = static_cast<std::int64_t>(random_());
    switch (type) {
      case Type::kTimestamp:
        row.timestamp(wild % (130 * kMicrosPerYear) / 2 + 20 * kMicrosPerYear);
        break;
      case Type::kDate:
        row.date(Date::from_days(static_cast<std::int32_t>(wild % 30'000)));
        break;
      case Type::kInt64:
        row.int64(below(2) == 0 ? one_of(kInt64s) : wild);
        break;
      case Type::kInt32:
        row.int32(below(2) == 0 ? one_of(kInt32s) : static_cast<std::int32_t>(wild));
        break;
      case Type::kInt8:
        row.int8(static_cast<std::int8_t>(wild));
        break;
      case Type::kBool:
        row.boolean(wild % 2 == 0);
        break;
      case Type::kDouble:
        row.number(below(2) == 0 ? one_of(kDoubles) : static_cast<double>(wild) / 1e12);
        break;
      case Type::kText:
        row.text(one_of(kTexts));
        break;
    }
  }

  const table::Table* table_;
  std::mt19937_64 random_;
  std::string_view root_;
  Date from_, before_;
};

}  // namespace

table::RowBatch any_rows(const table::Table& table, std::uint64_t seed, std::size_t rows,
                         std::string_view root, Date from, Date before) {
  Cells cells(table, seed, root, from, before);
  const lake::RowOrder order(table);
  table::RowBatch batch(table, rows);
  table::RowBatch one(table, 1);
  for (std::size_t i = 0; i < rows; ++i) {
    one.clear();
    table::RowAppender row(one);
    for (const table::Column& column : table.columns) cells.add(row, column);
    row.end();
    bool is_new = true;  // no table has two rows of one key
    for (std::size_t other = 0; other < batch.size(); ++other)
      is_new = is_new && order.compare(batch, other, one, 0) != std::strong_ordering::equal;
    if (is_new) batch.append(one, 0, 1);
  }
  return batch;
}

}  // namespace fm::jobs
