// Blocks out of records as they are written.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "base/hash.h"
#include "capture/arrival.h"
#include "capture/index.h"

namespace fm::capture {

class BlockMaker {
 public:
  // The next bytes of the segment, whole records.
  void add(std::span<const std::byte> bytes, const Survey& survey);
  [[nodiscard]] std::uint64_t length() const { return open_.length; }
  [[nodiscard]] bool is_full() const { return open_.length >= kBlockBytesTarget; }
  // What was added since the last one; nothing when that is nothing.
  [[nodiscard]] std::optional<Block> end();

 private:
  Block open_;
  Hasher hasher_;
  std::uint64_t at_ = 0;
};

}  // namespace fm::capture
