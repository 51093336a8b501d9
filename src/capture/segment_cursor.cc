#include "capture/segment_cursor.h"

#include <algorithm>

#include "base/assert.h"

namespace fm::capture {
namespace {

constexpr std::size_t kUncheckedBytes = std::size_t{1} << 20;

bool is_damage(const Error& error) {
  return error.code() == Code::kCorrupt || error.code() == Code::kTruncated;
}

}  // namespace

SegmentCursor::SegmentCursor(std::unique_ptr<SegmentReader> segment, bool with_mappings)
    : segment_(std::move(segment)), with_mappings_(with_mappings) {}

Result<SegmentCursor::Step> SegmentCursor::next(std::optional<std::uint64_t> limit) {
  for (;;) {
    if (records_) {
      if (auto block = records_->next()) {
        block->first_byte = byte_;
        block->first_record = record_number_;
        byte_ += block->bytes.size();
        record_number_ += block->record_count;
        return Step{.met = Met::kRecords, .block = *block};
      }
      // Unchecked bytes may end within a record; checked ones are whole blocks of whole records.
      const bool stuck = records_->rest() != 0 && (checked_ || byte_ == filled_from_);
      records_.reset();
      if (stuck) return pass_over(not_a_record());
    }
    auto filled = fill(limit);
    if (!filled && !is_damage(filled.error())) return std::unexpected(std::move(filled).error());
    if (!filled) return pass_over(std::move(filled).error());
    if (!*filled) break;
  }
  const auto& footer = segment_->index().footer;
  return Step{.met = footer && byte_ >= footer->bytes ? Met::kEnd : Met::kNothingYet, .block = {}};
}

// Returns whether records_ has more to give.
Result<bool> SegmentCursor::fill(std::optional<std::uint64_t> limit) {
  const Index& index = segment_->index();
  if (limit && !index.footer && !segment_->compressed()) return fill_unchecked(*limit);
  if (byte_ >= index.data_bytes() && !index.footer) FM_TRY(segment_->refresh());
  return fill_checked();
}

Result<bool> SegmentCursor::fill_unchecked(std::uint64_t limit) {
  if (byte_ >= limit) return false;
  // The first step must hold the metadata, which are at most a few hundred bytes here.
  memory_.resize(kUncheckedBytes / sizeof(std::uint64_t));
  const auto room = std::as_writable_bytes(std::span(memory_))
                        .first(std::min<std::uint64_t>(kUncheckedBytes, limit - byte_));
  FM_ASSIGN(const std::size_t got, segment_->read_unchecked(byte_, room));
  if (got == 0)
    return fail(Code::kIo, "{}: ends at byte {} while it is written, expected {}", segment_->path(),
                byte_, limit);
  checked_ = false;
  return take(room.first(got));
}

Result<bool> SegmentCursor::fill_checked() {
  const Index& index = segment_->index();
  const std::size_t number = segment_->block_at(byte_);
  if (number == index.blocks.size()) return false;
  FM_ASSIGN(const auto run, segment_->load(number));
  // Reading may have gone further than the last index that was seen, into the middle of a block.
  checked_ = true;
  return take(run.bytes.subspan(byte_ - run.offset));
}

// Bytes from byte_ on.
Result<bool> SegmentCursor::take(std::span<const std::byte> bytes) {
  if (byte_ == 0 && !begun_) {
    const Status begun = begin(bytes);
    if (!begun) return fail(Code::kCorrupt, "{}: {}", segment_->path(), begun.error().message());
    bytes = bytes.subspan(std::min<std::uint64_t>(byte_, bytes.size()));
  }
  begun_ = true;
  filled_from_ = byte_;
  records_.emplace(bytes);
  return true;
}

Status SegmentCursor::begin(std::span<const std::byte> bytes) {
  FM_ASSIGN(metadata_, read_metadata(bytes));
  FM_ASSIGN(byte_, metadata_bytes(bytes));
  const auto& header = segment_->index().header;
  if (!with_mappings_ && header) byte_ = std::max(byte_, header->prologue_bytes);
  return {};
}

Error SegmentCursor::not_a_record() const {
  return {checked_ ? Code::kCorrupt : Code::kIo,
          fmt::format("{}: no record begins at byte {}", segment_->path(), byte_)};
}

// To the end of the block that holds byte_. Only what an index covers can be passed over.
Result<SegmentCursor::Step> SegmentCursor::pass_over(Error error) {
  const auto& blocks = segment_->index().blocks;
  damaged_block_ = segment_->block_at(byte_);
  if (!is_damage(error) || damaged_block_ == blocks.size())
    return std::unexpected(std::move(error));
  error_ = std::move(error);
  begun_ = true;
  byte_ = blocks[damaged_block_].end();
  return Step{.met = Met::kDamage, .block = {}};
}

Damage SegmentCursor::damage() const {
  FM_ASSERT(error_.has_value());
  const auto& blocks = segment_->index().blocks;
  Damage found{.path = segment_->path(),
               .day = segment_->name().day,
               .segment = segment_->name().number,
               .block = damaged_block_,
               .first_byte = byte_,
               .bytes = 0,
               .reason = error_->message()};
  const Block& block = blocks[damaged_block_];
  found.first_byte = block.offset;
  found.bytes = block.length;
  if (!block.lost) {
    found.after = block.first_arrival;
    found.before = block.last_arrival + 1;
    return found;
  }
  for (std::size_t i = 0; i < damaged_block_; ++i)
    found.after = std::max(found.after, blocks[i].last_arrival);
  if (damaged_block_ + 1 < blocks.size()) found.before = blocks[damaged_block_ + 1].first_arrival;
  return found;
}

}  // namespace fm::capture
