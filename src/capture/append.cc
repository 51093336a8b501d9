// Log: taking records in, on the feed's thread.
#include <algorithm>
#include <cstring>

#include "base/assert.h"
#include "capture/log_state.h"
#include "capture/markers.h"

namespace fm::capture {
namespace {

// So that an index is read in a moment and held in a few megabytes, also where every sync finds
// no more than a record.
constexpr std::size_t kSegmentBlocksMax = std::size_t{1} << 18;
// Full segments that wait for the disk; then the feed waits too.
constexpr std::size_t kClosingMax = 4;
// Larger blocks of a caller are parted.
constexpr std::size_t kPieceBytesMax = std::size_t{4} << 20;
static_assert(kPieceBytesMax + kBlockBytesTarget <= kBlockBytesMax);

dbn::Metadata segment_metadata(const std::string& dataset, Nanos start) {
  dbn::Metadata metadata;
  metadata.dataset = dataset;
  metadata.start = start;
  return metadata;
}

}  // namespace

// The log is uniform, and what identifies a record does not change with when it was sent.
dbn::RecordBlock Log::State::without_ts_out(const dbn::RecordBlock& block) {
  if (block.tail_bytes == 0) return block;
  stripped_words.resize(block.bytes.size() / sizeof(std::uint64_t) + 1);  // aligned for records
  auto* const out = reinterpret_cast<std::byte*>(stripped_words.data());
  std::size_t at = 0;
  for (const dbn::RecordView record : block) {
    const std::size_t size = record.size_bytes() - block.tail_bytes;
    FM_ASSERT(size >= dbn::kHeaderBytes);
    std::memcpy(out + at, record.bytes().data(), size);
    out[at] = static_cast<std::byte>(size / 4);
    at += size;
  }
  dbn::RecordBlock plain = block;
  plain.bytes = {out, at};
  plain.tail_bytes = 0;
  if (plain.common_bytes != 0) plain.common_bytes -= block.tail_bytes;
  return plain;
}

// Parts a block where its records' clock crosses the cut, and where it is too large for one entry
// of the index.
std::vector<Piece> Log::State::pieces_of(const dbn::RecordBlock& block) {
  const Survey whole = survey(block);
  const bool cut = !day || std::max(clock, whole.last_arrival) >= days.end_of(*day);
  if (day && !cut && block.bytes.size() <= kPieceBytesMax)
    return {{.bytes = block.bytes, .survey = whole, .begins_day = {}}};

  std::vector<Piece> pieces;
  Date at_day = day.value_or(Date());
  const std::byte* begin = block.bytes.data();
  Piece piece;
  const auto end_piece = [&](const std::byte* end) {
    piece.bytes = {begin, end};
    if (!piece.bytes.empty()) pieces.push_back(piece);
    piece = Piece{};
    begin = end;
  };
  if (!day)
    piece.begins_day = at_day = day_of_first(block);
  else if (clock >= days.end_of(*day))
    piece.begins_day = at_day = days.day_of(clock);
  for (const dbn::RecordView record : block) {
    const std::byte* const at = record.bytes().data();
    const Nanos arrival = is_replayable(record.rtype()) ? arrival_of(record) : kUndefTime;
    if (arrival != kUndefTime && arrival >= days.end_of(at_day)) {
      end_piece(at);
      piece.begins_day = at_day = days.day_of(arrival);
    } else if (static_cast<std::size_t>(at - begin) + record.size_bytes() > kPieceBytesMax) {
      end_piece(at);
    }
    piece.survey.add(record);
  }
  end_piece(block.bytes.data() + block.bytes.size());
  return pieces;
}

// A log's first day, when no session said when it starts.
Date Log::State::day_of_first(const dbn::RecordBlock& block) {
  if (clock != 0) return days.day_of(clock);
  for (const dbn::RecordView record : block)
    if (const Nanos arrival = arrival_of(record); arrival != kUndefTime)
      return days.day_of(arrival);
  return days.day_of(env.now());
}

Result<std::shared_ptr<SegmentWriter>> Log::State::new_segment(Date of_day, std::uint32_t number) {
  const Nanos newest = newest_arrival;
  const Nanos start = session_start != 0 ? session_start : std::max(newest, clock);
  FM_ASSIGN(const auto metadata, dbn::encode(segment_metadata(options.dataset, start)));
  mappings.forget_ended(newest);
  std::vector<std::byte> in_force;
  mappings.append_to(in_force);
  FM_TRY(env.make_directories(day_path(options.directory, of_day)));
  return SegmentWriter::create(env, options.directory, {.day = of_day, .number = number}, metadata,
                               in_force);
}

// First all bytes are written, into new segments too; then, where nothing can fail, they count.
Status Log::State::put(std::span<const Piece> pieces) {
  struct Target {
    std::shared_ptr<SegmentWriter> segment;
    const Piece* piece;
  };
  std::vector<Target> targets;
  std::shared_ptr<SegmentWriter> segment = current;
  std::uint64_t end = segment ? segment->end() : 0;
  std::uint32_t number = last_segment;
  const auto write_all = [&]() -> Status {
    for (const Piece& piece : pieces) {
      const Date target_day = piece.begins_day ? *piece.begins_day
                              : segment        ? segment->name().day
                                               : *day;
      const bool full = segment && (segment->holds_records() || end > segment->end()) &&
                        (end + piece.bytes.size() > options.segment_bytes ||
                         segment->block_count() >= kSegmentBlocksMax);
      const bool other_day =
          segment ? target_day != segment->name().day : !day || target_day != *day;
      if (!segment || full || other_day) {
        if (other_day) number = 0;
        FM_ASSIGN(segment, new_segment(target_day, ++number));
        end = segment->end();
      }
      targets.push_back({segment, &piece});
      FM_TRY(segment->write(end, piece.bytes));
      end += piece.bytes.size();
    }
    return {};
  };
  if (Status wrote = write_all(); !wrote) {
    if (segment && segment != current) segment->discard();
    for (const Target& target : targets)
      if (target.segment != current && target.segment != segment) target.segment->discard();
    return wrote;
  }

  const std::lock_guard guard(mutex);
  for (const Target& target : targets) {
    if (target.segment != current) {
      if (current) closing.push_back(current);
      current = target.segment;
      ++figures.segments;
    }
    current->count(target.piece->bytes, target.piece->survey);
    figures.records += target.piece->survey.record_count;
    figures.bytes += target.piece->bytes.size();
    newest_arrival = std::max(newest_arrival.load(), target.piece->survey.last_arrival);
  }
  written = {current->name().day, current->name().number, current->end()};
  if (!dirty_since) {
    dirty_since = env.monotonic();
    work.notify_all();
  }
  advanced.notify_all();
  day = current->name().day;
  last_segment = current->name().number;
  clock = std::max(clock, newest_arrival.load());
  session_start = 0;
  return {};
}

std::size_t Log::State::closing_count() const {
  const std::lock_guard guard(mutex);
  return closing.size();
}

Status Log::State::append_stripped(const dbn::RecordBlock& block) {
  const bool at_once = options.sync_interval == 0;
  if (unfinished && *unfinished == hash_of(block.bytes)) {
    FM_TRY(commit_all());
    unfinished.reset();
    return {};
  }
  {
    std::unique_lock guard(mutex);
    if (sync_failure) {
      const Error failure = *sync_failure;
      guard.unlock();
      // Where a thread keeps trying, its answer is awaited.
      if (options.threads && !at_once) return std::unexpected(failure);
      FM_TRY(commit_all());
    }
  }
  if (closing_count() >= kClosingMax) FM_TRY(commit_all());
  unfinished.reset();
  const auto pieces = pieces_of(block);
  const bool maps = std::ranges::any_of(
      pieces, [](const Piece& piece) { return (piece.survey.holds & kHoldsMappings) != 0; });
  if (maps)
    for (const dbn::RecordView record : block)
      if (const auto* mapping = record.get_if<dbn::SymbolMappingMsg>()) mappings.add(*mapping);
  FM_TRY(put(pieces));
  if (!at_once) return {};
  Status durable = commit_all();
  if (!durable) unfinished = hash_of(block.bytes);
  return durable;
}

Status Log::State::append(const dbn::RecordBlock& block) {
  FM_ASSERT(!closed);
  if (block.empty()) return {};
  return append_stripped(without_ts_out(block));
}

Status Log::State::append_marker(const dbn::SystemMsg& marker) {
  dbn::RecordBlock block;
  block.bytes = std::as_bytes(std::span(&marker, 1));
  block.record_count = 1;
  block.common_bytes = sizeof marker;
  block.common_rtype = dbn::RType::kSystem;
  return append(block);
}

}  // namespace fm::capture
