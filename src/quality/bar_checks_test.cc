// One broken bar of each kind, and markets that move.
#include "quality/bar_checks.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <cmath>
#include <string>
#include <utility>
#include <vector>

namespace fm::quality {
namespace {

const Date kDate(2025, 6, 16);
const Second kStart = kDate.first_second() + 14 * 3'600;

CheckedBar bar(int minute, std::string_view symbol, double close) {
  return {.time = kStart + minute * 60,
          .symbol = symbol,
          .open = close,
          .high = close,
          .low = close,
          .close = close,
          .volume = 1};
}

std::vector<Finding> check(const std::vector<CheckedBar>& bars) {
  BarChecks checks(market::Universe::builtin().find("ES"), 60);
  for (const CheckedBar& one : bars) checks.take(one, kDate);
  return checks.finish().take();
}

TEST(BarChecks, FindEachKindOnce) {
  const auto with = [](auto change) {
    CheckedBar one = bar(1, "ESU5", 6'000);
    change(one);
    return one;
  };
  const struct {
    Check check;
    std::vector<CheckedBar> bars;
    const char* says;
  } cases[] = {
      {Check::kDuplicate, {bar(0, "ESU5", 6'000), bar(0, "ESU5", 6'000)}, "ESU5"},
      {Check::kOutOfOrder, {bar(1, "ESU5", 6'000), bar(0, "ESZ5", 6'000)}, "ESZ5"},
      {Check::kOffSlot, {with([](CheckedBar& b) { ++b.time; })}, "14:01:01Z ESU5"},
      {Check::kBadRange, {with([](CheckedBar& b) { b.high = 5'999; })}, "high 5999"},
      {Check::kBadRange, {with([](CheckedBar& b) { b.low = 6'001; })}, "low 6001"},
      {Check::kBadRange,
       {with([](CheckedBar& b) { b.high = b.low = b.close = 6'010; })},
       "open 6000"},
      {Check::kBadVolume, {with([](CheckedBar& b) { b.volume = 0; })}, "volume 0"},
      {Check::kOffTick,
       {with([](CheckedBar& b) { b.high = 6'000.1; })},
       "6000.1 is no multiple of 0.25"},
      {Check::kOutlier,
       {bar(0, "ESU5", 6'000), bar(1, "ESU5", 9'000), bar(2, "ESU5", 6'001)},
       "close 9000 after 6000"},
      {Check::kOutlier, {bar(0, "ESU5", 6'000), bar(1, "ESU5", 9'000)}, "close 9000 after 6000"},
  };
  for (const auto& c : cases) {
    const auto findings = check(c.bars);
    ASSERT_EQ(findings.size(), 1U) << name(c.check);
    EXPECT_EQ(findings[0].check, c.check) << name(findings[0].check);
    EXPECT_EQ(findings[0].count, 1U);
    ASSERT_EQ(findings[0].examples.size(), 1U);
    EXPECT_NE(findings[0].examples[0].find(c.says), std::string::npos) << findings[0].examples[0];
  }
}

TEST(BarChecks, AMarketThatMovesIsNoOutlier) {
  EXPECT_TRUE(check({bar(0, "ESU5", 6'000), bar(1, "ESU5", 4'000), bar(2, "ESU5", 4'010),
                     bar(3, "ESU5", 4'000)})
                  .empty());
  // Contracts are held against themselves.
  EXPECT_TRUE(check({bar(0, "ESU5", 6'000), bar(0, "ESZ9", 9'000), bar(1, "ESU5", 6'001),
                     bar(1, "ESZ9", 9'001), bar(2, "ESU5", 6'002)})
                  .empty());
}

TEST(BarChecks, CountAllAndKeepTheFirstExamples) {
  std::vector<CheckedBar> bars;
  for (int minute = 0; minute < 20; ++minute) {
    bars.push_back(bar(minute, "ESU5", 6'000));
    bars.back().volume = 0;
  }
  const auto findings = check(bars);
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].count, 20U);
  EXPECT_EQ(findings[0].first, kStart);
  EXPECT_EQ(findings[0].last, kStart + 19 * 60);
  EXPECT_EQ(findings[0].examples.size(), kFindingExamplesMax);
}

// The quick way says what exact arithmetic says, for every root's tick.
TEST(TickOfDay, AgreesWithExactArithmetic) {
  EXPECT_TRUE(rc::check("ticks", [] {
    const auto roots = market::Universe::builtin().roots();
    const market::Root& root = roots[*rc::gen::inRange<std::size_t>(0, roots.size())];
    TickOfDay tick(&root);
    const auto size = tick.on(kDate);
    if (!size) return;
    const Price limit = Price{2'000'000} * 1'000'000'000;
    const Price multiple = *rc::gen::inRange<Price>(-limit, limit) / *size * *size;
    const Price price =
        multiple + *rc::gen::element<Price>(0, 0, 1, -1, 10, *size / 2, *size / 4, *size - 1);
    RC_ASSERT(tick.is_off(to_double(price)) == (price % *size != 0));
  }));
}

}  // namespace
}  // namespace fm::quality
