#include "base/crc32c.h"

#include <array>
#include <cstring>

#ifdef __SSE4_2__
#include <nmmintrin.h>
#endif

namespace fm {
namespace {

#ifdef __SSE4_2__

std::uint32_t update(std::uint32_t state, std::span<const std::byte> bytes) {
  std::uint64_t wide = state;
  while (bytes.size() >= sizeof(std::uint64_t)) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data(), sizeof word);
    wide = _mm_crc32_u64(wide, word);
    bytes = bytes.subspan(sizeof word);
  }
  state = static_cast<std::uint32_t>(wide);
  for (const std::byte byte : bytes)
    state = _mm_crc32_u8(state, std::to_integer<std::uint8_t>(byte));
  return state;
}

#else

constexpr std::uint32_t kPolynomialReflected = 0x82F63B78;

constexpr std::array<std::uint32_t, 256> make_table() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < table.size(); ++i) {
    std::uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit)
      value = (value >> 1) ^ ((value & 1) != 0 ? kPolynomialReflected : 0);
    table[i] = value;
  }
  return table;
}

std::uint32_t update(std::uint32_t state, std::span<const std::byte> bytes) {
  static constexpr std::array<std::uint32_t, 256> kTable = make_table();
  for (const std::byte byte : bytes)
    state = (state >> 8) ^ kTable[(state ^ std::to_integer<std::uint32_t>(byte)) & 0xFF];
  return state;
}

#endif

}  // namespace

std::uint32_t crc32c(std::span<const std::byte> bytes, std::uint32_t before) {
  return ~update(~before, bytes);
}

}  // namespace fm
