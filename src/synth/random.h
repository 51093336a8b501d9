// The generator's only source of chance. Integers alone: the same seed gives the same numbers on
// every machine and with every compiler, which neither std::*_distribution nor floating point
// promises. Source: xoshiro256** 1.0, seeded by splitmix64 (Blackman and Vigna, public domain).
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <string_view>

namespace fm::synth {

class Random {
 public:
  explicit Random(std::uint64_t seed) {
    for (std::uint64_t& word : state_) {
      seed += 0x9E3779B97F4A7C15;
      word = finalise(seed);
    }
  }

  [[nodiscard]] std::uint64_t next() {
    const std::uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
    const std::uint64_t shifted = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= shifted;
    state_[3] = std::rotl(state_[3], 45);
    return result;
  }

  // 0 … bound − 1, each as likely as the next to within bound / 2^64. Requires bound > 0.
  [[nodiscard]] std::uint64_t below(std::uint64_t bound) {
    return static_cast<std::uint64_t>((static_cast<unsigned __int128>(next()) * bound) >> 64);
  }
  [[nodiscard]] std::uint32_t below32(std::uint32_t bound) {
    return static_cast<std::uint32_t>(below(bound));
  }
  // first … last.
  [[nodiscard]] std::int64_t between(std::int64_t first, std::int64_t last) {
    return first + static_cast<std::int64_t>(below(static_cast<std::uint64_t>(last - first) + 1));
  }
  // True `per_65536` times in 65,536.
  [[nodiscard]] bool chance(std::uint32_t per_65536) { return (next() >> 48) < per_65536; }
  // 0, 1, 2 … with probability 1/2, 1/4, 1/8 …, never above `most` (< 64).
  [[nodiscard]] unsigned halvings(unsigned most) {
    return static_cast<unsigned>(std::countr_zero(next() | (std::uint64_t{1} << most)));
  }

  // A seed that depends on all of its parts: streams of different names or numbers share nothing.
  [[nodiscard]] static std::uint64_t seed_of(std::uint64_t seed, std::string_view name,
                                             std::uint64_t number) {
    std::uint64_t hash = 0xCBF29CE484222325;  // FNV-1a
    for (const char letter : name) {
      hash = (hash ^ static_cast<unsigned char>(letter)) * 0x100000001B3;
    }
    return finalise(finalise(seed + 0x9E3779B97F4A7C15) ^ finalise(hash) ^
                    (number * 0xD1B54A32D192ED03));
  }

 private:
  [[nodiscard]] static std::uint64_t finalise(std::uint64_t word) {
    word = (word ^ (word >> 30)) * 0xBF58476D1CE4E5B9;
    word = (word ^ (word >> 27)) * 0x94D049BB133111EB;
    return word ^ (word >> 31);
  }

  std::array<std::uint64_t, 4> state_{};
};

}  // namespace fm::synth
