// Every slot that the calendar expects, accounted for.
//
//   CoverageBuilder coverage(expected_slots(…), 60, knowledge);
//   for each bar in order of time: coverage.bar(second / 60);
//   const std::vector<DayCoverage> days = coverage.finish();
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <vector>

#include "quality/knowledge.h"
#include "quality/slots.h"

namespace fm::quality {

struct DayCoverage {
  Date date;
  std::array<std::uint32_t, kSlotStates> slots{};  // by SlotState
  std::uint32_t off_session = 0;  // slots with a bar in which the calendar says closed

  [[nodiscard]] std::uint32_t count(SlotState state) const {
    return slots[static_cast<std::size_t>(state)];
  }
  [[nodiscard]] std::uint32_t expected() const;
  friend bool operator==(const DayCoverage&, const DayCoverage&) = default;
};

class CoverageBuilder {
 public:
  CoverageBuilder(std::vector<SlotRun> expected, Second slot_seconds, const Knowledge& knowledge);

  // A bar stands in this slot. One that comes again, or late, counts once, at its first time.
  void bar(std::int64_t slot) {
    if (slot <= newest_) return;
    newest_ = slot;
    add(slot);
  }
  // Whether the newest slot was one that the calendar expects, and of which date it is.
  [[nodiscard]] bool in_session() const { return in_session_; }
  [[nodiscard]] Date date() const { return date_; }

  // From the first expected slot to behind the last one.
  [[nodiscard]] std::int64_t first_slot() const { return first_; }
  [[nodiscard]] std::int64_t end_slot() const { return end_; }

  // Slots before this one belong to no count. Before the first bar.
  void begin_at(std::int64_t slot);
  // Slots from `until` on belong to no count. By date. The object is of no use any more.
  [[nodiscard]] std::vector<DayCoverage> finish(
      std::int64_t until = std::numeric_limits<std::int64_t>::max());

 private:
  void add(std::int64_t slot);
  void account_empty(std::int64_t until);
  [[nodiscard]] DayCoverage& day(Date date);

  std::vector<SlotRun> expected_;
  Second slot_seconds_;
  bool repairs_known_;
  StateTimeline states_;
  std::int64_t first_ = 0;
  std::int64_t end_ = 0;
  std::size_t run_ = 0;      // of expected_
  std::int64_t cursor_ = 0;  // first slot of that run that is not accounted for
  std::int64_t newest_ = -1;
  bool in_session_ = false;
  Date date_;
  std::vector<DayCoverage> days_;
};

}  // namespace fm::quality
