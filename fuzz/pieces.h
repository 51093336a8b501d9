// What the fuzz targets of text share.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <span>
#include <string_view>

#include "dbn/byte_source.h"

namespace fm::fuzz {

inline void require(bool holds) {
  if (!holds) std::abort();
}

// Gives a text that the caller keeps, at most `piece_bytes` at a time.
class PieceSource final : public dbn::ByteSource {
 public:
  PieceSource(std::string_view text, std::size_t piece_bytes) : rest_(text), piece_(piece_bytes) {}
  Result<std::size_t> read(std::span<std::byte> out) override {
    const std::size_t count = std::min({out.size(), piece_, rest_.size()});
    std::memcpy(out.data(), rest_.data(), count);
    rest_.remove_prefix(count);
    return count;
  }

 private:
  std::string_view rest_;
  std::size_t piece_;
};

}  // namespace fm::fuzz
