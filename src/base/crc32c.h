// CRC-32C (Castagnoli), as object stores and network protocols have it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace fm {

// The checksum of bytes that come in pieces: crc32c(second, crc32c(first)) is that of both, one
// behind the other.
[[nodiscard]] std::uint32_t crc32c(std::span<const std::byte> bytes, std::uint32_t before = 0);

}  // namespace fm
