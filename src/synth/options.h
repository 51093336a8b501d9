// What a user may ask of the generator.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/time.h"

namespace fm::synth {

// More than this many trades in one root and trade date are refused: the busiest real days have
// about as many.
inline constexpr std::uint64_t kTradesPerRootAndDayMax = 900'000;
// Keeps sequence numbers, which have 32 bits, from wrapping.
inline constexpr std::uint64_t kTradesMax = 1'000'000'000;
inline constexpr int kDaysMax = 2'000;

struct Features {
  bool roll = true;  // each root rolls once, in the middle trade date (or middle of the only one)
  bool spreads = true;  // calendar spreads between the two contracts
  bool auctions =
      true;  // opening auctions: side N, a crossed book, now and then no quote on one side
  bool off_session = true;  // up to four trades per root and date that print just after a close
  bool late = true;         // a few trades per root and date that arrive up to two minutes late
};

struct Options {
  std::vector<std::string> roots = {"ES", "NQ", "CL", "ZL"};  // any the universe lists
  Date first_date{2025, 6, 10};    // a trade date, or the next one is taken
  int days = 1;                    // trade dates; 0 = as many as the trades need
  std::uint64_t trades = 400'000;  // in all, spreads and stray ones included; exact
  std::uint64_t seed = 1;
  // How many trades share a second in which the root trades, about. 0 = as busy as a real day of
  // that many trades: 3 on quiet days, 13 at 800,000 a day. The trades are concentrated into as
  // many seconds as this leaves.
  std::uint32_t trades_per_active_second = 0;
  Features features = {};
};

}  // namespace fm::synth
