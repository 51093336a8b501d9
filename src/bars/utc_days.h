// The vendor's bars of UTC days, for roots that have nothing finer.
#pragma once

#include <string_view>
#include <vector>

#include "bars/trade_days.h"
#include "base/error.h"
#include "table/row_stream.h"

namespace fm::bars {

struct UtcDayBar {
  DayBar day;
  bool merged_sunday = false;  // holds a bar of the weekend before
};

// Rows of market_data.databento_futures_ohlcv_1d_utc, in the order of the table, with the columns
// bar_columns() and "root"; those of other roots are passed over. What traded on a Sunday is the
// beginning of Monday's session: its bar is merged into Monday's, or stands for it where Monday has
// none. The result is in the order of date and symbol, of dates in `dates`.
[[nodiscard]] Result<std::vector<UtcDayBar>> utc_days(table::RowStream& rows, std::string_view root,
                                                      DateRange dates);

}  // namespace fm::bars
