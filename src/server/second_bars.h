// Bars and rolling candles out of candles_1s, where none are stored: of a named contract, of a
// deferred month, of a trade date that is not over. Private to this room.
#pragma once

#include <optional>
#include <string>

#include "base/error.h"
#include "server/context.h"
#include "server/frame.h"

namespace fm::server {

// Which contract of a root: a named one, or the nth delivery behind the front month.
struct Which {
  std::optional<std::string> symbol = {};
  int rank = 0;
  [[nodiscard]] bool is_front() const { return !symbol && rank == 0; }
};

inline constexpr Second kRolling = -1;
inline constexpr Second kWholeDate = 0;

// Of one trade date, as rows of `table`, one of candle_bars_…: bars of `bar_seconds`, of the whole
// date, or rolling ones (a row for each traded second, of the 60 seconds up to it). The CVD of the
// front month is the root's; of others the contract's own, from 0 at the start of the date.
[[nodiscard]] Result<Frame> bars_of_seconds(Context& context, const table::Table& table,
                                            const std::string& root, Date date, Second bar_seconds,
                                            const Which& which);

// For bars of lengths that no table has.
[[nodiscard]] const table::Table& second_bar_table();

}  // namespace fm::server
