// What memory gives a reader that does nothing but read in order: the limit of every other limit.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "baselines/header_walk.h"

namespace fm::bench {

// The sum of all whole blocks of 128 bytes, as 64-bit words.
[[nodiscard]] inline std::uint64_t sum_words(std::span<const std::byte> bytes) {
  using Words = std::uint64_t __attribute__((vector_size(32)));
  constexpr std::size_t kBlock = 4 * sizeof(Words);
  Words sums[4]{};
  for (std::size_t at = 0; at + kBlock <= bytes.size(); at += kBlock) {
    const std::byte* const block = bytes.data() + at;
    __builtin_prefetch(block + kWalkAhead);
    __builtin_prefetch(block + kWalkAhead + kBlock / 2);
    for (std::size_t i = 0; i < 4; ++i) {
      Words words;
      std::memcpy(&words, block + i * sizeof(Words), sizeof words);
      sums[i] += words;
    }
  }
  const Words sum = sums[0] + sums[1] + sums[2] + sums[3];
  return sum[0] + sum[1] + sum[2] + sum[3];
}

}  // namespace fm::bench
