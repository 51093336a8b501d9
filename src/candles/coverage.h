// Which seconds the feed covered: the union of intervals that are told one by one.
#pragma once

#include <cstddef>
#include <limits>
#include <optional>
#include <vector>

#include "base/time.h"

namespace fm::candles {

class Coverage {
 public:
  static constexpr Second kOpenEnd = std::numeric_limits<Second>::max();
  struct Interval {
    Second from;
    Second until;  // the first second not covered any more
  };
  using Handle = std::size_t;

  // Adds [from, until); kOpenEnd as long as the end is not known.
  Handle add(Second from, Second until);
  // Ends an interval that was added with kOpenEnd.
  void end(Handle interval, Second until);

  // Covered seconds of [from, until).
  [[nodiscard]] Second count(Second from, Second until) const;
  // Seconds of [from, until) that are not covered, but lie between two that are.
  [[nodiscard]] Second count_gaps(Second from, Second until) const;
  // The covered stretch that holds `second`; the last answer is remembered.
  [[nodiscard]] std::optional<Interval> around(Second second) const;
  // Another number whenever another answer may be given.
  [[nodiscard]] std::size_t version() const { return version_; }

 private:
  void unite();

  std::vector<Interval> told_;
  std::vector<Interval> united_;  // disjoint, not touching, in order
  std::size_t version_ = 0;
  mutable std::size_t near_ = 0;  // where around() looks first
};

}  // namespace fm::candles
