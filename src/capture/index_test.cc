#include "capture/index.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <vector>

namespace fm::capture {
namespace {

using Bytes = std::vector<std::byte>;

Block block(std::uint64_t offset, std::uint64_t length) {
  return {.holds = kHoldsMarkers,
          .record_count = 3,
          .offset = offset,
          .length = length,
          .compressed_offset = offset / 2,
          .compressed_length = length / 2,
          .first_arrival = offset + 1,
          .last_arrival = offset + 9,
          .hash = offset * 77};
}

std::vector<Block> five_blocks() {
  std::vector<Block> blocks;
  blocks.reserve(5);
  for (std::uint64_t i = 0; i < 5; ++i) blocks.push_back(block(i * 100, 100));
  return blocks;
}

Bytes index_of(const std::vector<Block>& blocks, bool closed) {
  Bytes bytes;
  const auto add = [&](const Entry& entry) {
    bytes.insert(bytes.end(), entry.begin(), entry.end());
  };
  add(encode(IndexHeader{.day = Date(2025, 6, 16), .segment = 7, .prologue_bytes = 400}));
  for (const Block& b : blocks) add(encode(b));
  if (closed) add(encode(footer_of(blocks)));
  return bytes;
}

TEST(Index, ReadsWhatWasWritten) {
  const auto blocks = five_blocks();
  for (const bool closed : {false, true}) {
    Bytes bytes = index_of(blocks, closed);
    bytes.resize(bytes.size() + 640);  // preallocated
    const Index index = parse_index(bytes);
    ASSERT_TRUE(index.header);
    EXPECT_EQ(index.header->day, Date(2025, 6, 16));
    EXPECT_EQ(index.header->segment, 7U);
    EXPECT_EQ(index.header->prologue_bytes, 400U);
    EXPECT_EQ(index.blocks, blocks);
    EXPECT_EQ(index.entries, closed ? 7U : 6U);
    EXPECT_EQ(index.damaged_entries, 0U);
    EXPECT_FALSE(index.torn);
    ASSERT_EQ(index.footer.has_value(), closed);
    if (!closed) continue;
    EXPECT_EQ(index.footer->bytes, 500U);
    EXPECT_EQ(index.footer->record_count, 15U);
    EXPECT_EQ(index.footer->block_count, 5U);
    EXPECT_EQ(index.footer->first_arrival, 1U);
    EXPECT_EQ(index.footer->last_arrival, 409U);
  }
}

TEST(Index, TellsATornEndFromDamage) {
  struct {
    const char* what;
    std::size_t flipped_entry;
    bool closed;
    std::size_t entries;
    std::size_t damaged;
    bool torn;
    std::size_t lost_block;  // 99: none
    bool header;
  } const cases[] = {
      {"torn end", 5, false, 5, 0, true, 99, true},
      {"in the middle", 3, false, 6, 1, false, 2, true},
      {"the header", 0, false, 6, 1, false, 99, false},
      {"the first block", 1, false, 6, 1, false, 0, true},
      {"the last block before the footer", 5, true, 7, 1, false, 4, true},
      {"the footer", 6, true, 6, 0, true, 99, true},
  };
  for (const auto& c : cases) {
    Bytes bytes = index_of(five_blocks(), c.closed);
    bytes[c.flipped_entry * kEntryBytes + 13] ^= std::byte{4};
    const Index index = parse_index(bytes);
    EXPECT_EQ(index.entries, c.entries) << c.what;
    EXPECT_EQ(index.damaged_entries, c.damaged) << c.what;
    EXPECT_EQ(index.torn, c.torn) << c.what;
    EXPECT_EQ(index.header.has_value(), c.header) << c.what;
    for (std::size_t i = 0; i < index.blocks.size(); ++i) {
      EXPECT_EQ(index.blocks[i].lost, i == c.lost_block) << c.what;
      EXPECT_EQ(index.blocks[i].offset, i * 100) << c.what;
      EXPECT_EQ(index.blocks[i].length, 100U) << c.what;
    }
  }
}

TEST(Index, IsReadOnWhereItEnded) {
  const Bytes whole = index_of(five_blocks(), true);
  for (std::size_t cut = 0; cut <= whole.size(); ++cut) {
    Index index = parse_index(std::span(whole).first(cut));
    EXPECT_EQ(index.damaged_entries, 0U) << cut;
    read_on(index, std::span(whole).subspan(index.entries * kEntryBytes));
    EXPECT_EQ(index.blocks, five_blocks()) << cut;
    EXPECT_TRUE(index.footer) << cut;
    EXPECT_EQ(index.damaged_entries, 0U) << cut;
  }
}

RC_GTEST_PROP(Index, TakesAnyBytes, (const std::vector<std::uint8_t>& noise, bool closed)) {
  Bytes bytes = index_of(five_blocks(), closed);
  for (std::size_t i = 0; i + 1 < noise.size(); i += 2)
    bytes[(noise[i] * 256U + noise[i + 1]) % bytes.size()] ^= std::byte{noise[i]};
  const Index index = parse_index(bytes);
  std::uint64_t end = 0;
  for (const Block& b : index.blocks) {
    RC_ASSERT(b.offset == end);
    RC_ASSERT(b.length > 0U);
    if (!b.lost) RC_ASSERT(b == block(b.offset, 100));
    end = b.end();
  }
  if (index.footer) RC_ASSERT(end == 500U);
}

}  // namespace
}  // namespace fm::capture
