#include "capture/index.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <string_view>

#include "base/assert.h"

namespace fm::capture {
namespace {

static_assert(std::endian::native == std::endian::little, "numbers are copied as they lie");

constexpr std::string_view kMagic = "FMCAPIDX";
constexpr std::size_t kChecksumAt = 56;
constexpr std::uint16_t kKindBlock = 1;
constexpr std::uint16_t kKindFooter = 2;
constexpr std::uint32_t kFlagRepair = 1;

template <class T>
void put(Entry& entry, std::size_t at, T value) {
  std::memcpy(entry.data() + at, &value, sizeof value);
}
template <class T>
T get(std::span<const std::byte> entry, std::size_t at) {
  T value;
  std::memcpy(&value, entry.data() + at, sizeof value);
  return value;
}

Entry sealed(Entry entry) {
  put(entry, kChecksumAt, block_hash(std::span(entry).first(kChecksumAt)));
  return entry;
}
bool is_sound(std::span<const std::byte> entry) {
  return get<std::uint64_t>(entry, kChecksumAt) == block_hash(entry.first(kChecksumAt));
}

std::optional<IndexHeader> decode_header(std::span<const std::byte> entry) {
  if (std::memcmp(entry.data(), kMagic.data(), kMagic.size()) != 0 || !is_sound(entry))
    return std::nullopt;
  IndexHeader header;
  header.version = get<std::uint32_t>(entry, 8);
  header.day = Date::from_days(get<std::int32_t>(entry, 12));
  header.segment = get<std::uint32_t>(entry, 16);
  header.repair = (get<std::uint32_t>(entry, 20) & kFlagRepair) != 0;
  header.prologue_bytes = get<std::uint64_t>(entry, 24);
  return header;
}

std::optional<Block> decode_block(std::span<const std::byte> entry) {
  if (get<std::uint16_t>(entry, 0) != kKindBlock || !is_sound(entry)) return std::nullopt;
  Block block;
  block.holds = get<std::uint16_t>(entry, 2);
  block.record_count = get<std::uint32_t>(entry, 4);
  block.offset = get<std::uint64_t>(entry, 8);
  block.length = get<std::uint32_t>(entry, 16);
  block.compressed_length = get<std::uint32_t>(entry, 20);
  block.compressed_offset = get<std::uint64_t>(entry, 24);
  block.first_arrival = get<std::uint64_t>(entry, 32);
  block.last_arrival = get<std::uint64_t>(entry, 40);
  block.hash = get<std::uint64_t>(entry, 48);
  if (block.length == 0 || block.length > kBlockBytesMax || block.offset > ~kBlockBytesMax)
    return std::nullopt;
  return block;
}

bool is_zero(std::span<const std::byte> bytes) {
  return std::ranges::all_of(bytes, [](std::byte b) { return b == std::byte{0}; });
}

// Adds what lies between the index's end and `to` as a block whose entry is lost.
void add_lost(Index& index, std::uint64_t to) {
  const std::uint64_t from = index.data_bytes();
  if (to <= from) return;
  Block lost;
  lost.offset = from;
  lost.length = to - from;
  lost.lost = true;
  index.blocks.push_back(lost);
}

// Returns whether the entry is a valid one of this index.
bool take(Index& index, std::span<const std::byte> entry, bool first) {
  if (first) {
    index.header = decode_header(entry);
    return index.header.has_value();
  }
  if (index.footer) return false;
  if (const auto block = decode_block(entry); block && block->offset >= index.data_bytes()) {
    add_lost(index, block->offset);
    index.blocks.push_back(*block);
    return true;
  }
  if (const auto footer = decode_footer(entry.first<kEntryBytes>());
      footer && footer->bytes >= index.data_bytes()) {
    add_lost(index, footer->bytes);
    index.footer = *footer;
    return true;
  }
  return false;
}

}  // namespace

std::uint64_t block_hash(std::span<const std::byte> bytes) { return hash_of(bytes).low; }

Entry encode(const IndexHeader& header) {
  Entry entry{};
  std::memcpy(entry.data(), kMagic.data(), kMagic.size());
  put(entry, 8, header.version);
  put(entry, 12, header.day.days_since_1970());
  put(entry, 16, header.segment);
  put(entry, 20, header.repair ? kFlagRepair : 0U);
  put(entry, 24, header.prologue_bytes);
  return sealed(entry);
}

Entry encode(const Block& block) {
  FM_ASSERT(!block.lost && block.length > 0 && block.length <= kBlockBytesMax &&
            block.compressed_length <= ~std::uint32_t{0});
  Entry entry{};
  put(entry, 0, kKindBlock);
  put(entry, 2, block.holds);
  put(entry, 4, block.record_count);
  put(entry, 8, block.offset);
  put(entry, 16, static_cast<std::uint32_t>(block.length));
  put(entry, 20, static_cast<std::uint32_t>(block.compressed_length));
  put(entry, 24, block.compressed_offset);
  put(entry, 32, block.first_arrival);
  put(entry, 40, block.last_arrival);
  put(entry, 48, block.hash);
  return sealed(entry);
}

Entry encode(const Footer& footer) {
  Entry entry{};
  put(entry, 0, kKindFooter);
  put(entry, 4, footer.block_count);
  put(entry, 8, footer.bytes);
  put(entry, 16, footer.record_count);
  put(entry, 24, footer.compressed_bytes);
  put(entry, 32, footer.first_arrival);
  put(entry, 40, footer.last_arrival);
  put(entry, 48, footer.hash);
  return sealed(entry);
}

void FooterMaker::add(const Block& block) {
  ++sums_.block_count;
  sums_.bytes = block.end();
  sums_.record_count += block.record_count;
  sums_.compressed_bytes += block.compressed_length;
  sums_.first_arrival = std::min(sums_.first_arrival, block.first_arrival);
  sums_.last_arrival = std::max(sums_.last_arrival, block.last_arrival);
  hasher_.add(std::as_bytes(std::span(&block.hash, 1)));
}

Footer FooterMaker::footer() const {
  Footer footer = sums_;
  footer.hash = hasher_.digest().low;
  return footer;
}

Footer footer_of(std::span<const Block> blocks) {
  FooterMaker maker;
  for (const Block& block : blocks) maker.add(block);
  return maker.footer();
}

std::optional<Footer> decode_footer(std::span<const std::byte, kEntryBytes> entry) {
  if (get<std::uint16_t>(entry, 0) != kKindFooter || !is_sound(entry)) return std::nullopt;
  Footer footer;
  footer.block_count = get<std::uint32_t>(entry, 4);
  footer.bytes = get<std::uint64_t>(entry, 8);
  footer.record_count = get<std::uint64_t>(entry, 16);
  footer.compressed_bytes = get<std::uint64_t>(entry, 24);
  footer.first_arrival = get<std::uint64_t>(entry, 32);
  footer.last_arrival = get<std::uint64_t>(entry, 40);
  footer.hash = get<std::uint64_t>(entry, 48);
  return footer;
}

Index parse_index(std::span<const std::byte> bytes) {
  Index index;
  read_on(index, bytes);
  return index;
}

void read_on(Index& index, std::span<const std::byte> bytes) {
  const std::size_t before = index.entries;
  std::size_t at = 0;
  for (; bytes.size() - at >= kEntryBytes; at += kEntryBytes) {
    const std::size_t number = before + at / kEntryBytes;
    if (!take(index, bytes.subspan(at, kEntryBytes), number == 0)) continue;
    index.damaged_entries += number - index.entries;
    index.entries = number + 1;
  }
  index.torn = !is_zero(bytes.subspan((index.entries - before) * kEntryBytes));
}

}  // namespace fm::capture
