#include "databento/zstd_walk.h"

#include <algorithm>
#include <cstring>

#include "base/assert.h"

namespace fm::databento {
namespace {

constexpr std::uint32_t kFrameMagic = 0xFD2FB528;
constexpr std::uint32_t kSkippableMagic = 0x184D2A50;  // the last four bits are free
constexpr std::size_t kMagicBytes = 4;
constexpr std::size_t kBlockHeaderBytes = 3;
constexpr std::size_t kChecksumBytes = 4;
constexpr std::size_t kBlockBytesMax = std::size_t{128} << 10;

std::uint32_t little_endian(std::span<const std::uint8_t> bytes) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) value |= std::uint32_t{bytes[i]} << (8 * i);
  return value;
}

}  // namespace

void ZstdWalk::expect(Part part, std::size_t bytes, std::uint64_t skip_before) {
  FM_ASSERT(bytes <= held_.size());
  part_ = part;
  part_bytes_ = bytes;
  held_bytes_ = 0;
  skip_ = skip_before;
}

void ZstdWalk::end_frame() {
  ++frames_ended_;
  expect(Part::kMagic, kMagicBytes, skip_);
}

Status ZstdWalk::take_magic() {
  const std::uint32_t magic = little_endian(std::span(held_).first(kMagicBytes));
  if (magic == kFrameMagic) {
    expect(Part::kDescriptor, 1);
  } else if ((magic & ~0xFU) == kSkippableMagic) {
    expect(Part::kSkippableSize, 4);
  } else {
    return fail(Code::kCorrupt, "no zstd frame at byte {} (found {:#010x})", place_ - kMagicBytes,
                magic);
  }
  return {};
}

void ZstdWalk::take_descriptor() {
  const std::uint8_t descriptor = held_[0];
  const bool single_segment = (descriptor & 0x20) != 0;
  constexpr std::array<std::size_t, 4> kDictionaryBytes = {0, 1, 2, 4};
  constexpr std::array<std::size_t, 4> kContentSizeBytes = {0, 2, 4, 8};
  has_checksum_ = (descriptor & 0x04) != 0;
  std::size_t rest = kDictionaryBytes[descriptor & 3] + kContentSizeBytes[descriptor >> 6];
  // A single segment has no window size, but then always a content size: one byte at least.
  if (!single_segment || (descriptor >> 6) == 0) ++rest;
  expect(Part::kHeader, rest);
}

Status ZstdWalk::take_block_header() {
  const std::uint32_t header = little_endian(std::span(held_).first(kBlockHeaderBytes));
  const std::uint32_t type = (header >> 1) & 3;
  const std::uint32_t size = header >> 3;
  constexpr std::uint32_t kRunLength = 1;
  constexpr std::uint32_t kReserved = 3;
  if (type == kReserved || (type != kRunLength && size > kBlockBytesMax))
    return fail(Code::kCorrupt, "a damaged zstd block at byte {}", place_ - kBlockHeaderBytes);
  is_last_block_ = (header & 1) != 0;
  const std::uint64_t content = type == kRunLength ? 1 : size;
  if (!is_last_block_)
    expect(Part::kBlockHeader, kBlockHeaderBytes, content);
  else if (has_checksum_)
    expect(Part::kChecksum, kChecksumBytes, content);
  else
    // The frame ends with the block, which may still be on its way.
    expect(Part::kChecksum, 0, content);
  return {};
}

Status ZstdWalk::take_part() {
  switch (part_) {
    case Part::kMagic:
      return take_magic();
    case Part::kSkippableSize: {
      const std::uint64_t size = little_endian(std::span(held_).first(4));
      // As a frame that ends with its content.
      expect(Part::kChecksum, 0, size);
      return {};
    }
    case Part::kDescriptor:
      take_descriptor();
      return {};
    case Part::kHeader:
      expect(Part::kBlockHeader, kBlockHeaderBytes);
      return {};
    case Part::kBlockHeader:
      return take_block_header();
    case Part::kChecksum:
      end_frame();
      return {};
  }
  return {};
}

Status ZstdWalk::add(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const std::size_t skipped =
        static_cast<std::size_t>(std::min<std::uint64_t>(skip_, bytes.size()));
    skip_ -= skipped;
    place_ += skipped;
    bytes = bytes.subspan(skipped);
    if (skip_ > 0) return {};
    const std::size_t taken = std::min(part_bytes_ - held_bytes_, bytes.size());
    if (taken > 0) std::memcpy(held_.data() + held_bytes_, bytes.data(), taken);
    held_bytes_ += taken;
    place_ += taken;
    bytes = bytes.subspan(taken);
    if (held_bytes_ == part_bytes_) FM_TRY(take_part());
  }
  // A frame that ends with its last block has nothing more to wait for.
  if (skip_ == 0 && part_bytes_ == 0) FM_TRY(take_part());
  return {};
}

Status ZstdWalk::finish() const {
  const bool at_end = part_ == Part::kMagic && held_bytes_ == 0 && frames_ended_ > 0;
  if (at_end) return {};
  return std::unexpected(
      Error(Code::kTruncated,
            frames_ended_ == 0 && place_ == 0
                ? std::string("the body is empty, expected a zstd frame")
                : fmt::format("zstd frame {} is not finished: the body ends at byte {}",
                              frames_ended_ + 1, place_))
          .retryable());
}

}  // namespace fm::databento
