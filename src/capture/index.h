// A segment's index: which of its bytes are whole blocks of records, and what they must hash to.
// Entries of 64 bytes; docs/formats/capture.md has their layout.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/hash.h"
#include "base/time.h"

namespace fm::capture {

inline constexpr std::size_t kEntryBytes = 64;
inline constexpr std::uint32_t kIndexVersion = 1;
// A block is ended when it has grown to this; the records of one append() are not parted.
inline constexpr std::uint64_t kBlockBytesTarget = std::uint64_t{4} << 20;
// More than any writer makes: what claims to be larger is damage.
inline constexpr std::uint64_t kBlockBytesMax = std::uint64_t{16} << 20;

using Entry = std::array<std::byte, kEntryBytes>;

struct IndexHeader {
  std::uint32_t version = kIndexVersion;
  Date day;
  std::uint32_t segment = 0;
  bool repair = false;
  // Metadata and the mappings in force: how much of the segment says nothing new.
  std::uint64_t prologue_bytes = 0;
  friend bool operator==(const IndexHeader&, const IndexHeader&) = default;
};

// What a block holds that a search may need to find.
inline constexpr std::uint16_t kHoldsMappings = 1;
// Records whose ts_event is later than their arrival by more than a second, or whose arrival is not
// known: the block's arrivals say nothing of their ts_event.
inline constexpr std::uint16_t kHoldsStrayEvents = 2;
inline constexpr std::uint16_t kHoldsMarkers = 4;

struct Block {
  std::uint16_t holds = 0;
  std::uint32_t record_count = 0;
  std::uint64_t offset = 0;  // in the uncompressed segment
  std::uint64_t length = 0;
  std::uint64_t compressed_offset = 0;
  std::uint64_t compressed_length = 0;  // 0: the block is no zstd frame
  Nanos first_arrival = kUndefTime;     // the oldest; kUndefTime and 0 when there are none
  Nanos last_arrival = 0;               // the newest
  std::uint64_t hash = 0;
  // The entry is damaged: only offset and length are known, from its neighbours.
  bool lost = false;

  [[nodiscard]] std::uint64_t end() const { return offset + length; }
  friend bool operator==(const Block&, const Block&) = default;
};

// The last entry, of a segment that is closed.
struct Footer {
  std::uint32_t block_count = 0;
  std::uint64_t bytes = 0;
  std::uint64_t record_count = 0;
  std::uint64_t compressed_bytes = 0;  // 0: blocks are no zstd frames
  Nanos first_arrival = kUndefTime;
  Nanos last_arrival = 0;
  std::uint64_t hash = 0;  // of the blocks' hashes in their order
  friend bool operator==(const Footer&, const Footer&) = default;
};

struct Index {
  std::optional<IndexHeader> header;
  std::vector<Block> blocks;  // one behind the other, without a hole
  std::optional<Footer> footer;
  std::size_t entries = 0;          // up to the last valid one; where the next would be written
  std::size_t damaged_entries = 0;  // of these
  bool torn = false;                // behind them lies something that is no entry

  [[nodiscard]] std::uint64_t data_bytes() const {
    return blocks.empty() ? 0 : blocks.back().end();
  }
};

[[nodiscard]] Entry encode(const IndexHeader& header);
[[nodiscard]] Entry encode(const Block& block);
[[nodiscard]] Entry encode(const Footer& footer);
// The footer behind these blocks.
class FooterMaker {
 public:
  void add(const Block& block);
  [[nodiscard]] Footer footer() const;

 private:
  Footer sums_;
  Hasher hasher_;
};
[[nodiscard]] Footer footer_of(std::span<const Block> blocks);
[[nodiscard]] std::optional<Footer> decode_footer(std::span<const std::byte, kEntryBytes> entry);

// Any bytes: what no writer wrote is passed over and counted. An invalid entry with valid ones
// behind it is damage; without, the end of what was written.
[[nodiscard]] Index parse_index(std::span<const std::byte> bytes);
// Goes on where `index` ends: `bytes` begin at index.entries × kEntryBytes.
void read_on(Index& index, std::span<const std::byte> bytes);

[[nodiscard]] std::uint64_t block_hash(std::span<const std::byte> bytes);

}  // namespace fm::capture
