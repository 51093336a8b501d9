// What is known of times in which no bar stands.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace fm::quality {

enum class SlotState : std::uint8_t {
  kTraded,
  kNoTrade,    // the data cover it, and nothing was traded
  kHalted,     // a status record says so
  kDegraded,   // the vendor calls its day degraded
  kNotLoaded,  // no file covers it
  kGap,        // lost by the feed or missing at the vendor
  kRepaired,   // lost by the feed, fetched since
};
inline constexpr std::size_t kSlotStates = 7;
[[nodiscard]] std::string_view name(SlotState state);

// A stretch of time [from, to).
struct Interval {
  Second from = 0;
  Second to = 0;
  friend bool operator==(const Interval&, const Interval&) = default;
};

// In any order, overlapping or not.
struct Knowledge {
  // Times that files cover; with `coverage_known` false every time counts as covered.
  std::vector<Interval> covered;
  bool coverage_known = false;
  std::vector<Interval> degraded;
  std::vector<Interval> halted;
  bool halts_known = false;  // status records were there to ask
  std::vector<Interval> gaps;
  std::vector<Interval> repaired;
};

// Knowledge as one state for each moment, asked for in order of time.
class StateTimeline {
 public:
  explicit StateTimeline(const Knowledge& knowledge);

  // The state of an empty slot at `second`, and until when it holds. `second` must not go back.
  struct Stretch {
    SlotState state = SlotState::kNoTrade;
    Second until = 0;
  };
  [[nodiscard]] Stretch at(Second second);

 private:
  struct Change {
    Second from = 0;
    SlotState state = SlotState::kNoTrade;
  };
  std::vector<Change> changes_;  // sorted; the first one begins before all time
  std::size_t index_ = 0;
};

// Sorted, and those that touch joined.
[[nodiscard]] std::vector<Interval> joined(std::vector<Interval> intervals);
// The parts of `whole` that lie in none of `parts`, which are as joined() gives them.
[[nodiscard]] std::vector<Interval> without(const Interval& whole,
                                            const std::vector<Interval>& parts);

}  // namespace fm::quality
