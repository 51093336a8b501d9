#include "candles/coverage.h"

#include <algorithm>

#include "base/assert.h"

namespace fm::candles {

Coverage::Handle Coverage::add(Second from, Second until) {
  told_.push_back({from, until});
  unite();
  return told_.size() - 1;
}

void Coverage::end(Handle interval, Second until) {
  FM_ASSERT(told_.at(interval).until == kOpenEnd);
  told_[interval].until = std::max(until, told_[interval].from);
  unite();
}

void Coverage::unite() {
  std::vector<Interval> sorted = told_;
  std::erase_if(sorted, [](const Interval& interval) { return interval.from >= interval.until; });
  std::sort(sorted.begin(), sorted.end(),
            [](const Interval& a, const Interval& b) { return a.from < b.from; });
  united_.clear();
  near_ = 0;
  ++version_;
  for (const Interval& interval : sorted) {
    if (!united_.empty() && interval.from <= united_.back().until) {
      united_.back().until = std::max(united_.back().until, interval.until);
    } else {
      united_.push_back(interval);
    }
  }
}

Second Coverage::count(Second from, Second until) const {
  Second total = 0;
  for (const Interval& interval : united_) {
    total += std::max(Second{0}, std::min(until, interval.until) - std::max(from, interval.from));
  }
  return total;
}

Second Coverage::count_gaps(Second from, Second until) const {
  if (united_.empty()) return 0;
  from = std::max(from, united_.front().from);
  until = std::min(until, united_.back().until);
  return from >= until ? 0 : until - from - count(from, until);
}

std::optional<Coverage::Interval> Coverage::around(Second second) const {
  const auto holds = [second](const Interval& interval) {
    return interval.from <= second && second < interval.until;
  };
  if (near_ < united_.size() && holds(united_[near_])) return united_[near_];
  const auto found = std::find_if(united_.begin(), united_.end(), holds);
  if (found == united_.end()) return std::nullopt;
  near_ = static_cast<std::size_t>(found - united_.begin());
  return *found;
}

}  // namespace fm::candles
