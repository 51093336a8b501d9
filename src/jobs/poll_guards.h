// What a polled bar must be to be stored.
//
// A jump of the close is believed when the contract's next bar confirms it; until then the bar is
// held back. So one bad print is left out, and a market that has moved is not.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/price.h"
#include "base/time.h"
#include "market/session.h"
#include "market/universe.h"
#include "quality/bar_rules.h"

namespace fm::jobs {

// A one-minute bar as the vendor sends it.
struct PolledBar {
  Nanos time = 0;      // start of the minute
  std::string symbol;  // empty: the vendor names none
  std::uint32_t instrument_id = 0;
  std::uint16_t publisher_id = 0;
  Price open = 0;
  Price high = 0;
  Price low = 0;
  Price close = 0;
  std::uint64_t volume = 0;
};

enum class BarFault {
  kNoSymbol,   // the answer says no name for its instrument
  kOtherRoot,  // an outright of a root that was not asked for
  kOffMinute,  // does not start at a whole minute
  kInFuture,   // starts later than now
  kNoPrice,    // one of its prices is undefined
  kBadRange,   // high below low, or open or close outside them
  kBadVolume,  // more than 63 bits: a negative number
  kOffTick,    // a price that is no multiple of the root's tick
  kOutlier,    // a close too far from the contract's last one, which no next bar confirmed
};
[[nodiscard]] std::string_view name(BarFault fault);

struct RejectedBar {
  PolledBar bar;
  BarFault fault{};
  std::string found;  // "close 4800.100000000 is no multiple of 0.250000000"
};

struct GuardOptions {
  std::string root;
  double outlier_limit = quality::kOutlierLimit;  // of |close / the contract's last close − 1|
  Nanos now = kUndefTime;
};

// The guards of one root over bars that come in order of time, contract by contract.
class BarGuards {
 public:
  using Accept = std::function<void(const PolledBar&)>;
  using Reject = std::function<void(RejectedBar)>;

  // `universe` and `calendar` outlive it.
  BarGuards(const market::Universe& universe, const market::Calendar& calendar,
            GuardOptions options, Accept accept, Reject reject);

  // The close that a contract's next bar is held against.
  void set_last_close(std::string_view symbol, double close);
  // `bar` names an outright, or nothing.
  void judge(const PolledBar& bar);
  // Leaves out the bars that are still held back.
  void finish();

 private:
  struct Contract {
    std::optional<double> close;
    std::optional<PolledBar> suspect;
  };

  [[nodiscard]] std::optional<RejectedBar> fault_of(const PolledBar& bar) const;
  [[nodiscard]] std::optional<Price> tick_at(Nanos time) const;
  [[nodiscard]] bool is_near(double close, const PolledBar& bar) const;
  void accept(Contract& contract, const PolledBar& bar);
  void reject_suspect(Contract& contract);

  const market::Root* root_;  // null: not registered
  const market::Calendar& calendar_;
  market::TemplateId hours_;
  GuardOptions options_;
  Accept accept_;
  Reject reject_;
  std::map<std::string, Contract, std::less<>> contracts_;
};

}  // namespace fm::jobs
