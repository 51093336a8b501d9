// Every slot accounted for, and by the state that it had.
#include "quality/coverage.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace fm::quality {
namespace {

const market::Calendar& calendar() { return market::Calendar::builtin(); }

TEST(ExpectedSlots, AreThoseOfTheSessions) {
  // Monday, 16 June 2025: Sunday 22:00 to Monday 21:00 UTC. Tuesday follows.
  const auto es = calendar().template_of("ES");
  const Date monday(2025, 6, 16);
  const Second open = Date(2025, 6, 15).first_second() + 22 * 3'600;
  const auto minutes = expected_slots(calendar(), es, monday, monday, 60);
  ASSERT_EQ(minutes.size(), 1U);
  EXPECT_EQ(minutes[0], (SlotRun{open / 60, open / 60 + 23 * 60, monday}));
  const auto hours = expected_slots(calendar(), es, monday, monday + 1, 3'600);
  ASSERT_EQ(hours.size(), 2U);
  EXPECT_EQ(hours[0].last - hours[0].first, 23);
  EXPECT_EQ(hours[1].first - hours[0].last, 1) << "the daily break";
  const auto days = expected_slots(calendar(), es, monday, monday + 1, kSecondsPerDay);
  ASSERT_EQ(days.size(), 3U) << "Sunday, Monday, Tuesday in UTC";
  EXPECT_EQ(days[0].date, Date(2025, 6, 15));
  EXPECT_EQ(days[2].date, Date(2025, 6, 17));
}

TEST(ExpectedSlots, AnHourThatTwoSessionsShareCountsOnce) {
  // Grains pause from 07:45 to 08:30 and close at 13:20 Chicago: no whole hour lies between.
  const auto zl = calendar().template_of("ZL");
  std::set<std::int64_t> seen;
  for (const SlotRun& run :
       expected_slots(calendar(), zl, Date(2025, 6, 16), Date(2025, 6, 20), 3'600))
    for (std::int64_t slot = run.first; slot < run.last; ++slot)
      EXPECT_TRUE(seen.insert(slot).second) << slot;
  EXPECT_FALSE(seen.empty());
}

std::vector<SlotRun> two_runs() {
  return {{100, 110, Date(2025, 6, 16)}, {120, 130, Date(2025, 6, 17)}};
}

TEST(Coverage, EmptySlotsHaveTheStateThatIsKnownOfThem) {
  Knowledge knowledge;
  knowledge.coverage_known = true;
  knowledge.covered = {{0, 6'240}, {6'300, 9'000}};  // slots 104 is not covered
  knowledge.halted = {{6'060, 6'120}};               // slot 101
  knowledge.degraded = {{6'120, 6'180}};             // slot 102
  knowledge.gaps = {{6'360, 6'420}};                 // slot 106
  knowledge.repaired = {{6'420, 6'540}};             // slots 107 and 108
  CoverageBuilder coverage(two_runs(), 60, knowledge);
  coverage.bar(100);
  coverage.bar(100);
  EXPECT_TRUE(coverage.in_session());
  coverage.bar(107);
  coverage.bar(115);
  EXPECT_FALSE(coverage.in_session());
  coverage.bar(125);
  EXPECT_EQ(coverage.date(), Date(2025, 6, 17));
  const auto days = coverage.finish();
  ASSERT_EQ(days.size(), 3U) << "and the one with a bar while closed";
  EXPECT_EQ(days[0].off_session, 1U);
  const DayCoverage& first = days[1];
  EXPECT_EQ(first.date, Date(2025, 6, 16));
  EXPECT_EQ(first.expected(), 10U);
  EXPECT_EQ(first.count(SlotState::kTraded), 1U);
  EXPECT_EQ(first.count(SlotState::kHalted), 1U);
  EXPECT_EQ(first.count(SlotState::kDegraded), 1U);
  EXPECT_EQ(first.count(SlotState::kNotLoaded), 1U);
  EXPECT_EQ(first.count(SlotState::kGap), 1U);
  EXPECT_EQ(first.count(SlotState::kRepaired), 2U) << "with a bar and without";
  EXPECT_EQ(first.count(SlotState::kNoTrade), 3U);
  EXPECT_EQ(days[2].count(SlotState::kTraded), 1U);
  EXPECT_EQ(days[2].count(SlotState::kNoTrade), 9U);
}

TEST(Coverage, CountsNothingBeforeTheBeginningAndBehindTheEnd) {
  CoverageBuilder coverage(two_runs(), 60, {});
  coverage.begin_at(105);
  coverage.bar(105);
  coverage.bar(122);
  const auto days = coverage.finish(123);
  ASSERT_EQ(days.size(), 2U);
  EXPECT_EQ(days[0].expected(), 5U);
  EXPECT_EQ(days[1].expected(), 3U);
}

std::vector<Interval> random_intervals() {
  std::vector<Interval> out;
  for (int count = *rc::gen::inRange(0, 4); count > 0; --count) {
    const Second from = *rc::gen::inRange<Second>(0, 400);
    out.push_back({from, from + *rc::gen::inRange<Second>(0, 120)});
  }
  return out;
}

bool holds(const std::vector<Interval>& intervals, Second second) {
  return std::ranges::any_of(intervals,
                             [&](const Interval& i) { return i.from <= second && second < i.to; });
}

// Slot by slot, as the documentation says it.
SlotState expected_state(const Knowledge& knowledge, const std::set<std::int64_t>& bars,
                         std::int64_t slot, Second slot_seconds) {
  const Second at = slot * slot_seconds;
  if (holds(knowledge.repaired, at)) return SlotState::kRepaired;
  if (bars.contains(slot)) return SlotState::kTraded;
  if (holds(knowledge.gaps, at)) return SlotState::kGap;
  if (holds(knowledge.halted, at)) return SlotState::kHalted;
  if (knowledge.coverage_known && !holds(knowledge.covered, at)) return SlotState::kNotLoaded;
  if (holds(knowledge.degraded, at)) return SlotState::kDegraded;
  return SlotState::kNoTrade;
}

TEST(Coverage, IsTheAccountOfEachSlotByItself) {
  EXPECT_TRUE(rc::check("coverage", [] {
    const Second slot_seconds = *rc::gen::element<Second>(1, 2, 5);
    Knowledge knowledge;
    knowledge.covered = random_intervals();
    knowledge.coverage_known = *rc::gen::arbitrary<bool>();
    knowledge.degraded = random_intervals();
    knowledge.halted = random_intervals();
    knowledge.gaps = random_intervals();
    knowledge.repaired = random_intervals();
    std::vector<SlotRun> runs;
    std::int64_t end = 0;
    for (int day = 0; day < 4; ++day) {
      const std::int64_t first = end + *rc::gen::inRange(0, 5);
      end = first + *rc::gen::inRange(1, 30);
      runs.push_back({first, end, Date::from_days(20'000 + day)});
    }
    std::set<std::int64_t> bars;
    for (int count = *rc::gen::inRange(0, 40); count > 0; --count)
      bars.insert(*rc::gen::inRange<std::int64_t>(0, end + 3));

    CoverageBuilder coverage(runs, slot_seconds, knowledge);
    for (const std::int64_t slot : bars) coverage.bar(slot);
    std::map<Date, DayCoverage> days;
    std::uint32_t off_session = 0;
    for (const DayCoverage& day : coverage.finish()) {
      days[day.date] = day;
      off_session += day.off_session;
    }
    std::set<std::int64_t> off = bars;
    for (const SlotRun& run : runs) {
      DayCoverage expected{.date = run.date};
      for (std::int64_t slot = run.first; slot < run.last; ++slot) {
        ++expected
              .slots[static_cast<std::size_t>(expected_state(knowledge, bars, slot, slot_seconds))];
        off.erase(slot);
      }
      RC_ASSERT(days[run.date].slots == expected.slots);
    }
    RC_ASSERT(off_session == off.size());
  }));
}

TEST(Intervals, JoinAndLeaveHoles) {
  const auto parts = joined({{5, 7}, {1, 3}, {6, 9}, {3, 4}, {8, 8}});
  EXPECT_EQ(parts, (std::vector<Interval>{{1, 4}, {5, 9}}));
  EXPECT_EQ(without({0, 12}, parts), (std::vector<Interval>{{0, 1}, {4, 5}, {9, 12}}));
  EXPECT_EQ(without({2, 6}, parts), (std::vector<Interval>{{4, 5}}));
  EXPECT_TRUE(without({1, 4}, parts).empty());
}

}  // namespace
}  // namespace fm::quality
