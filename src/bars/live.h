// The poller's minutes rolled up to market_data.futures_ohlcv_1h_live and futures_ohlcv_1d_live: of
// the trade dates whose minutes have changed.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "bars/days_in_parts.h"
#include "bars/history.h"
#include "base/error.h"
#include "lake/lake.h"
#include "market/session.h"

namespace fm::bars {

// One partition, and what of it is due.
struct DatesPlan {
  std::string root;
  int year = 0;
  std::set<Date> due;  // trade dates
  lake::CommitInfo info;
};

struct LivePlan {
  DatesPlan hours;
  DatesPlan days;
  [[nodiscard]] bool is_due() const { return !hours.due.empty() || !days.due.empty(); }
};

// By root and year, those with something due. Errors: the lake's.
[[nodiscard]] Result<std::vector<LivePlan>> plan_live(const lake::Lake& lake,
                                                      const market::Calendar& calendar,
                                                      const Selection& selection,
                                                      const std::string& parameters);

struct LiveReport {
  std::uint64_t hours = 0;  // rows of the partitions
  std::uint64_t days = 0;
  bool hours_changed = false;
  bool days_changed = false;
};
[[nodiscard]] Result<LiveReport> roll_up_live(lake::Lake& lake, const market::Calendar& calendar,
                                              const LivePlan& plan);

}  // namespace fm::bars
