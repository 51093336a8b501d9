// A root's candles in each resolution. Private to this room.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "server/context.h"
#include "server/series.h"

namespace fm::server {

// Names of columns to read; the time is read, too. Empty: all.
using ColumnNames = std::vector<std::string_view>;

// Rolling candles of the front month, one a second: candles_1m.
[[nodiscard]] Result<Series> rolling_candles(Context& context, const std::string& root,
                                             const Stretch& stretch, const ColumnNames& columns);

// Plain bars of the front month as they are stored: candle_bars_1m and the like.
[[nodiscard]] Result<Series> stored_bars(Context& context, const table::Table& table,
                                         Second bar_seconds, const std::string& root,
                                         const Stretch& stretch, const ColumnNames& columns);

}  // namespace fm::server
