// Bars and rolling candles out of candles_1s, where none are stored: of a named contract, of a
// deferred month, of a trade date that is not over. Private to this room.
#pragma once

#include <memory>
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

// What this process knows of a root behind the seconds that are stored.
struct LiveTail {
  Second from = 0;                                 // what is traded before is stored
  Date date;                                       // the newest second's trade date
  std::shared_ptr<const table::RowBatch> seconds;  // of candles_1s
  std::shared_ptr<const table::RowBatch> candles;  // of candles_1m, rolling; nullptr: none
};
// `stored_to`: seconds before it are in the lake. Nothing where no feed runs in this process, or
// where it cannot know every second from there on.
[[nodiscard]] std::optional<LiveTail> live_tail(Context& context, const std::string& root,
                                                Second stored_to);

// Of one trade date, as rows of `table`, one of candle_bars_…, the seconds of `tail` included: bars
// of `bar_seconds`, of the whole date, or rolling ones (a row for each traded second, of the 60
// seconds up to it). The CVD of the front month is the root's; of others the contract's own, from 0
// at the start of the date.
[[nodiscard]] Result<Frame> bars_of_seconds(Context& context, const table::Table& table,
                                            const std::string& root, Date date, Second bar_seconds,
                                            const Which& which,
                                            const std::optional<LiveTail>& tail);

// For bars of lengths that no table has.
[[nodiscard]] const table::Table& second_bar_table();

}  // namespace fm::server
