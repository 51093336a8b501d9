#include "quality/knowledge.h"

#include <algorithm>
#include <limits>
#include <map>

#include "base/assert.h"

namespace fm::quality {
namespace {

constexpr Second kBegin = std::numeric_limits<Second>::min();
constexpr Second kEnd = std::numeric_limits<Second>::max();

// By the moment from which a state holds.
using States = std::map<Second, SlotState>;

void paint(States& states, const Interval& interval, SlotState state) {
  if (interval.from >= interval.to) return;
  const SlotState behind = std::prev(states.upper_bound(interval.to))->second;
  states.erase(states.lower_bound(interval.from), states.upper_bound(interval.to));
  states[interval.from] = state;
  if (interval.to != kEnd) states[interval.to] = behind;
}

void paint(States& states, const std::vector<Interval>& intervals, SlotState state) {
  for (const Interval& interval : joined(intervals)) paint(states, interval, state);
}

}  // namespace

std::string_view name(SlotState state) {
  switch (state) {
    case SlotState::kTraded:
      return "traded";
    case SlotState::kNoTrade:
      return "no_trade";
    case SlotState::kHalted:
      return "halted";
    case SlotState::kDegraded:
      return "degraded";
    case SlotState::kNotLoaded:
      return "not_loaded";
    case SlotState::kGap:
      return "gap";
    case SlotState::kRepaired:
      return "repaired";
  }
  return "";
}

// What stands later hides what stands before.
StateTimeline::StateTimeline(const Knowledge& knowledge) {
  States states{{kBegin, SlotState::kNoTrade}};
  paint(states, knowledge.degraded, SlotState::kDegraded);
  if (knowledge.coverage_known)
    paint(states, without({kBegin, kEnd}, joined(knowledge.covered)), SlotState::kNotLoaded);
  paint(states, knowledge.halted, SlotState::kHalted);
  paint(states, knowledge.gaps, SlotState::kGap);
  paint(states, knowledge.repaired, SlotState::kRepaired);
  changes_.reserve(states.size());
  for (const auto& [from, state] : states) changes_.push_back({from, state});
}

StateTimeline::Stretch StateTimeline::at(Second second) {
  FM_ASSERT(changes_[index_].from <= second);
  while (index_ + 1 < changes_.size() && changes_[index_ + 1].from <= second) ++index_;
  return {changes_[index_].state, index_ + 1 < changes_.size() ? changes_[index_ + 1].from : kEnd};
}

std::vector<Interval> joined(std::vector<Interval> intervals) {
  std::erase_if(intervals, [](const Interval& i) { return i.from >= i.to; });
  std::ranges::sort(intervals, {}, &Interval::from);
  std::vector<Interval> out;
  for (const Interval& interval : intervals) {
    if (!out.empty() && interval.from <= out.back().to)
      out.back().to = std::max(out.back().to, interval.to);
    else
      out.push_back(interval);
  }
  return out;
}

std::vector<Interval> without(const Interval& whole, const std::vector<Interval>& parts) {
  std::vector<Interval> out;
  Second from = whole.from;
  for (const Interval& part : parts) {
    if (part.to <= from) continue;
    if (part.from >= whole.to) break;
    if (part.from > from) out.push_back({from, part.from});
    from = part.to;
  }
  if (from < whole.to) out.push_back({from, whole.to});
  return out;
}

}  // namespace fm::quality
