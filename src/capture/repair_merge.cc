#include "capture/repair_merge.h"

#include <algorithm>
#include <cstring>

#include "base/assert.h"
#include "capture/arrival.h"

namespace fm::capture {
namespace {

constexpr std::size_t kRestBytes = std::size_t{1} << 20;

// The next block of a repair, in which damage is an error; nothing at the end.
Result<std::optional<dbn::RecordBlock>> next_of(SegmentCursor& cursor) {
  FM_ASSIGN(const auto step, cursor.next(std::nullopt));
  if (step.met == Met::kDamage) return std::unexpected(cursor.damage_error());
  if (step.met != Met::kRecords) return std::nullopt;
  return step.block;
}

Result<std::unique_ptr<SegmentCursor>> open_cursor(Env& env, const std::string& directory,
                                                   const SegmentName& name) {
  FM_ASSIGN(auto segment, SegmentReader::open(env, directory, name));
  return std::make_unique<SegmentCursor>(std::move(segment), true);
}

}  // namespace

Result<std::unique_ptr<RepairMerge>> RepairMerge::begin(Env& env, const std::string& directory,
                                                        Date day) {
  auto merge = std::make_unique<RepairMerge>();
  FM_TRY(merge->learn(env, directory, day));
  if (merge->sources_.empty()) return nullptr;
  FM_TRY(merge->forget_kept(env, directory, day));
  for (Source& source : merge->sources_) {
    FM_ASSIGN(source.cursor, open_cursor(env, directory, source.cursor->segment().name()));
    FM_TRY(merge->advance(source));
  }
  return merge;
}

// What the repairs hold, each record as often as one of them does.
Status RepairMerge::learn(Env& env, const std::string& directory, Date day) {
  FM_ASSIGN(const auto segments, list_segments(env, directory, day));
  for (const SegmentFiles& files : segments) {
    if (!files.name.repair || !(files.data || files.compressed)) continue;
    Source source;
    FM_ASSIGN(source.cursor, open_cursor(env, directory, files.name));
    RecordMultiset held;
    for (;;) {
      FM_ASSIGN(const auto block, next_of(*source.cursor));
      if (!block) break;
      for (const dbn::RecordView record : *block) {
        const Nanos arrival = arrival_of(record);
        if (arrival == kUndefTime) continue;
        first_arrival_ = std::min(first_arrival_, arrival);
        last_arrival_ = std::max(last_arrival_, arrival);
        held.add(hash_of(record.bytes()));
      }
      if (held.size() + wanted_.size() > kRepairRecordsMax)
        return fail(Code::kUnsupported, "{}: the day's repairs hold more than {} records",
                    source.cursor->segment().path(), kRepairRecordsMax);
    }
    wanted_.unite(held);
    sources_.push_back(std::move(source));
  }
  return {};
}

// What the log itself holds is not wanted from the repairs.
Status RepairMerge::forget_kept(Env& env, const std::string& directory, Date day) {
  FM_ASSIGN(const auto segments, list_segments(env, directory, day));
  for (const SegmentFiles& files : segments) {
    if (files.name.repair || !(files.data || files.compressed)) continue;
    FM_ASSIGN(auto segment, SegmentReader::open(env, directory, files.name));
    const auto& blocks = segment->index().blocks;
    for (std::size_t number = 0; number < blocks.size(); ++number) {
      const Block& block = blocks[number];
      const bool overlaps =
          block.first_arrival <= last_arrival_ && block.last_arrival >= first_arrival_;
      if (block.lost || !overlaps) continue;
      const auto run = segment->load(number, 1);
      if (!run && run.error().code() != Code::kCorrupt && run.error().code() != Code::kTruncated)
        return std::unexpected(run.error());
      if (!run) continue;  // lost, and wanted from the repairs
      auto bytes = run->bytes;
      if (block.offset == 0) {
        FM_ASSIGN(const std::size_t metadata, metadata_bytes(bytes));
        bytes = bytes.subspan(metadata);
      }
      for (AlignedRecords records(bytes); const auto part = records.next();)
        for (const dbn::RecordView record : *part)
          if (is_replayable(record.rtype()))
            static_cast<void>(wanted_.take(hash_of(record.bytes())));
    }
  }
  return {};
}

// To the source's next record that has an arrival.
Status RepairMerge::advance(Source& source) {
  for (;;) {
    while (source.at < source.block.bytes.size()) {
      const dbn::RecordView record(source.block.bytes.data() + source.at, 0);
      source.arrival = arrival_of(record);
      if (source.arrival != kUndefTime) return {};
      source.at += record.size_bytes();
    }
    FM_ASSIGN(const auto block, next_of(*source.cursor));
    source.at = 0;
    source.block = block.value_or(dbn::RecordBlock{});
    source.arrival = kUndefTime;
    if (!block) return {};
  }
}

RepairMerge::Source& RepairMerge::oldest() {
  return *std::ranges::min_element(sources_, {}, &Source::arrival);
}

void RepairMerge::put(std::span<const std::byte> record) {
  const std::size_t room = record.size() / sizeof(std::uint64_t) + 1;
  const std::size_t words = out_bytes_ / sizeof(std::uint64_t) + room;
  if (out_words_.size() < words) out_words_.resize(std::max(words, out_words_.size() * 2));
  std::memcpy(reinterpret_cast<std::byte*>(out_words_.data()) + out_bytes_, record.data(),
              record.size());
  out_bytes_ += record.size();
  ++out_records_;
}

Status RepairMerge::take_before(Nanos until, std::size_t bytes_max) {
  while (out_bytes_ < bytes_max) {
    Source& source = oldest();
    if (source.arrival >= until) break;  // kUndefTime at the end of all
    const dbn::RecordView record(source.block.bytes.data() + source.at, 0);
    if (wanted_.take(hash_of(record.bytes()))) {
      put(record.bytes());
      ++records_given_;
    }
    source.at += record.size_bytes();
    FM_TRY(advance(source));
  }
  return {};
}

dbn::RecordBlock RepairMerge::block_of_out() const {
  return {.bytes = std::as_bytes(std::span(out_words_)).first(out_bytes_),
          .record_count = out_records_};
}

Result<dbn::RecordBlock> RepairMerge::merge(const dbn::RecordBlock& block) {
  const Nanos newest_then = std::max(newest_, survey(block).last_arrival);
  if (oldest().arrival >= newest_then) {
    newest_ = newest_then;
    return block;
  }
  out_bytes_ = 0;
  out_records_ = 0;
  for (const dbn::RecordView record : block) {
    const Nanos arrival = arrival_of(record);
    if (arrival != kUndefTime && arrival > newest_) {
      newest_ = arrival;
      FM_TRY(take_before(newest_, ~std::size_t{0}));
    }
    put(record.bytes());
  }
  dbn::RecordBlock merged = block_of_out();
  merged.first_byte = block.first_byte;
  merged.first_record = block.first_record;
  return merged;
}

Result<dbn::RecordBlock> RepairMerge::rest() {
  out_bytes_ = 0;
  out_records_ = 0;
  FM_TRY(take_before(kUndefTime, kRestBytes));
  return block_of_out();
}

}  // namespace fm::capture
