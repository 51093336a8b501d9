// Any bytes as a capture index: what is read must lie in order, without a hole, and be the same
// when the bytes come in two parts; what was valid must survive being written again.
#include <cstdint>
#include <span>
#include <vector>

#include "base/assert.h"
#include "capture/index.h"

namespace {

using namespace fm::capture;

void check_order(const Index& index) {
  std::uint64_t end = 0;
  for (const Block& block : index.blocks) {
    FM_ASSERT(block.offset == end && block.length > 0);
    FM_ASSERT(block.lost || block.length <= kBlockBytesMax);
    end = block.end();
  }
  FM_ASSERT(index.data_bytes() == end);
  if (index.footer) FM_ASSERT(index.footer->bytes == end);
}

void check_rewritten(const Index& index) {
  std::vector<std::byte> bytes;
  const auto add = [&](const Entry& entry) {
    bytes.insert(bytes.end(), entry.begin(), entry.end());
  };
  add(encode(index.header.value_or(IndexHeader{})));
  for (const Block& block : index.blocks)
    if (!block.lost) add(encode(block));
  if (index.footer) add(encode(*index.footer));
  const Index again = parse_index(bytes);
  FM_ASSERT(again.blocks == index.blocks);
  FM_ASSERT(again.footer == index.footer);
  if (index.header) FM_ASSERT(again.header == index.header);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::vector<std::byte> bytes(reinterpret_cast<const std::byte*>(data),
                               reinterpret_cast<const std::byte*>(data) + size);
  // The fuzzer cannot guess checksums: entries whose last byte says so get a right one.
  for (std::size_t at = 0; at + kEntryBytes <= bytes.size(); at += kEntryBytes) {
    if ((bytes[at + kEntryBytes - 1] & std::byte{1}) != std::byte{0}) continue;
    const auto entry = std::span(bytes).subspan(at, kEntryBytes);
    const std::uint64_t checksum = block_hash(entry.first(kEntryBytes - 8));
    for (std::size_t i = 0; i < 8; ++i)
      entry[kEntryBytes - 8 + i] = static_cast<std::byte>(checksum >> (8 * i));
  }
  const Index whole = parse_index(bytes);
  check_order(whole);
  check_rewritten(whole);

  const std::size_t cut = size == 0 ? 0 : (data[0] * std::size_t{37}) % (size + 1);
  Index parts = parse_index(std::span(bytes).first(cut));
  check_order(parts);
  read_on(parts, std::span(bytes).subspan(parts.entries * kEntryBytes));
  FM_ASSERT(parts.blocks == whole.blocks);
  FM_ASSERT(parts.footer == whole.footer && parts.entries == whole.entries);
  return 0;
}
