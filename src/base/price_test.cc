#include "base/price.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <cstdlib>
#include <limits>
#include <string>

namespace fm {
namespace {

TEST(Price, RoundTripsThroughText) {
  EXPECT_TRUE(
      rc::check([](Price price) { RC_ASSERT(*parse_price(format_price(price)) == price); }));
  EXPECT_EQ(format_price(-37'630'000'000), "-37.630000000");
  EXPECT_EQ(format_price(-1), "-0.000000001");
  EXPECT_EQ(format_price(std::numeric_limits<Price>::min()), "-9223372036.854775808");
}

// strtod rounds decimal text correctly, so it is the judge.
TEST(Price, BecomesTheNearestDouble) {
  EXPECT_TRUE(rc::check([](Price price) {
    RC_ASSERT(to_double(price) == std::strtod(format_price(price).c_str(), nullptr));
  }));
  EXPECT_TRUE(rc::check([] {
    const Price price =
        *rc::gen::inRange<Price>(9'007'199'254'740'992LL, 9'223'372'036'854'775'807LL);
    RC_ASSERT(to_double(price) == std::strtod(format_price(price).c_str(), nullptr));
    RC_ASSERT(to_double(-price) == -to_double(price));
  }));
}

// The documented rule: round the sum to a double, then divide once.
TEST(Price, SumsAreScaledOnce) {
  EXPECT_EQ(scaled_to_double(Int128{5'000'250'000'000} * 400), 2'000'100.0);
  EXPECT_EQ(scaled_to_double(0), 0.0);
  EXPECT_TRUE(rc::check([](std::int64_t sum) {
    RC_ASSERT(scaled_to_double(-Int128{sum}) == -scaled_to_double(Int128{sum}));
  }));
}

TEST(Price, ReadsDecimalsAndUnits) {
  const struct {
    const char* text;
    Price price;
  } cases[] = {{"1.0", 1'000'000'000},
               {"-0.5", -500'000'000},
               {"5000250000000", 5'000'250'000'000},
               {"0.0000000019", 1},
               {"-0.0000000019", -1},
               {"0", 0},
               {"00.10", 100'000'000},
               {"9223372036.854775807", std::numeric_limits<Price>::max()},
               {"-9223372036.854775808", std::numeric_limits<Price>::min()}};
  for (const auto& c : cases) EXPECT_EQ(parse_price(c.text), c.price) << c.text;
  for (const char* text :
       {"", "-", ".", "1.", ".5", "+1", "1e3", " 1", "1 ", "1.2.3", "9223372036.854775808",
        "-9223372036.854775809", "9223372036854775808", "0x1", "true"})
    EXPECT_FALSE(parse_price(text)) << text;
}

TEST(Price, DecimalsOfPeopleAreWholeUnits) {
  EXPECT_EQ(parse_decimal("0.25"), 250'000'000);
  EXPECT_EQ(parse_decimal("50"), 50'000'000'000);
  EXPECT_FALSE(parse_decimal("50,0"));
}

}  // namespace
}  // namespace fm
