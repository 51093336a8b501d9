// Any bytes as a cell of a query's result, of every column of two tables that have every type:
// taken as a value that is written the same way, or refused.
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/assert.h"
#include "google/cell.h"
#include "table/catalogue.h"
#include "table/row_batch.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace table = fm::table;
  if (size < 2 || size > 512) return -1;
  const table::Table& chosen = data[0] % 2 == 0 ? table::candles_1m() : table::candle_sessions();
  const std::size_t column = data[1] % chosen.columns.size();
  const std::string_view cell(reinterpret_cast<const char*>(data) + 2, size - 2);
  table::RowBatch rows(chosen, 64);
  const bool taken = fm::google::put_cell(rows, column, 0, cell);
  switch (chosen.columns[column].type) {
    case table::Type::kText:
      FM_ASSERT(taken && rows.text(column, 0) == cell);
      break;
    case table::Type::kDouble: {
      if (!taken) break;
      // Seventeen digits tell every double from its neighbours.
      const double value = rows.doubles(column)[0];
      char text[64];
      const auto end =
          std::to_chars(text, text + sizeof text, value, std::chars_format::general, 17);
      FM_ASSERT(fm::google::put_cell(
          rows, column, 0, std::string_view(text, static_cast<std::size_t>(end.ptr - text))));
      const double again = rows.doubles(column)[0];
      FM_ASSERT(value == again || (std::isnan(value) && std::isnan(again)));
      break;
    }
    case table::Type::kBool:
      FM_ASSERT(taken == (cell == "true" || cell == "false"));
      break;
    case table::Type::kTimestamp:
    case table::Type::kInt64:
      if (taken) {
        char text[32];
        const auto end = std::to_chars(text, text + sizeof text, rows.int64s(column)[0]);
        FM_ASSERT(end.ptr <= text + sizeof text && cell.find_first_of(" +") == cell.npos);
      }
      break;
    default:
      break;
  }
  return 0;
}
