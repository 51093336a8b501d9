#include "server/arguments.h"

#include <gtest/gtest.h>

#include <optional>
#include <string_view>

namespace fm::server {
namespace {

constexpr std::string_view kNames[] = {"root", "from", "limit", "columns"};

Arguments given(std::string_view name, std::string_view value) {
  return Arguments::parse({{std::string(name), std::string(value)}}, kNames).value();
}

TEST(Arguments, ReadMomentsFrom1970On) {
  struct Case {
    std::string_view text;
    std::optional<Second> moment;
  };
  for (const auto& [text, moment] : {
           Case{"0", 0},
           Case{"1750080600", 1750080600},
           Case{"2025-06-16T13:30:00Z", 1750080600},
           Case{"2025-06-16T13:30:00.999Z", 1750080600},
           Case{"2025-06-16", 1750032000},
           Case{"1970-01-01", 0},
           Case{"18000000000", 18'000'000'000},
           Case{"18000000001", std::nullopt},
           Case{"-1", std::nullopt},
           Case{"1969-12-31", std::nullopt},
           Case{"1969-12-31T23:59:59Z", std::nullopt},
           Case{"0025-06-10", std::nullopt},
           Case{"9999-12-31", std::nullopt},
           Case{"2025-02-30", std::nullopt},
           Case{"20250616x", std::nullopt},
           Case{"", std::nullopt},
           Case{"yesterday", std::nullopt},
       }) {
    const auto read = given("from", text).moment("from");
    EXPECT_EQ(read.has_value(), moment.has_value()) << text;
    if (read && moment) {
      EXPECT_EQ(*read, moment) << text;
    }
    if (!read) {
      EXPECT_EQ(read.error().code(), Code::kInvalidArgument);
      EXPECT_TRUE(read.error().message().contains("from=")) << read.error().message();
    }
  }
  EXPECT_EQ(given("root", "ES").moment("from").value(), std::nullopt);
}

TEST(Arguments, ReadWholeNumbersWithinTheirBounds) {
  struct Case {
    std::string_view text;
    std::optional<std::int64_t> number;
  };
  for (const auto& [text, number] :
       {Case{"1", 1}, Case{"1000", 1000}, Case{"0", std::nullopt}, Case{"1001", std::nullopt},
        Case{"", std::nullopt}, Case{"5 ", std::nullopt}, Case{"+5", std::nullopt},
        Case{"99999999999999999999", std::nullopt}}) {
    const auto read = given("limit", text).integer("limit", 1, 1000);
    EXPECT_EQ(read.has_value(), number.has_value()) << text;
    if (read && number) {
      EXPECT_EQ(*read, number) << text;
    }
  }
}

TEST(Arguments, ReadListsWithoutEmptyItems) {
  EXPECT_EQ(given("columns", "a,b").list("columns").value(),
            (std::vector<std::string_view>{"a", "b"}));
  EXPECT_TRUE(given("root", "ES").list("columns").value().empty());
  for (const std::string_view text : {"", ",", "a,", ",a", "a,,b"})
    EXPECT_FALSE(given("columns", text).list("columns")) << text;
}

TEST(Arguments, RefuseWhatNobodyAskedFor) {
  const auto unknown = Arguments::parse({{"form", "1"}}, kNames);
  ASSERT_FALSE(unknown);
  EXPECT_TRUE(unknown.error().advice().contains("Did you mean \"from\"?"))
      << unknown.error().advice();
  EXPECT_FALSE(Arguments::parse({{"from", "1"}, {"from", "2"}}, kNames));
  EXPECT_FALSE(Arguments::parse({{"from", "1\n"}}, kNames));
  EXPECT_FALSE(Arguments::parse({{"from", std::string(1 << 20, '1')}}, kNames));
  EXPECT_FALSE(given("root", "es").root());
  EXPECT_FALSE(given("root", "ES.FUT").root());
}

}  // namespace
}  // namespace fm::server
