#include "candles/derive.h"

#include <gtest/gtest.h>

namespace fm::candles {
namespace {

TEST(Derive, DivergenceNeedsBothAPriceMoveAndAnImbalance) {
  struct {
    std::optional<double> bps;
    std::optional<double> ratio;
    int divergence;
  } const cases[] = {{1.0, -0.5, 1},  {-1.0, 0.5, -1},         {1.0, 0.5, 0},
                     {-1.0, -0.5, 0}, {0.5, -0.1, 1},          {0.49, -0.5, 0},
                     {1.0, -0.09, 0}, {std::nullopt, -0.5, 0}, {1.0, std::nullopt, 0}};
  for (const auto& c : cases) {
    EXPECT_EQ(divergence(c.bps, c.ratio), c.divergence)
        << c.bps.value_or(99) << ' ' << c.ratio.value_or(99);
  }
}

TEST(Derive, GivesNothingWhereADenominatorIsZero) {
  CandleRow row{};
  row.trades = 1;
  row.volume = row.unknown_volume = 2;
  row.close = kPriceScale;
  const Derived derived = derive(row);
  EXPECT_FALSE(derived.vd_ratio);
  EXPECT_FALSE(derived.book_imbalance);
  EXPECT_FALSE(derived.price_change_bps);
  EXPECT_EQ(derived.vwap, 0.0);
  EXPECT_EQ(derived.divergence, 0);
}

TEST(Derive, AnEmptyWindowHasNoVwapAndNoPriceChange) {
  CandleRow row{};
  row.open = row.high = row.low = row.close = 5 * kPriceScale;
  const Derived derived = derive(row);
  EXPECT_EQ(derived.close, 5.0);
  EXPECT_FALSE(derived.vwap);
  EXPECT_FALSE(derived.vd_ratio);
  EXPECT_EQ(derived.price_change_bps, 0.0);
}

TEST(Derive, RoundsOncePerStep) {
  CandleRow row{};
  row.trades = 1;
  row.volume = 3;
  row.open = 6'053'750'000'000;
  row.close = 6'054'000'000'000;
  row.sum_price_volume = Int128{row.close} * 3;
  const Derived derived = derive(row);
  EXPECT_EQ(derived.vwap, 6054.0);
  EXPECT_EQ(derived.sum_price_volume, 18162.0);
  EXPECT_EQ(derived.price_change_bps, 250'000'000.0 / 6'053'750'000'000.0 * 10000.0);
}

}  // namespace
}  // namespace fm::candles
