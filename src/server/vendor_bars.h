// Bars of roots that have no candles: out of the vendor's bars, history first, then what is polled.
// Private to this room.
#pragma once

#include <optional>

#include "base/error.h"
#include "server/candle_series.h"

namespace fm::server {

// time, symbol, open, high, low, close, volume, vd, cvd_close (both null: the bars do not say who
// was the aggressor), trade_date.
[[nodiscard]] const table::Table& vendor_bar_table();

// The contract is the named one, or by the volume of each trade date. Nothing where the root has no
// such bars. Errors: the lake's.
[[nodiscard]] Result<std::optional<Series>> vendor_bars(Context& context,
                                                        const CandleRequest& request);

}  // namespace fm::server
