#include "app/feed_part.h"

#include <gtest/gtest.h>

namespace fm::app {
namespace {

TEST(ClockSkew, IsTheLeastAgeOfABusyMinute) {
  ClockSkew skew;
  Nanos now = 1'750'080'600ULL * kNanosPerSecond;
  for (int second = 0; second < 60; ++second, now += kNanosPerSecond) {
    EXPECT_FALSE(skew.milliseconds());
    skew.sample(now, now - (second == 30 ? 4 : 9) * 1'000'000ULL);
  }
  ASSERT_TRUE(skew.milliseconds());
  EXPECT_DOUBLE_EQ(*skew.milliseconds(), 4);
  for (int second = 0; second < 60; ++second, now += kNanosPerSecond)
    skew.sample(now, 1'750'080'600ULL * kNanosPerSecond);  // nothing new comes
  EXPECT_FALSE(skew.milliseconds());
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
