#include "candles/coverage.h"

#include <gtest/gtest.h>

namespace fm::candles {
namespace {

TEST(Coverage, UnitesWhatItIsTold) {
  Coverage coverage;
  coverage.add(100, 200);
  coverage.add(300, 400);
  coverage.add(150, 220);
  coverage.add(220, 230);
  struct {
    Second from;
    Second until;
    Second covered;
    Second in_gaps;
  } const cases[] = {{0, 1000, 230, 70}, {0, 100, 0, 0},   {190, 310, 50, 70}, {240, 250, 0, 10},
                     {400, 500, 0, 0},   {350, 350, 0, 0}, {100, 101, 1, 0},   {229, 231, 1, 1}};
  for (const auto& c : cases) {
    EXPECT_EQ(coverage.count(c.from, c.until), c.covered) << c.from;
    EXPECT_EQ(coverage.count_gaps(c.from, c.until), c.in_gaps) << c.from;
  }
  EXPECT_EQ(coverage.around(150)->until, 230);
  EXPECT_EQ(coverage.around(300)->from, 300);
  EXPECT_FALSE(coverage.around(230));
}

TEST(Coverage, EndsAnOpenStretchWhenTold) {
  Coverage coverage;
  const Coverage::Handle open = coverage.add(100, Coverage::kOpenEnd);
  EXPECT_EQ(coverage.count(0, 1'000), 900);
  const std::size_t before = coverage.version();
  coverage.end(open, 500);
  EXPECT_NE(coverage.version(), before);
  EXPECT_EQ(coverage.count(0, 1'000), 400);
  const Coverage::Handle backwards = coverage.add(2'000, Coverage::kOpenEnd);
  coverage.end(backwards, 1'000);
  EXPECT_EQ(coverage.count(0, 3'000), 400);
}

TEST(Coverage, CutsAGapOutOfWhatIsOpen) {
  constexpr Nanos kSecond = kNanosPerSecond;
  struct {
    Nanos from;
    Nanos until;
    Second covered;  // of [0, 1000)
  } const cases[] = {
      {200 * kSecond, 300 * kSecond, 800},
      {200 * kSecond + 1, 300 * kSecond, 800},
      {200 * kSecond - 1, 300 * kSecond + 1, 798},
      {200 * kSecond + 5, 200 * kSecond + 6, 899},
      {50 * kSecond, 150 * kSecond, 850},
      {50 * kSecond, 60 * kSecond, 900},
      {999 * kSecond, kUndefTime, 899},
  };
  for (const auto& c : cases) {
    Coverage coverage;
    const Coverage::Handle after =
        coverage.cut(coverage.add(100, Coverage::kOpenEnd), c.from, c.until);
    EXPECT_EQ(coverage.count(0, 1'000), c.covered) << c.from << ' ' << c.until;
    coverage.end(after, 0);  // what is open now is the rest
  }
}

TEST(Coverage, CountsGapsAsFarAsIsKnown) {
  Coverage coverage;
  coverage.add(100, 200);
  coverage.add(300, 400);
  coverage.add(500, Coverage::kOpenEnd);
  struct {
    Second known_until;
    Second in_gaps;  // of [0, 1000)
  } const cases[] = {{50, 0}, {150, 0}, {250, 0}, {300, 0}, {301, 100}, {450, 100}, {501, 200}};
  for (const auto& c : cases) EXPECT_EQ(coverage.count_gaps(0, 1'000, c.known_until), c.in_gaps);
}

TEST(Coverage, ForgetsWhatIsLongPast) {
  Coverage coverage;
  Coverage::Handle open = coverage.add(0, Coverage::kOpenEnd);
  // Months with a gap in every minute.
  constexpr Second kMinutes = 200'000;
  for (Second minute = 1; minute < kMinutes; ++minute) {
    const Nanos gap = static_cast<Nanos>(minute * 60) * kNanosPerSecond;
    open = coverage.cut(open, gap, gap + kNanosPerSecond);
    coverage.forget_before((minute - 60) * 60);
    ASSERT_LE(coverage.stretches(), 62U);
  }
  const Second now = kMinutes * 60;
  EXPECT_EQ(coverage.count(now - 3'000, now), 3'000 - 50);
  EXPECT_EQ(coverage.count_gaps(now - 3'000, now), 50);
  // A gap at the border still lies between two covered seconds.
  coverage.end(open, now);
  coverage.add(now + 100, Coverage::kOpenEnd);
  coverage.forget_before(now);
  EXPECT_EQ(coverage.count_gaps(now, now + 200), 100);
}

}  // namespace
}  // namespace fm::candles
