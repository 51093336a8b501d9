#include "app/feed_part.h"

#include <gtest/gtest.h>

namespace fm::app {
namespace {

TEST(ClockSkew, IsTheLeastOfABusyMinute) {
  constexpr Nanos kMilli = 1'000'000;
  ClockSkew skew;
  Nanos now = 1'750'000'000 * kNanosPerSecond;
  Nanos newest = 0;
  const auto minute = [&](Nanos ahead, int records) {
    for (int second = 0; second < 60; ++second, now += kNanosPerSecond) {
      if (second < records) newest = now - static_cast<Nanos>(5 + second % 7 * 100) * kMilli;
      skew.sample(now + ahead, newest);
    }
  };
  EXPECT_EQ(skew.milliseconds(), std::nullopt);
  minute(0, 60);
  ASSERT_TRUE(skew.milliseconds());
  EXPECT_NEAR(*skew.milliseconds(), 5, 1);
  minute(2 * kNanosPerSecond, 60);  // this clock runs ahead
  EXPECT_NEAR(skew.milliseconds().value_or(0), 2'005, 1);
  minute(0, 20);
  EXPECT_EQ(skew.milliseconds(), std::nullopt) << "a quiet minute says nothing";
}

TEST(ReplayClock, IsBehindByWhatStoringTakes) {
  ReplayClock clock(65);
  EXPECT_FALSE(clock.stored_by_now());
  // Ten seconds of the stream go by in one.
  for (Second now = 1'000; now <= 1'065; ++now) {
    clock.sample(now, 50'000 + (now - 1'000) * 10);
    EXPECT_EQ(clock.stored_by_now(), 50'000);
  }
  for (Second now = 1'066; now <= 1'200; ++now) {
    clock.sample(now, 50'000 + (now - 1'000) * 10);
    EXPECT_EQ(clock.stored_by_now(), 50'000 + (now - 65 - 1'000) * 10);
  }
  clock.reset();
  EXPECT_FALSE(clock.stored_by_now());
}

}  // namespace
}  // namespace fm::app
