#include "base/time.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <ctime>

namespace fm {
namespace {

TEST(Date, AgreesWithTheLibrarysCalendar) {
  for (std::int32_t days = -200'000; days < 200'000; days += 37) {
    const std::time_t seconds = std::time_t{days} * 86'400;
    std::tm expected{};
    ASSERT_NE(::gmtime_r(&seconds, &expected), nullptr);
    const Date date = Date::from_days(days);
    ASSERT_EQ(date.year(), expected.tm_year + 1900);
    ASSERT_EQ(date.month(), static_cast<unsigned>(expected.tm_mon + 1));
    ASSERT_EQ(date.day(), static_cast<unsigned>(expected.tm_mday));
    ASSERT_EQ(date.weekday(), static_cast<unsigned>(expected.tm_wday));
    ASSERT_EQ(Date(date.year(), date.month(), date.day()), date);
  }
}

TEST(Date, ReadsBothFormsAndNoOthers) {
  const auto day = Date(2024, 2, 29);
  EXPECT_EQ(Date::parse("2024-02-29"), day);
  EXPECT_EQ(Date::parse("20240229"), day);
  EXPECT_EQ(day.iso(), "2024-02-29");
  EXPECT_EQ(day.yyyymmdd(), 20240229u);
  for (const char* text : {"", "2024-2-29", "2023-02-29", "2024-13-01", "2024-00-01", "2024-01-32",
                           "2024/02/29", "202402290", "2024-02-29 ", "x024-02-29"})
    EXPECT_FALSE(Date::parse(text)) << text;
}

TEST(Date, DaysBeforeTheEpochEndAtMidnightToo) {
  EXPECT_EQ(Date::of_second(-1), Date(1969, 12, 31));
  EXPECT_EQ(Date::of_second(-86'400), Date(1969, 12, 31));
  EXPECT_EQ(Date::of_second(-86'401), Date(1969, 12, 30));
  EXPECT_EQ(Date::of_second(86'399), Date(1970, 1, 1));
}

TEST(IsoTime, RoundTripsNanoseconds) {
  EXPECT_TRUE(rc::check([] {
    const auto time = *rc::gen::inRange<Nanos>(1, 9'000'000'000'000'000'000ULL);
    RC_ASSERT(*parse_iso_nanos(iso_nanos(time)) == time);
  }));
  EXPECT_EQ(iso_nanos(1'750'080'000'000'000'001ULL), "2025-06-16T13:20:00.000000001Z");
  EXPECT_EQ(iso_second(1'750'080'000), "2025-06-16T13:20:00Z");
}

TEST(IsoTime, ReadsOneToNineDigitsAndRefusesTheRest) {
  EXPECT_EQ(parse_iso_nanos("1970-01-01T00:00:01Z"), Nanos{1'000'000'000});
  EXPECT_EQ(parse_iso_nanos("1970-01-01T00:00:00.5Z"), Nanos{500'000'000});
  EXPECT_EQ(parse_iso_nanos("1970-01-01T00:00:00.000000001Z"), Nanos{1});
  for (const char* text :
       {"1970-01-01T00:00:00", "1970-01-01T00:00:00.Z", "1970-01-01T00:00:00.0000000001Z",
        "1970-01-01T24:00:00Z", "1970-01-01T00:60:00Z", "1970-01-01T00:00:60Z",
        "1969-12-31T00:00:00Z", "1970-01-01 00:00:00Z", "1970-02-30T00:00:00Z",
        "2600-01-01T00:00:00Z", ""})
    EXPECT_FALSE(parse_iso_nanos(text)) << text;
}

}  // namespace
}  // namespace fm
