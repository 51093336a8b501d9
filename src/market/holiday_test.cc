#include "market/holiday.h"

#include <gtest/gtest.h>

namespace fm::market {
namespace {

TEST(Holiday, EasterSundayIsKnown) {
  const Date expected[] = {{1970, 3, 29}, {2000, 4, 23}, {2008, 3, 23}, {2010, 4, 4}, {2011, 4, 24},
                           {2016, 3, 27}, {2024, 3, 31}, {2025, 4, 20}, {2026, 4, 5}, {2027, 3, 28},
                           {2038, 4, 25}, {2099, 4, 12}, {2285, 3, 22}};
  for (const Date date : expected) EXPECT_EQ(easter_sunday(date.year()).iso(), date.iso());
}

TEST(Holiday, EasterIsASundayInSpringForever) {
  for (int year = 1583; year < 4000; ++year) {
    const Date date = easter_sunday(year);
    ASSERT_EQ(date.weekday(), 0u) << year;
    ASSERT_GE(date, Date(year, 3, 22));
    ASSERT_LE(date, Date(year, 4, 25));
  }
}

TEST(Holiday, FallsWhereItsRuleSays) {
  const DateRule new_year{.month = 1, .day = 1, .observed = Observed::kSundayToMonday};
  const DateRule christmas{.month = 12, .day = 25, .observed = Observed::kNearestWeekday};
  const DateRule memorial{.kind = DateRuleKind::kNth, .month = 5, .nth = -1, .weekday = 1};
  const DateRule labor{.kind = DateRuleKind::kNth, .month = 9, .nth = 1, .weekday = 1};
  const DateRule black_friday{
      .kind = DateRuleKind::kNth, .month = 11, .nth = 4, .weekday = 4, .days_after = 1};
  const DateRule good_friday{.kind = DateRuleKind::kEaster, .days_after = -2};
  const DateRule last_in_december{.kind = DateRuleKind::kNth, .month = 12, .nth = -1, .weekday = 3};
  struct {
    const DateRule& rule;
    int year;
    const char* date;  // empty: not observed that year
    bool moved;
  } const cases[] = {{new_year, 2023, "2023-01-02", true},
                     {new_year, 2022, "", false},
                     {new_year, 2024, "2024-01-01", false},
                     {christmas, 2010, "2010-12-24", true},
                     {christmas, 2016, "2016-12-26", true},
                     {christmas, 2017, "2017-12-25", false},
                     {memorial, 2021, "2021-05-31", false},
                     {memorial, 2025, "2025-05-26", false},
                     {labor, 2025, "2025-09-01", false},
                     // November 2013 begins on a Friday: the fourth Friday is not the day after.
                     {black_friday, 2013, "2013-11-29", false},
                     {good_friday, 2024, "2024-03-29", false},
                     {last_in_december, 2025, "2025-12-31", false}};
  for (const auto& c : cases) {
    const auto found = c.rule.in(c.year);
    EXPECT_EQ(found ? found->date.iso() : "", c.date) << c.year;
    if (found) {
      EXPECT_EQ(found->moved, c.moved) << c.date;
    }
  }
}

}  // namespace
}  // namespace fm::market
