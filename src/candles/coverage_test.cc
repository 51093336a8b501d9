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

}  // namespace
}  // namespace fm::candles
