#include "databento/backoff.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace fm::databento {
namespace {

TEST(Backoff, GrowsToItsCapAndNeverFallsBelowItsFloor) {
  Backoff backoff(Env::posix());
  const BackoffOptions options;
  Nanos limit = options.first;
  for (std::uint64_t i = 1; i <= 200; ++i) {
    const Nanos wait = backoff.next();
    EXPECT_GE(wait, options.floor);
    EXPECT_LE(wait, limit);
    EXPECT_EQ(backoff.attempts(), i);
    limit = std::min(2 * limit, options.cap);
  }
}

TEST(Backoff, SpreadsItsWaits) {
  Backoff backoff(Env::posix());
  for (int i = 0; i < 10; ++i) static_cast<void>(backoff.next());
  Nanos least = kUndefTime;
  Nanos most = 0;
  for (int i = 0; i < 500; ++i) {
    const Nanos wait = backoff.next();
    least = std::min(least, wait);
    most = std::max(most, wait);
  }
  EXPECT_LT(least, 5 * kNanosPerSecond);
  EXPECT_GT(most, 25 * kNanosPerSecond);
}

TEST(Backoff, OnlyASessionThatLivedStartsItAnew) {
  Backoff backoff(Env::posix());
  for (int i = 0; i < 10; ++i) static_cast<void>(backoff.next());
  backoff.session_ended(kNanosPerSecond);
  EXPECT_EQ(backoff.attempts(), 10U);
  backoff.session_ended(60 * kNanosPerSecond);
  EXPECT_EQ(backoff.attempts(), 0U);
  EXPECT_LE(backoff.next(), kNanosPerSecond);
}

TEST(Backoff, TakesACapBelowItsFirstWait) {
  Backoff backoff(Env::posix(), {.floor = 1, .first = kNanosPerSecond, .cap = 10});
  for (int i = 0; i < 50; ++i) EXPECT_LE(backoff.next(), 10U);
}

}  // namespace
}  // namespace fm::databento
