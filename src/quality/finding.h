// What an audit finds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace fm::quality {

enum class Check : std::uint8_t {
  kGap,             // expected slots that a feed or the vendor lost
  kNotLoaded,       // expected slots between the first and the last bar that no file covers
  kDegraded,        // empty slots of days that the vendor calls degraded
  kOffSession,      // bars while the calendar says closed
  kEmptyDay,        // trade dates without a bar though files cover them
  kDuplicate,       // a key that stands twice
  kOutOfOrder,      // a row before the one it follows
  kOffSlot,         // a bar that does not begin where bars of its length do
  kBadRange,        // high below low, or open or close outside them
  kBadVolume,       // a bar without volume
  kOffTick,         // a price that is no multiple of the tick
  kOutlier,         // a close that jumps and comes back
  kSundayStub,      // bars of the UTC day for a Sunday evening
  kOverlap,         // files whose ranges overlap
  kUneven,          // a range other than the other roots'
  kSeam,            // live and historical bars that differ where both exist
  kSeamHole,        // trade dates between the last historical and the first live bar
  kDifferentBars,   // our bars and the vendor's of the same length differ
  kStaleCandles,    // candles whose inputs have changed since
  kIncompleteDate,  // candles of a trade date that its inputs do not cover whole
  kExpiryRule,      // definitions that end on another day than the registry's rule says
};
inline constexpr std::size_t kChecks = 21;
// "off_tick"
[[nodiscard]] std::string_view name(Check check);
// For people: "prices that are no multiple of the tick".
[[nodiscard]] std::string_view describe(Check check);

enum class Weight : std::uint8_t { kInfo, kWarning, kWrong };
[[nodiscard]] std::string_view name(Weight weight);
[[nodiscard]] Weight weight_of(Check check);

inline constexpr std::size_t kFindingExamplesMax = 5;

struct Finding {
  Check check{};
  std::uint64_t count = 0;
  Second first = 0;
  Second last = 0;
  std::vector<std::string> examples;  // the first ones
};

// Findings of one series, one for each check.
class FindingLog {
 public:
  // `example` is called while there is room for its text.
  template <class Text>
  void add(Check check, Second at, Text example) {
    Finding& finding = of(check, at);
    ++finding.count;
    finding.last = at;
    if (finding.examples.size() < kFindingExamplesMax) finding.examples.push_back(example());
  }
  // `count` at once, from `first` to `last`.
  void add_many(Check check, std::uint64_t count, Second first, Second last, std::string example);

  // In the order of Check.
  [[nodiscard]] std::vector<Finding> take() &&;

 private:
  [[nodiscard]] Finding& of(Check check, Second at);
  std::vector<Finding> findings_;
};

}  // namespace fm::quality
