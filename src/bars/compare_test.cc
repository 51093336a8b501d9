#include "bars/compare.h"

#include <gtest/gtest.h>

#include "bars/history.h"
#include "bars/testing_bars.h"
#include "table/catalogue.h"

namespace fm::bars {
namespace {

const Date kMonday(2025, 6, 16);

class CompareTest : public LakeTest {
 protected:
  void roll_up() {
    auto history = History::look_at(*lake_, market::Calendar::builtin(),
                                    market::Universe::builtin(), {}, "{}");
    ASSERT_TRUE(history);
    for (const YearPlan& year : history->years()) ASSERT_TRUE(history->roll_up(year));
  }
};

TEST_F(CompareTest, FindsEveryKindOfDifference) {
  const auto at = [](int hour, int minute = 0) { return chicago_summer(kMonday, hour, minute); };
  store_bars(*lake_, table::databento_futures_ohlcv_1m(), "ES",
             {flat_bar(at(8, 1), "ESU5", 1), flat_bar(at(8, 2), "ESU5", 2),
              flat_bar(at(9), "ESU5", 1), flat_bar(at(10), "ESU5", 1), flat_bar(at(11), "ESU5", 1),
              flat_bar(at(8) + kSecondsPerDay, "ESU5", 9)});
  store_bars(*lake_, table::databento_futures_ohlcv_1h(), "ES",
             {{at(8), "ESU5", 1, 2, 1, 2, 2},
              {at(9), "ESU5", 1, 1.25, 1, 1, 1},
              {at(10), "ESU5", 1, 1, 1, 1, 5},
              {at(12), "ESU5", 1, 1, 1, 1, 1},
              // A day without minutes: nothing can be said.
              {at(8) + 2 * kSecondsPerDay, "ESU5", 1, 1, 1, 1, 1}});
  roll_up();
  const auto compared = compare_hours(*lake_, "ES", kMonday, kMonday + 7, 100);
  ASSERT_TRUE(compared) << compared.error().message();
  EXPECT_EQ(compared->equal, 1U);
  EXPECT_EQ(compared->different, 4U);
  std::vector<std::string> found;
  for (const DifferentHour& hour : compared->differences)
    found.push_back(iso_second(hour.hour) + " " + std::string(name(hour.difference)));
  EXPECT_EQ(found, (std::vector<std::string>{
                       "2025-06-16T14:00:00Z prices", "2025-06-16T15:00:00Z volume",
                       "2025-06-16T16:00:00Z only_ours", "2025-06-16T17:00:00Z only_theirs"}));
  EXPECT_EQ(compared->differences[0].theirs->high, 1.25);
  EXPECT_EQ(compare_hours(*lake_, "ES", kMonday, kMonday + 7, 2)->differences.size(), 2U);
  EXPECT_EQ(compare_hours(*lake_, "NQ", kMonday, kMonday + 7, 2)->different, 0U);
  EXPECT_EQ(compare_hours(*lake_, "ES", kMonday + 1, kMonday + 7, 2)->different, 0U);
}

}  // namespace
}  // namespace fm::bars
