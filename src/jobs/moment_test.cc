#include "jobs/moment.h"

#include <gtest/gtest.h>

#include <string>

namespace fm::jobs {
namespace {

TEST(Moment, AsOfIsADateATimeOrNanoseconds) {
  const struct {
    const char* text;
    const char* expected;  // empty: refused
  } cases[] = {{"2025-06-16", "2025-06-16T00:00:00.000000000Z"},
               {"20250616", "2025-06-16T00:00:00.000000000Z"},
               {"2025-06-16T13:30:00Z", "2025-06-16T13:30:00.000000000Z"},
               {"2025-06-16T13:30:00.25Z", "2025-06-16T13:30:00.250000000Z"},
               {"1750080600000000001", "2025-06-16T13:30:00.000000001Z"},
               {"1750080600", ""},     // seconds
               {"1750080600000", ""},  // milliseconds
               {"2025-06-16T13:30:00", ""},
               {"2025-06-16 13:30:00Z", ""},
               {"2025-02-30", ""},
               {"1969-12-31", ""},
               {"9999-01-01", ""},
               {"-1", ""},
               {"yesterday", ""},
               {"", ""}};
  for (const auto& c : cases) {
    const auto parsed = parse_as_of(c.text);
    EXPECT_EQ(parsed ? iso_nanos(*parsed) : "", c.expected) << c.text;
    if (parsed) continue;
    EXPECT_EQ(parsed.error().code(), Code::kInvalidArgument);
    EXPECT_TRUE(parsed.error().message().starts_with("--as-of '" + std::string(c.text) + "'"));
  }
}

TEST(Moment, AStartIsATimeOrNanosecondsOrZero) {
  EXPECT_EQ(*parse_start("0"), 0u);
  EXPECT_EQ(*parse_start("1750080600000000001"), 1'750'080'600'000'000'001u);
  EXPECT_EQ(*parse_start("2025-06-16T13:30:00Z"), 1'750'080'600'000'000'000u);
  for (const char* text : {"", "soon", "2025-06-16", "-1"}) EXPECT_FALSE(parse_start(text)) << text;
}

}  // namespace
}  // namespace fm::jobs
