#include "base/signals.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <thread>

namespace fm {
namespace {

TEST(StopSignal, WaitsUntilItsTimeIsOver) {
  const StopSignal stop;
  EXPECT_FALSE(stop.wait_for(1'000'000));
  EXPECT_FALSE(stop.requested());
  EXPECT_EQ(stop.signal_name(), std::nullopt);
}

TEST(StopSignal, FirstSignalWakesEveryWaiter) {
  const StopSignal stop;
  std::thread other([&] { EXPECT_TRUE(stop.wait_for(10 * kNanosPerSecond)); });
  ASSERT_EQ(::raise(SIGTERM), 0);
  EXPECT_TRUE(stop.wait_for(10 * kNanosPerSecond));
  other.join();
  EXPECT_TRUE(stop.requested());
  EXPECT_EQ(stop.signal_name(), "SIGTERM");
}

TEST(StopSignal, CanBeAskedForWithoutASignal) {
  StopSignal stop;
  stop.request();
  EXPECT_TRUE(stop.wait_for(0));
  EXPECT_EQ(stop.signal_name(), std::nullopt);
}

TEST(StopSignal, BeginsAnewAfterAnother) {
  {
    StopSignal stop;
    stop.request();
  }
  const StopSignal stop;
  EXPECT_FALSE(stop.requested());
}

TEST(StopSignalDeathTest, SecondSignalEndsTheProcessAtOnce) {
  EXPECT_EXIT(
      {
        const StopSignal stop;
        ::raise(SIGINT);
        ::raise(SIGINT);
      },
      ::testing::ExitedWithCode(128 + SIGINT), "");
}

}  // namespace
}  // namespace fm
