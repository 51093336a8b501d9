// One second of one contract while trades may still arrive for it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>

#include "candles/types.h"

namespace fm::candles {

inline constexpr Second kNever = std::numeric_limits<Second>::min();

// Two sums at a time: one addition for both.
using Pair = std::int64_t __attribute__((vector_size(16)));

// What adds up over seconds.
struct Sums {
  std::int64_t volume = 0;
  std::int64_t unknown_volume = 0;
  std::int64_t delta = 0;  // buy volume − sell volume
  std::int64_t trades = 0;
  std::int64_t big_trades = 0;
  std::int64_t big_volume = 0;
  std::int64_t bid_depth = 0;
  std::int64_t ask_depth = 0;
  Int128 price_volume = 0;  // Σ price · size

  Sums& operator+=(const Sums& other) {
    volume += other.volume;
    unknown_volume += other.unknown_volume;
    delta += other.delta;
    trades += other.trades;
    big_trades += other.big_trades;
    big_volume += other.big_volume;
    bid_depth += other.bid_depth;
    ask_depth += other.ask_depth;
    price_volume += other.price_volume;
    return *this;
  }
  Sums& operator-=(const Sums& other) {
    volume -= other.volume;
    unknown_volume -= other.unknown_volume;
    delta -= other.delta;
    trades -= other.trades;
    big_trades -= other.big_trades;
    big_volume -= other.big_volume;
    bid_depth -= other.bid_depth;
    ask_depth -= other.ask_depth;
    price_volume -= other.price_volume;
    return *this;
  }
  // Buy volume is not kept: volume = buy + sell + unknown and delta = buy − sell.
  [[nodiscard]] std::int64_t buy_volume() const { return (volume - unknown_volume + delta) / 2; }
  [[nodiscard]] std::int64_t sell_volume() const { return (volume - unknown_volume - delta) / 2; }
};

// The accumulators. Deltas count from 0 at the second's start, so that a late trade in an earlier
// second changes nothing here.
struct SecondData {
  Sums sums;
  Second second = kNever;  // kNever: holds nothing
  Price open = 0;
  Price high = 0;
  Price low = 0;
  Price close = 0;
  std::int64_t delta_high = 0;  // over 0 and the value after every trade
  std::int64_t delta_low = 0;
  std::int64_t max_size = 0;
  Date trade_date;
  std::uint32_t first_ns = 0;  // of its earliest and latest trade, within the second
  std::uint32_t last_ns = 0;

  // Ready for its first trade, which is at this price and time within the second.
  void begin(Second at, Date date, Price first_price, std::uint32_t first_offset_ns) {
    *this = SecondData{};
    second = at;
    trade_date = date;
    open = high = low = first_price;
    first_ns = last_ns = first_offset_ns;
  }
};

// The fields of a trade that the accumulators take.
struct TradeFigures {
  Price price;
  std::int64_t size;
  std::int64_t delta;       // +size buy, −size sell, 0 unknown
  Pair depth;               // bid, ask
  std::uint32_t offset_ns;  // event time within the second
};

inline void add(SecondData& data, const TradeFigures& trade, std::int64_t big_threshold) {
  data.high = std::max(data.high, trade.price);
  data.low = std::min(data.low, trade.price);
  data.close = trade.price;
  const std::int64_t delta = data.sums.delta + trade.delta;
  data.sums.delta = delta;
  data.delta_high = std::max(data.delta_high, delta);
  data.delta_low = std::min(data.delta_low, delta);
  data.sums.volume += trade.size;
  data.sums.trades += 1;
  Pair depth;
  static_assert(offsetof(Sums, ask_depth) == offsetof(Sums, bid_depth) + sizeof(std::int64_t));
  std::memcpy(&depth, &data.sums.bid_depth, sizeof depth);
  depth += trade.depth;
  std::memcpy(&data.sums.bid_depth, &depth, sizeof depth);
  data.sums.price_volume += Int128{trade.price} * trade.size;
  data.max_size = std::max(data.max_size, trade.size);
  // Trades of a contract mostly come in order.
  if (trade.offset_ns >= data.last_ns) [[likely]] {
    data.last_ns = trade.offset_ns;
  } else {
    data.first_ns = std::min(data.first_ns, trade.offset_ns);
  }
  if (trade.size >= big_threshold) [[unlikely]] {
    data.sums.big_trades += 1;
    data.sums.big_volume += trade.size;
  }
}

}  // namespace fm::candles
