// The futures curve of each date, and differences between its places.
#pragma once

#include "bars/bar_rows.h"
#include "bars/contract_history.h"
#include "bars/statistics.h"

namespace fm::bars {

struct CurveRows {
  RowList curve;    // market_data.futures_curve_1d
  RowList spreads;  // signals.calendar_spreads_1d
};

// Contracts that traded or were settled on each of the history's dates in `dates`, nearest delivery
// first; those past their last trade date are left out. Settlements of contracts that did not trade
// come from `statistics`.
[[nodiscard]] CurveRows curve_rows(const ContractHistory& history, const StatisticsBook& statistics,
                                   DateRange dates);

}  // namespace fm::bars
