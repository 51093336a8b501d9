// Which seconds the feed covered: the union of intervals that are told one by one.
#pragma once

#include <cstddef>
#include <limits>
#include <optional>
#include <utility>
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
  // Cuts [from, until), in nanoseconds, out of an interval that was added with kOpenEnd: it ends
  // before the first second that the gap touches. What begins with the first one that it does not
  // touch is another interval, which is returned.
  Handle cut(Handle interval, Nanos from, Nanos until);
  // No second before this one will be asked about. Keeps memory bounded over weeks with gaps.
  void forget_before(Second second);

  // Covered seconds of [from, until).
  [[nodiscard]] Second count(Second from, Second until) const;
  // Seconds of [from, until) that are not covered, but lie between two that are; as if coverage had
  // ended at `known_until`.
  [[nodiscard]] Second count_gaps(Second from, Second until, Second known_until = kOpenEnd) const;
  // The covered stretch that holds `second`; the last answer is remembered.
  [[nodiscard]] std::optional<Interval> around(Second second) const;
  // How many are remembered.
  [[nodiscard]] std::size_t stretches() const { return told_.size(); }
  // Another number whenever another answer may be given.
  [[nodiscard]] std::size_t version() const { return version_; }

 private:
  [[nodiscard]] Interval& find(Handle interval);
  void unite();

  std::vector<std::pair<Handle, Interval>> told_;  // in order of the handles
  Handle next_ = 0;
  Second forgotten_from_ = kOpenEnd;  // where the first forgotten interval began
  std::vector<Interval> united_;      // disjoint, not touching, in order
  std::size_t version_ = 0;
  mutable std::size_t near_ = 0;  // where around() looks first
};

}  // namespace fm::candles
