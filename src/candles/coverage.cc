#include "candles/coverage.h"

#include <algorithm>

#include "base/assert.h"

namespace fm::candles {

Coverage::Handle Coverage::add(Second from, Second until) {
  told_.push_back({next_, {from, until}});
  unite();
  return next_++;
}

void Coverage::end(Handle interval, Second until) {
  Interval& told = find(interval);
  FM_ASSERT(told.until == kOpenEnd);
  told.until = std::max(until, told.from);
  unite();
}

Coverage::Handle Coverage::cut(Handle interval, Nanos from, Nanos until) {
  if (from >= until) return interval;
  const Second begin = find(interval).from;
  const Second untouched = second_of(until) + (until % kNanosPerSecond == 0 ? 0 : 1);
  end(interval, second_of(from));
  return add(std::max(begin, untouched), kOpenEnd);
}

void Coverage::forget_before(Second second) {
  const std::size_t forgotten = std::erase_if(told_, [&](const auto& told) {
    const Interval& interval = told.second;
    if (interval.until > second) return false;
    if (interval.from < interval.until) forgotten_from_ = std::min(forgotten_from_, interval.from);
    return true;
  });
  if (forgotten > 0) unite();
}

Coverage::Interval& Coverage::find(Handle interval) {
  const auto found = std::lower_bound(told_.begin(), told_.end(), interval,
                                      [](const auto& told, Handle h) { return told.first < h; });
  FM_ASSERT(found != told_.end() && found->first == interval);
  return found->second;
}

void Coverage::unite() {
  united_.clear();
  for (const auto& [handle, interval] : told_) {
    if (interval.from < interval.until) united_.push_back(interval);
  }
  std::sort(united_.begin(), united_.end(),
            [](const Interval& a, const Interval& b) { return a.from < b.from; });
  std::size_t kept = 0;
  for (const Interval& interval : united_) {
    if (kept > 0 && interval.from <= united_[kept - 1].until) {
      united_[kept - 1].until = std::max(united_[kept - 1].until, interval.until);
    } else {
      united_[kept++] = interval;
    }
  }
  united_.resize(kept);
  near_ = 0;
  ++version_;
}

Second Coverage::count(Second from, Second until) const {
  Second total = 0;
  for (const Interval& interval : united_) {
    total += std::max(Second{0}, std::min(until, interval.until) - std::max(from, interval.from));
  }
  return total;
}

Second Coverage::count_gaps(Second from, Second until, Second known_until) const {
  Second first = forgotten_from_;
  Second last = std::numeric_limits<Second>::min();
  for (const Interval& interval : united_) {
    if (interval.from >= known_until) break;
    first = std::min(first, interval.from);
    last = std::min(interval.until, known_until);
  }
  from = std::max(from, first);
  until = std::min(until, last);
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
