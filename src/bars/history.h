// The vendor's bars in the lake rolled up to market_data.bars_1h and
// market_data.databento_futures_ohlcv_1d, one root and year at a time.
//
//   FM_ASSIGN(const History history, History::look_at(lake, registry, {}));
//   for (const YearPlan& year : history.years())
//     if (year.is_due()) FM_TRY(history.roll_up(year));
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "bars/trade_days.h"
#include "base/error.h"
#include "lake/lake.h"
#include "market/session.h"
#include "market/universe.h"

namespace fm::bars {

struct Selection {
  std::set<std::string> roots;  // empty: all
  std::optional<Date> from;     // partitions that hold no date in [from, to] are left out
  std::optional<Date> to;
  [[nodiscard]] bool takes(const std::string& root) const {
    return roots.empty() || roots.contains(root);
  }
  // Of a year, month or day [first, end).
  [[nodiscard]] bool takes(Date first, Date end) const {
    return (!from || *from < end) && (!to || first <= *to);
  }
};

struct YearPlan {
  std::string root;
  int year = 0;
  bool has_minutes = false;  // sources of this root, for this year
  bool has_hours = false;
  bool has_days = false;
  lake::CommitInfo hours_info;
  lake::CommitInfo days_info;
  bool hours_due = false;
  bool days_due = false;
  [[nodiscard]] bool is_due() const { return hours_due || days_due; }
};

struct YearReport {
  std::uint64_t hours = 0;
  std::uint64_t days = 0;
  std::uint64_t utc_days = 0;        // of `days`: those with basis utc
  std::uint64_t merged_sundays = 0;  // of `utc_days`
  bool hours_changed = false;
  bool days_changed = false;
};

class History {
 public:
  // What is there and what of it is due. `lake`, `calendar` and `universe` must outlive the object;
  // `parameters` is kept with every partition, and another one makes all of them due. Errors: the
  // lake's.
  [[nodiscard]] static Result<History> look_at(lake::Lake& lake, const market::Calendar& calendar,
                                               const market::Universe& universe,
                                               const Selection& selection,
                                               const std::string& parameters);

  // By root and year.
  [[nodiscard]] const std::vector<YearPlan>& years() const { return years_; }

  // Makes what is due of it. Each table's partition changes in one step, the hours first. Errors:
  // the lake's; what is stored then stays, and the next run makes it.
  [[nodiscard]] Result<YearReport> roll_up(const YearPlan& plan) const;

 private:
  History(lake::Lake& lake, const market::Calendar& calendar, const market::Universe& universe)
      : lake_(&lake), calendar_(&calendar), universe_(&universe) {}

  [[nodiscard]] std::unique_ptr<TradeDayStream> trade_days(const YearPlan& plan) const;

  lake::Lake* lake_;
  const market::Calendar* calendar_;
  const market::Universe* universe_;
  std::vector<YearPlan> years_;
};

}  // namespace fm::bars
