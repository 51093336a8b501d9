// Bars out of generated trades, as the vendor makes them: by the time of the event, one for each
// instrument that traded.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <tuple>
#include <utility>
#include <vector>

#include "base/time.h"
#include "dbn/enums.h"
#include "dbn/record.h"

namespace fm::synth {

class BarMaker {
 public:
  // Of ohlcv-1s, -1m, -1h or -1d.
  explicit BarMaker(dbn::Schema schema);
  // Whether bars of this schema are made.
  [[nodiscard]] static bool makes(dbn::Schema schema);

  // Trades in the order of arrival, none later than kLateness behind the newest.
  void add(const dbn::Mbp1Msg& trade);
  // Bars that no later trade can change, by time and instrument; valid until the next call.
  [[nodiscard]] std::span<const dbn::OhlcvMsg> take();
  // No trade follows.
  [[nodiscard]] std::span<const dbn::OhlcvMsg> finish();

  static constexpr Nanos kLateness = 300 * kNanosPerSecond;

 private:
  [[nodiscard]] std::span<const dbn::OhlcvMsg> take_before(Nanos time);

  dbn::RType rtype_;
  Nanos length_;
  Nanos newest_ = 0;
  // The event of the close, too: trades arrive out of order.
  struct Open {
    dbn::OhlcvMsg bar;
    Nanos first = 0;
    Nanos last = 0;
  };
  std::map<std::pair<Nanos, std::uint32_t>, Open> open_;
  std::vector<dbn::OhlcvMsg> done_;
};

}  // namespace fm::synth
