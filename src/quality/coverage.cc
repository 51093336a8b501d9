#include "quality/coverage.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace fm::quality {

std::uint32_t DayCoverage::expected() const {
  return std::accumulate(slots.begin(), slots.end(), std::uint32_t{0});
}

CoverageBuilder::CoverageBuilder(std::vector<SlotRun> expected, Second slot_seconds,
                                 const Knowledge& knowledge)
    : expected_(std::move(expected)),
      slot_seconds_(slot_seconds),
      repairs_known_(!knowledge.repaired.empty()),
      states_(knowledge) {
  if (expected_.empty()) return;
  cursor_ = first_ = expected_.front().first;
  end_ = expected_.back().last;
}

// Days come nearly in order: an off-session bar may name the day after the one at hand.
DayCoverage& CoverageBuilder::day(Date date) {
  for (auto it = days_.rbegin(); it != days_.rend() && it->date >= date; ++it)
    if (it->date == date) return *it;
  const auto place = std::ranges::upper_bound(days_, date, {}, &DayCoverage::date);
  return *days_.insert(place, DayCoverage{.date = date});
}

// The empty slots before `until`.
void CoverageBuilder::account_empty(std::int64_t until) {
  while (run_ < expected_.size()) {
    const SlotRun& run = expected_[run_];
    const std::int64_t end = std::min(run.last, until);
    while (cursor_ < end) {
      const auto stretch = states_.at(cursor_ * slot_seconds_);
      // A slot has the state of its first second.
      const std::int64_t to = stretch.until >= end * slot_seconds_
                                  ? end
                                  : (stretch.until + slot_seconds_ - 1) / slot_seconds_;
      day(run.date).slots[static_cast<std::size_t>(stretch.state)] +=
          static_cast<std::uint32_t>(to - cursor_);
      cursor_ = to;
    }
    if (until < run.last) return;
    if (++run_ < expected_.size()) cursor_ = expected_[run_].first;
  }
}

void CoverageBuilder::add(std::int64_t slot) {
  account_empty(slot);
  in_session_ = run_ < expected_.size() && slot >= expected_[run_].first;
  if (!in_session_) {
    date_ = Date::of_second(slot * slot_seconds_);
    ++day(date_).off_session;
    return;
  }
  date_ = expected_[run_].date;
  const bool repaired =
      repairs_known_ && states_.at(slot * slot_seconds_).state == SlotState::kRepaired;
  ++day(date_)
        .slots[static_cast<std::size_t>(repaired ? SlotState::kRepaired : SlotState::kTraded)];
  cursor_ = slot + 1;
}

void CoverageBuilder::begin_at(std::int64_t slot) {
  while (run_ < expected_.size() && expected_[run_].last <= slot) ++run_;
  if (run_ < expected_.size()) cursor_ = std::max(expected_[run_].first, slot);
}

std::vector<DayCoverage> CoverageBuilder::finish(std::int64_t until) {
  account_empty(until);
  return std::move(days_);
}

}  // namespace fm::quality
