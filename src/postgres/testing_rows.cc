#include "postgres/testing_rows.h"

#include <array>
#include <string>

namespace fm::postgres {
namespace {

using table::Column;
using table::Type;

constexpr Column column(std::string_view name, Type type, bool nullable = false) {
  return {.name = name,
          .type = type,
          .unit = "",
          .description = name,
          .nullable = nullable,
          .scale = type == Type::kDouble ? 9 : 0};
}
constexpr std::array kColumns{
    column("moment", Type::kTimestamp), column("day", Type::kDate),
    column("word", Type::kText, true),  column("big", Type::kInt64, true),
    column("middle", Type::kInt32),     column("small", Type::kInt8),
    column("flag", Type::kBool),        column("number", Type::kDouble, true)};
constexpr std::array<std::string_view, 1> kKey{"moment"};
constexpr table::Table kEveryType{.dataset = "market_data",
                                  .name = "every_type",
                                  .description = "one of each",
                                  .columns = kColumns,
                                  .key = kKey,
                                  .partition_column = "day",
                                  .cluster = kKey,
                                  .root_column = "",
                                  .layout = table::LakeLayout::kMonth,
                                  .sort = kKey};

// Each cell its own value, so that columns in the wrong order are noticed.
void fill(table::RowBatch& rows, std::string_view ticker, std::string_view symbol, Date date,
          Second first, std::size_t count, std::int64_t version) {
  const table::Table& table = rows.table();
  for (std::size_t i = 0; i < count; ++i) {
    const Second time = first + static_cast<Second>(i);
    table::RowAppender row(rows);
    for (std::size_t c = 0; c < table.columns.size(); ++c) {
      const Column& one = table.columns[c];
      const auto value = static_cast<std::int64_t>(c) * 1'000 + static_cast<std::int64_t>(i) % 97;
      if (one.name == "ticker") {
        row.text(ticker);
      } else if (one.name == "symbol") {
        row.text(symbol);
      } else if (one.type == Type::kTimestamp) {
        row.timestamp(time * 1'000'000);
      } else if (one.type == Type::kDate) {
        row.date(date);
      } else if (one.name == "volume") {
        row.int64(value + version);
      } else if (one.nullable && i % 5 == 0) {
        row.null();
      } else if (one.type == Type::kInt64) {
        row.int64(value);
      } else if (one.type == Type::kInt32) {
        row.int32(static_cast<std::int32_t>(value));
      } else if (one.type == Type::kInt8) {
        row.int8(static_cast<std::int8_t>(i % 3) - 1);
      } else {
        row.number(static_cast<double>(value) + 0.25);
      }
    }
    row.end();
  }
}

}  // namespace

const table::Table& every_type() { return kEveryType; }

void fill_candles(table::RowBatch& rows, std::string_view ticker, Date date, Second first,
                  std::size_t count, std::int64_t version) {
  fill(rows, ticker, std::string(ticker) + "M5", date, first, count, version);
}

void fill_seconds(table::RowBatch& rows, std::string_view symbol, Date date, Second first,
                  std::size_t count, std::int64_t version) {
  fill(rows, symbol.substr(0, 2), symbol, date, first, count, version);
}

}  // namespace fm::postgres
