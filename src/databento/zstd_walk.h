// Whether a zstd stream is whole, told from its structure alone: frame headers and block sizes, a
// few bytes in every 128 KiB, nothing decompressed. Source: RFC 8878.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/error.h"

namespace fm::databento {

class ZstdWalk {
 public:
  // The next bytes of the stream. Errors: kCorrupt for what no frame can hold.
  [[nodiscard]] Status add(std::span<const std::byte> bytes);
  // Errors: kTruncated (retryable) when no frame began or the last one does not end.
  [[nodiscard]] Status finish() const;

 private:
  enum class Part { kMagic, kSkippableSize, kDescriptor, kHeader, kBlockHeader, kChecksum };

  [[nodiscard]] Status take_part();
  [[nodiscard]] Status take_magic();
  void take_descriptor();
  [[nodiscard]] Status take_block_header();
  void expect(Part part, std::size_t bytes, std::uint64_t skip_before = 0);
  void end_frame();

  Part part_ = Part::kMagic;
  std::array<std::uint8_t, 16> held_{};  // bytes of the part that have come
  std::size_t held_bytes_ = 0;
  std::size_t part_bytes_ = 4;
  std::uint64_t skip_ = 0;  // bytes before the part that need no look
  bool has_checksum_ = false;
  bool is_last_block_ = false;
  std::uint64_t frames_ended_ = 0;
  std::uint64_t place_ = 0;  // bytes seen
};

}  // namespace fm::databento
