#include "app/progress.h"

#include <gtest/gtest.h>

namespace fm::app {
namespace {

TEST(Progress, NumbersAreShort) {
  const struct {
    double value;
    const char* count;
    const char* time;
  } cases[] = {{0, "0", "0 s"},
               {97, "97", "97 s"},
               {99.6, "100", "2 min"},
               {812'000, "812 k", "226 h"},
               {1'250'000, "1.25 M", "347 h"}};
  for (const auto& c : cases) {
    EXPECT_EQ(short_count(c.value), c.count);
    EXPECT_EQ(short_time(c.value), c.time);
  }
  EXPECT_EQ(short_time(720), "12 min");
  EXPECT_EQ(short_bytes(12 << 10), "12 KiB");
}

}  // namespace
}  // namespace fm::app
