// Any bytes as a cell of a database, of every column of two tables that have every type: taken and
// kept as they are, or refused.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/assert.h"
#include "postgres/copy_rows.h"
#include "postgres/row_reader.h"
#include "table/catalogue.h"
#include "table/row_batch.h"

namespace {

// Of the last cell that CopyRows writes for the row.
std::string_view written_cell(const fm::table::RowBatch& rows, fm::postgres::CopyRows& copy,
                              std::size_t column) {
  copy.begin();
  copy.add(rows);
  const auto bytes = copy.take();
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  std::size_t at = fm::postgres::kCopyHeaderBytes + 2;
  for (std::size_t c = 0;; ++c) {
    std::uint32_t size = 0;
    for (int i = 0; i < 4; ++i) size = size << 8 | static_cast<unsigned char>(text[at++]);
    if (c == column) return text.substr(at, size);
    at += size;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace table = fm::table;
  if (size < 2 || size > 512) return -1;
  const table::Table& chosen = data[0] % 2 == 0 ? table::candles_1m() : table::candle_sessions();
  const std::size_t column = data[1] % chosen.columns.size();
  const std::string_view cell(reinterpret_cast<const char*>(data) + 2, size - 2);
  table::RowBatch rows(chosen, 64);
  for (std::size_t c = 0; c < chosen.columns.size(); ++c)
    if (chosen.columns[c].type == table::Type::kText) rows.set_text(c, 0, "");
  const bool taken = fm::postgres::put_cell(rows, column, 0, cell);
  const table::Type type = chosen.columns[column].type;
  if (type == table::Type::kText) FM_ASSERT(taken);
  if (!taken) return 0;
  rows.set_size(1);
  fm::postgres::CopyRows copy;
  const std::string_view again = written_cell(rows, copy, column);
  if (type == table::Type::kBool) {
    FM_ASSERT(again.size() == 1 && (again[0] != 0) == (cell[0] != 0));
  } else {
    FM_ASSERT(again == cell);
  }
  return 0;
}
