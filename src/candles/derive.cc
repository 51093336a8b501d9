#include "candles/derive.h"

#include <cmath>

namespace fm::candles {

std::optional<double> ratio(std::int64_t numerator, std::int64_t denominator) {
  if (denominator == 0) return std::nullopt;
  return static_cast<double>(numerator) / static_cast<double>(denominator);
}

std::optional<double> price_change_bps(Price open, Price close) {
  if (open == 0) return std::nullopt;
  const auto from = static_cast<double>(open);
  return (static_cast<double>(close) - from) / std::abs(from) * 10000.0;
}

int divergence(std::optional<double> price_change_bps, std::optional<double> vd_ratio) {
  constexpr double kLeastChangeBps = 0.5;
  constexpr double kLeastRatio = 0.1;
  if (!price_change_bps || !vd_ratio) return 0;
  if (std::abs(*price_change_bps) < kLeastChangeBps || std::abs(*vd_ratio) < kLeastRatio) return 0;
  if (*price_change_bps > 0 && *vd_ratio < 0) return 1;
  if (*price_change_bps < 0 && *vd_ratio > 0) return -1;
  return 0;
}

Derived derive(const CandleRow& row) {
  Derived derived;
  derived.open = to_double(row.open);
  derived.high = to_double(row.high);
  derived.low = to_double(row.low);
  derived.close = to_double(row.close);
  derived.sum_price_volume = scaled_to_double(row.sum_price_volume);
  if (row.volume != 0) {
    derived.vwap = derived.sum_price_volume / static_cast<double>(row.volume);
  }
  derived.vd_ratio = ratio(row.vd(), row.ask_volume + row.bid_volume);
  derived.book_imbalance =
      ratio(row.sum_bid_depth - row.sum_ask_depth, row.sum_bid_depth + row.sum_ask_depth);
  derived.price_change_bps = row.trades == 0 ? 0.0 : price_change_bps(row.open, row.close);
  derived.divergence = divergence(derived.price_change_bps, derived.vd_ratio);
  return derived;
}

}  // namespace fm::candles
