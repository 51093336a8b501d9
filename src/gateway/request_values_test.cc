#include "gateway/request_values.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace fm::gateway {
namespace {

constexpr Nanos kJune2 = 1'717'286'400 * kNanosPerSecond;  // 2024-06-02
constexpr Nanos kMinute = 60 * kNanosPerSecond;
constexpr Nanos kHour = 60 * kMinute;

TEST(WrittenTime, ReadsWhatClientsWrite) {
  struct {
    const char* text;
    Nanos at;
    Nanos length;
  } const cases[] = {
      {"2024-06-02", kJune2, kNanosPerDay},
      {"20240602", kJune2, kNanosPerDay},
      {" 2024-06-02 ", kJune2, kNanosPerDay},
      {"2024-06-02T09", kJune2 + 9 * kHour, kHour},
      {"2024-06-02T09:30", kJune2 + 9 * kHour + 30 * kMinute, kMinute},
      {"2024-06-02T09:30:15", kJune2 + 9 * kHour + 30 * kMinute + 15 * kNanosPerSecond,
       kNanosPerSecond},
      {"2024-06-02 09:30:15Z", kJune2 + 9 * kHour + 30 * kMinute + 15 * kNanosPerSecond,
       kNanosPerSecond},
      {"2024-06-02T00:00:00.5", kJune2 + kNanosPerSecond / 2, kNanosPerSecond / 10},
      {"2024-06-02T00:00:00.000000001Z", kJune2 + 1, 0},
      {"2024-06-02T01:00:00+01:00", kJune2, kNanosPerSecond},
      {"2024-06-01T19:00:00-0500", kJune2, kNanosPerSecond},
      {"2024-06-01T19:00-05:00", kJune2, kMinute},
      {"1717286400000000000", kJune2, 0},
      {"000000000", 0, 0},
      {"1970-01-01", 0, kNanosPerDay},
  };
  for (const auto& c : cases) {
    const auto time = parse_written_time(c.text);
    ASSERT_TRUE(time) << c.text << time.error().message();
    EXPECT_EQ(time->at, c.at) << c.text;
    EXPECT_EQ(time->length, c.length) << c.text;
  }
}

TEST(WrittenTime, RefusesEverythingElse) {
  for (const char* const text : {"",
                                 "0",
                                 "1234567",
                                 "yesterday",
                                 "2024",
                                 "2024-6-2",
                                 "2024-13-01",
                                 "2024-02-30",
                                 "2024-06-02T",
                                 "2024-06-02T24",
                                 "2024-06-02T09:60",
                                 "2024-06-02T09:30:60",
                                 "2024-06-02T09:30:15.",
                                 "2024-06-02T09:30:15.0123456789",
                                 "2024-06-02T09:30:15+1",
                                 "2024-06-02T09:30:15X",
                                 "2024-06-02Z",
                                 "-1",
                                 "1.5",
                                 "1e9",
                                 "18446744073709551615",
                                 "99999999999999999999",
                                 "1969-12-31",
                                 "1970-01-01T00:00:00+01:00",
                                 "9999-01-01",
                                 "2024-06-02T09:30:15Z "
                                 "Z"})
    EXPECT_FALSE(parse_written_time(text)) << text;
}

TEST(WrittenTime, ReadsBackWhatWeWrite) {
  rc::check([] {
    const auto at = *rc::gen::inRange<Nanos>(0, 9'000'000'000 * kNanosPerSecond);
    RC_ASSERT(parse_written_time(iso_nanos(at))->at == at);
    if (at >= 1'000'000'000) RC_ASSERT(parse_written_time(std::to_string(at))->at == at);
  });
}

TEST(Flag, IsAsEachClientWritesIt) {
  for (const char* const text : {"1", "true", "True", "TRUE"})
    EXPECT_TRUE(parse_flag(text).value());
  for (const char* const text : {"0", "false", "False"}) EXPECT_FALSE(parse_flag(text).value());
  for (const char* const text : {"", "2", "yes", "truee"}) EXPECT_FALSE(parse_flag(text)) << text;
}

TEST(Symbols, AreReadOneByOne) {
  EXPECT_EQ(parse_symbols("ESH4, ES.c.0,ESM4 P5230").value(),
            (std::vector<std::string>{"ESH4", "ES.c.0", "ESM4 P5230"}));
  std::string most = "A";
  for (std::size_t i = 1; i < kSymbolsMax; ++i) most += ",A";
  EXPECT_EQ(parse_symbols(most)->size(), kSymbolsMax);
  for (const std::string& text :
       {std::string(), std::string(","), std::string("A,"), std::string("A,,B"),
        std::string(71, 'A'), std::string("A\nB"), std::string("\xC3\xA9"), most + ",A"})
    EXPECT_FALSE(parse_symbols(text)) << text.substr(0, 20);
}

}  // namespace
}  // namespace fm::gateway
