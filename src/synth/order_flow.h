// The market of one root: books, orders, and the trades they make.
//
// One best bid, in ticks, walks for the whole root; each contract's quotes are that bid plus a
// constant, each with its own sizes. Orders arrive with a side that remembers the last one and
// leans back towards an anchor, which itself wanders. An order takes from the best level; what it
// cannot fill there it fills on the next ones as further trades of the same moment. A level taken
// whole moves the walk.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "base/price.h"
#include "base/time.h"
#include "dbn/record.h"
#include "synth/profile.h"
#include "synth/random.h"

namespace fm::synth {

class OrderFlow {
 public:
  enum BookIndex : std::uint8_t { kNear, kNext, kSpread };

  OrderFlow(const Profile& profile, Price tick_size);

  // Before each day. The spread's price is near less next.
  void set_contracts(std::array<std::uint32_t, 3> instrument_ids, std::int64_t near_ticks);
  // Of all trades, per 65,536.
  void set_shares(std::uint32_t next, std::uint32_t spread) {
    next_share_ = next;
    spread_share_ = spread;
  }
  // Once a minute: the anchor wanders.
  void drift(Random& random);

  // Appends one order's trades, at least one and at most `most`, and returns how many. `sequence`
  // of each record is the step from the one before.
  std::uint32_t trade(Nanos moment, std::uint32_t most, Random& random,
                      std::vector<dbn::Mbp1Msg>& out);
  // Appends an opening auction of `count` trades in the front contract: no aggressor, a crossed
  // book.
  void auction(Nanos moment, std::uint32_t count, Random& random, std::vector<dbn::Mbp1Msg>& out);
  // Appends one trade whose event lies before its arrival.
  void trade_late(Nanos event, Nanos arrival, Random& random, std::vector<dbn::Mbp1Msg>& out);

 private:
  struct Book {
    std::uint32_t instrument_id = 0;
    std::int64_t ticks_from_bid = 0;  // of the root's walk; a spread's own bid
    std::uint32_t bid_size = 1;
    std::uint32_t ask_size = 1;
    bool wide = false;  // two ticks between bid and ask
  };

  [[nodiscard]] BookIndex choose_book(Random& random) const;
  [[nodiscard]] bool choose_buy(Random& random);
  [[nodiscard]] std::uint32_t draw_level(Random& random) const;
  [[nodiscard]] std::int64_t bid_ticks(BookIndex index) const;
  void refresh(BookIndex index, Random& random);
  void after_sweep(BookIndex index, bool buy, std::int64_t levels, Random& random);
  // A record with everything but price, size and side.
  [[nodiscard]] dbn::Mbp1Msg quoted(BookIndex index, Nanos event, Nanos arrival,
                                    Random& random) const;
  [[nodiscard]] Nanos next_arrival(Nanos moment, Random& random);

  const Profile& profile_;
  Price tick_size_;
  std::array<Book, 3> books_;
  std::int64_t bid_ticks_;
  std::int64_t anchor_ticks_;
  std::int64_t ticks_min_;
  bool last_was_buy_ = true;
  BookIndex front_ = kNear;
  std::uint32_t next_share_ = 0;
  std::uint32_t spread_share_ = 0;
  Nanos last_arrival_ = 0;
};

}  // namespace fm::synth
