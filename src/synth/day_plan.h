// When one root trades during one trade date: how many trades in each second.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/time.h"
#include "market/session.h"
#include "synth/options.h"
#include "synth/random.h"

namespace fm::synth {

// A trade that arrives at a moment it does not belong to.
struct StrayTrade {
  Second arrival = 0;
  std::uint32_t late_by_seconds = 0;  // 0 = in time, but after the close
};

struct DayPlan {
  std::vector<market::SessionSpan> spans;
  std::vector<std::uint32_t> trades;  // per second of all spans, one after the other
  std::vector<StrayTrade> strays;     // by arrival
};

struct DayRequest {
  std::vector<market::SessionSpan> spans;
  Second chicago_evening = 0;  // any moment that is 17:00 in Chicago on one of these days
  std::uint32_t trades = 0;    // strays included
  std::uint32_t trades_per_active_second = 0;  // 0 = natural
  Features features = {};
};

// The trades of the plan, strays included, are exactly those asked for. Requires a span when there
// are trades.
[[nodiscard]] DayPlan plan_day(const DayRequest& request, Random& random);

}  // namespace fm::synth
