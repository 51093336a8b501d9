// Random streams of records that look for trouble: late and early trades, ties, rolls, session
// edges, undefined values, several roots.
#pragma once

#include <cstdint>
#include <random>
#include <vector>

#include "candles/testing_reference.h"

namespace fm::candles::testing {

struct Stream {
  std::vector<Arrival> arrivals;
  ReferenceOptions options;
};
// A function of the seed.
[[nodiscard]] Stream hostile_stream(std::uint64_t seed);

// Raw numbers only: library distributions differ between machines.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : engine_(seed) {}
  // In [0, sides).
  std::int64_t roll(std::int64_t sides) {
    return static_cast<std::int64_t>(engine_() % static_cast<std::uint64_t>(sides));
  }
  bool one_in(std::int64_t times) { return roll(times) == 0; }
  template <class T>
  const T& pick(const std::vector<T>& from) {
    return from[static_cast<std::size_t>(roll(static_cast<std::int64_t>(from.size())))];
  }

 private:
  std::mt19937_64 engine_;
};

}  // namespace fm::candles::testing
