// One contract inside the engine: its open seconds, and the latest of its final ones.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "candles/second.h"
#include "candles/types.h"
#include "dbn/record.h"
#include "market/front_month.h"

namespace fm::candles {

struct TickerState;

// The tick test of a contract in one trade date, by arrival.
struct TickTest {
  Date date;
  Price last = 0;    // the last price
  Price before = 0;  // the last one that differed from it, or the same where none did

  // +1 up, −1 down, 0 while the price has not changed.
  [[nodiscard]] int direction() const { return (last > before) - (last < before); }
};

// The seconds of a contract that may still change, and a stretch of final ones behind them; second
// s is at s & mask. Seconds from clock − 60 to clock + 1 can be open, and a window that begins 59
// seconds before the oldest of them may still be wanted: 121 seconds. With rows for every second a
// window can be asked for up to another 59 seconds back.
inline constexpr std::size_t kRingSeconds = 128;
inline constexpr std::size_t kRingSecondsForEverySecond = 256;

struct ContractState {
  // The second that took the last trade. An event with event − current_begin < current_length is in
  // it, hence in session, not late, and in an evaluated minute. Both are 0 when there is none: the
  // engine resets them when the second becomes final.
  Nanos current_begin = 0;
  Nanos current_length = 0;
  SecondData* current = nullptr;
  std::int64_t big_threshold = 0;
  TickTest tick;

  TickerState* ticker = nullptr;  // null: stands for no contract
  SymbolId symbol = kNoSymbol;
  market::ContractIndex index = 0;    // within the ticker
  std::vector<TickTest> other_ticks;  // of other trade dates; hardly ever in use
  std::vector<SecondData> ring;       // empty while the contract is idle
  std::size_t mask = 0;
  Second newest_second = kNever;  // that ever took a trade
  // Final volumes by minute, minute m at m % 8, for the minutes that an evaluation may look at.
  struct MinuteVolume {
    std::int64_t minute = -1;
    std::int64_t volume = 0;
  };
  std::array<MinuteVolume, 8> minutes;

  [[nodiscard]] SecondData& slot(Second second) {
    return ring[static_cast<std::size_t>(second) & mask];
  }
  [[nodiscard]] const SecondData* find(Second second) const {
    if (ring.empty()) return nullptr;
    const SecondData& data = ring[static_cast<std::size_t>(second) & mask];
    return data.second == second ? &data : nullptr;
  }
  void forget_current() { current_begin = current_length = 0; }
  // Makes events of `data`'s second take the short way.
  void set_current(SecondData& data);
  // The tick test of this trade date becomes `tick`; its first price is `price` when it is new.
  void enter_date(Date date, Price price);
  // Adds a final second to `minutes`.
  void add_minute(const SecondData& data);
};

// Stands for no contract where a pointer is wanted: no event is ever in its current second.
[[nodiscard]] ContractState& no_contract();

// Buy, sell or unknown for a trade whose side does not say: by the quotes, else by the tick test
// after this trade. Returns +1, −1 or 0.
[[nodiscard]] int aggressor_of(const dbn::Mbp1Msg& record, const TickTest& tick);

// Sizes of bid and ask, 0 where that quote is undefined.
[[nodiscard]] inline Pair depth_of(const dbn::BidAskPair& book) {
  using Words = std::uint32_t __attribute__((vector_size(16)));
  static_assert(offsetof(dbn::BidAskPair, ask_px) == offsetof(dbn::BidAskPair, bid_px) + 8);
  static_assert(offsetof(dbn::BidAskPair, ask_sz) == offsetof(dbn::BidAskPair, bid_sz) + 4);
  static_assert(sizeof(dbn::BidAskPair) == offsetof(dbn::BidAskPair, bid_sz) + sizeof(Words));
  Pair prices;
  Words sizes;
  std::memcpy(&prices, &book.bid_px, sizeof prices);
  std::memcpy(&sizes, &book.bid_sz, sizeof sizes);
  const auto wide = std::bit_cast<Pair>(__builtin_shufflevector(sizes, Words{}, 0, 4, 1, 5));
  const Pair undefined = (prices == kUndefPrice) | (wide == std::int64_t{dbn::kUndefOrderSize});
  return wide & ~undefined;
}

// Adds an accepted trade that lies in `data`'s second; `tick` is of its trade date.
inline void add_trade(SecondData& data, TickTest& tick, const dbn::Mbp1Msg& record,
                      std::uint32_t offset_ns, std::int64_t big_threshold) {
  const Price price = record.price;
  // Prices change as they like: a branch here would often be guessed wrong.
  const std::int64_t changed = -static_cast<std::int64_t>(price != tick.last);
  tick.before ^= (tick.before ^ tick.last) & changed;
  tick.last = price;
  const std::int64_t size = record.size;
  std::int64_t delta = 0;
  // 'A' and 'B' are neighbours: one comparison for both, no branch between them.
  const auto side = static_cast<unsigned>(record.side) - static_cast<unsigned>('A');
  if (side <= 1) [[likely]] {
    const std::int64_t mask = static_cast<std::int64_t>(side) - 1;  // −1 for a sell, 0 for a buy
    delta = (size ^ mask) - mask;
  } else {
    const int sign = aggressor_of(record, tick);
    delta = sign * size;
    if (sign == 0) data.sums.unknown_volume += size;
  }
  add(data,
      {.price = price,
       .size = size,
       .delta = delta,
       .depth = depth_of(record.levels[0]),
       .offset_ns = offset_ns},
      big_threshold);
}

}  // namespace fm::candles
