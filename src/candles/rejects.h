// Counts of what was left out, by ticker and trade date where both are known, else by the UTC date
// of arrival.
#pragma once

#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "candles/types.h"

namespace fm::candles {

class Rejects {
 public:
  void count(Reason reason, TickerId ticker, Date trade_date) {
    totals_[index(reason)] += 1;
    counts_of(ticker, trade_date)[index(reason)] += 1;
  }
  // No arrival is known yet when `arrival` is absent: the count waits for date_waiting().
  void count(Reason reason, std::optional<Date> arrival);
  // The first arrival, or the end: counts without a date belong here.
  void date_waiting(Date arrival);

  [[nodiscard]] const ReasonCounts& totals() const { return totals_; }
  [[nodiscard]] ReasonCounts of(TickerId ticker, Date trade_date) const;
  [[nodiscard]] std::vector<RejectCount> all() const;

 private:
  using Key = std::pair<std::optional<TickerId>, Date>;
  static std::size_t index(Reason reason) { return static_cast<std::size_t>(reason); }
  // Runs of the same key are the rule: the last one is remembered.
  ReasonCounts& counts_of(std::optional<TickerId> ticker, Date date);

  ReasonCounts totals_{};
  ReasonCounts waiting_{};
  std::map<Key, ReasonCounts> counts_;
  std::map<Key, ReasonCounts>::iterator last_ = counts_.end();
};

}  // namespace fm::candles
