#include "synth/allocation.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <vector>

#include "synth/random.h"

namespace fm::synth {
namespace {

TEST(ShareOut, FollowsTheWeightsUpToTheCap) {
  struct {
    std::uint64_t total;
    std::vector<std::uint32_t> weights;
    std::uint32_t cell_max;
    std::vector<std::uint32_t> cells;
  } const cases[] = {
      {10, {1}, 10, {10}},           {10, {1, 1}, 10, {5, 5}},
      {10, {3, 1}, 10, {7, 3}},      {10, {1, 0, 1}, 10, {5, 0, 5}},
      {10, {8, 1, 1}, 6, {6, 2, 2}}, {12, {8, 2, 1}, 5, {5, 4, 3}},
      {15, {8, 2, 1}, 5, {5, 5, 5}}, {0, {1, 2}, 5, {0, 0}},
  };
  for (const auto& c : cases) EXPECT_EQ(share_out(c.total, c.weights, c.cell_max), c.cells);
}

TEST(ShareOut, AddsUpAndKeepsTheCap) {
  EXPECT_TRUE(rc::check([] {
    const auto weights =
        *rc::gen::container<std::vector<std::uint32_t>>(rc::gen::inRange<std::uint32_t>(0, 500));
    const auto cell_max = *rc::gen::inRange<std::uint32_t>(1, 1'000'000);
    const auto open = static_cast<std::uint64_t>(weights.size()) -
                      static_cast<std::uint64_t>(std::count(weights.begin(), weights.end(), 0U));
    const auto total = *rc::gen::inRange<std::uint64_t>(0, open * cell_max + 1);
    const auto cells = share_out(total, weights, cell_max);
    RC_ASSERT(std::accumulate(cells.begin(), cells.end(), std::uint64_t{0}) == total);
    for (std::size_t i = 0; i < cells.size(); ++i) {
      RC_ASSERT(cells[i] <= cell_max);
      RC_ASSERT(weights[i] > 0 || cells[i] == 0);
    }
  }));
}

TEST(Random, StaysWithinItsBounds) {
  Random random(1);
  std::array<std::size_t, 6> seen{};
  for (int i = 0; i < 60'000; ++i) {
    const auto value = static_cast<std::size_t>(random.between(-2, 3) + 2);
    ASSERT_LT(value, seen.size());
    ++seen[value];
    ASSERT_LE(random.halvings(5), 5U);
    ASSERT_LT(random.below(3), 3U);
  }
  for (const std::size_t count : seen) {
    EXPECT_GT(count, 9'500U);
    EXPECT_LT(count, 10'500U);
  }
}

TEST(Random, SeedsDifferByEveryPart) {
  const std::uint64_t seed = Random::seed_of(1, "ES", 20250610);
  EXPECT_NE(seed, Random::seed_of(2, "ES", 20250610));
  EXPECT_NE(seed, Random::seed_of(1, "SE", 20250610));
  EXPECT_NE(seed, Random::seed_of(1, "ES", 20250611));
}

// What other implementations of xoshiro256** seeded by splitmix64(42) give.
TEST(Random, GivesKnownNumbers) {
  Random random(42);
  for (const std::uint64_t expected :
       {1546998764402558742U, 6990951692964543102U, 12544586762248559009U, 17057574109182124193U}) {
    EXPECT_EQ(random.next(), expected);
  }
}

}  // namespace
}  // namespace fm::synth
