#include "market/front_month.h"

#include <gtest/gtest.h>

#include <vector>

namespace fm::market {
namespace {

const Date kDate(2025, 6, 16);

// ESM5 (June), ESU5 (September), ESM25 (June as well), ESZ5 (December).
std::vector<ContractVolume> volumes(std::int64_t m5, std::int64_t u5, std::int64_t m25 = 0,
                                    std::int64_t z5 = 0) {
  return {{0, m5, *Contract::parse("ESM5", kDate)},
          {1, u5, *Contract::parse("ESU5", kDate)},
          {2, m25, *Contract::parse("ESM25", kDate)},
          {3, z5, *Contract::parse("ESZ5", kDate)}};
}

TEST(FrontMonth, MostVolumeThenTheActiveThenTheNearestThenSymbolOrder) {
  struct {
    std::vector<ContractVolume> volumes;
    std::optional<ContractIndex> active;
    std::optional<ContractIndex> winner;
  } const cases[] = {
      {volumes(0, 0), 0, std::nullopt},
      {volumes(1, 2), 0, 1},
      {volumes(2, 2), 1, 1},
      {volumes(2, 2), 3, 0},
      {volumes(0, 2, 0, 2), std::nullopt, 1},
      {volumes(2, 2, 2, 2), 1, 1},
      {volumes(2, 0, 2), 3, 2},  // "ESM25" < "ESM5"
      {volumes(0, 1, 1, 5), 0, 3},
  };
  for (const auto& c : cases) EXPECT_EQ(most_volume(c.volumes, c.active), c.winner);
}

TEST(FrontMonth, AChallengerMustWinSeveralTimesInARow) {
  FrontMonth front(3);
  front.start(0, 100);
  EXPECT_FALSE(front.due(100));
  EXPECT_TRUE(front.due(101));
  EXPECT_FALSE(front.evaluate(101, volumes(1, 2)));
  EXPECT_FALSE(front.evaluate(102, volumes(1, 2)));
  EXPECT_FALSE(front.evaluate(103, volumes(0, 0)));  // nobody traded: the count stays
  EXPECT_TRUE(front.evaluate(109, volumes(1, 2)));
  EXPECT_EQ(front.active(), 1U);
}

TEST(FrontMonth, ForgetsTheChallengerWhenTheActiveTiesOrAnotherWins) {
  FrontMonth front(2);
  front.start(0, 100);
  EXPECT_FALSE(front.evaluate(101, volumes(1, 2)));
  EXPECT_FALSE(front.evaluate(102, volumes(2, 2)));  // a tie keeps the active
  EXPECT_FALSE(front.evaluate(103, volumes(1, 2)));
  EXPECT_FALSE(front.evaluate(104, volumes(1, 2, 0, 3)));  // another challenger
  EXPECT_FALSE(front.evaluate(105, volumes(1, 2)));
  front.begin_trade_date();
  EXPECT_FALSE(front.evaluate(106, volumes(1, 2)));
  EXPECT_TRUE(front.evaluate(107, volumes(1, 2)));
}

TEST(FrontMonth, CarriesOverFromAnEarlierRun) {
  FrontMonth front(1);
  front.resume(3);
  front.start(0, 100);
  EXPECT_EQ(front.active(), 3U);
}

TEST(FrontMonth, ChoosesByThePreviousSession) {
  FrontMonth front(5);
  EXPECT_TRUE(front.choose(volumes(0, 0), 1));  // nothing known: the first trade's
  EXPECT_EQ(front.active(), 1U);
  EXPECT_FALSE(front.choose(volumes(4, 4), 0));
  EXPECT_TRUE(front.choose(volumes(5, 4), 1));
  EXPECT_EQ(front.active(), 0U);
}

TEST(FrontMonth, RulesHaveNames) {
  for (const auto rule :
       {FrontMonthRule::kFiveMinuteVolume, FrontMonthRule::kPreviousSessionVolume}) {
    EXPECT_EQ(*parse_front_month_rule(name(rule)), rule);
  }
  EXPECT_EQ(parse_front_month_rule("volume").error().code(), Code::kInvalidArgument);
}

}  // namespace
}  // namespace fm::market
