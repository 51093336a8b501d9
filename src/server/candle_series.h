// A root's candles in each resolution, from whichever table has them. Private to this room.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "server/context.h"
#include "server/second_bars.h"
#include "server/series.h"

namespace fm::server {

// Names of columns to read; the time is read, too. Empty: all.
using ColumnNames = std::vector<std::string_view>;

// At most so many trade dates of one answer are made from seconds: then it says that there are
// more.
inline constexpr std::size_t kDatesFromSecondsMax = 40;

struct Resolution {
  std::string_view name;
  Second seconds;  // of a bar; or kWholeDate, kRolling
  const table::Table& (*stored)();
};
[[nodiscard]] std::span<const Resolution> resolutions();

struct CandleRequest {
  std::string root;
  const Resolution* resolution = nullptr;
  Which which = {};
  Stretch stretch = {};
  ColumnNames columns = {};
};

// Columns that the table in question lacks are not read. Errors: the lake's.
[[nodiscard]] Result<Series> read_series(Context& context, const CandleRequest& request);

}  // namespace fm::server
