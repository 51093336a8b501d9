// Rows for the tests of this room.
#pragma once

#include <cstdint>
#include <vector>

#include "table/row_batch.h"

namespace fm::postgres {

// A table with a column of every type; text, int64 and double may be null.
[[nodiscard]] const table::Table& every_type();

// Candles of `ticker`, one a second from `first` on, all of one trade date; `version` changes their
// volume.
void fill_candles(table::RowBatch& rows, std::string_view ticker, Date date, Second first,
                  std::size_t count, std::int64_t version = 0);
// Seconds of a contract, likewise.
void fill_seconds(table::RowBatch& rows, std::string_view symbol, Date date, Second first,
                  std::size_t count, std::int64_t version = 0);

}  // namespace fm::postgres
