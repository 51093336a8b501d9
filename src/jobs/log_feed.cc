#include "jobs/log_feed.h"

#include <algorithm>

#include "base/assert.h"

namespace fm::jobs {
namespace {

// The first second that begins at or after `time`.
Second whole_second_from(Nanos time) {
  return second_of(time) + (time % kNanosPerSecond == 0 ? 0 : 1);
}

// Some records of a block, one behind the other.
dbn::RecordBlock slice(const dbn::RecordBlock& block, const std::byte* begin, const std::byte* end,
                       std::uint64_t first_record, std::uint64_t count) {
  dbn::RecordBlock part = block;
  part.bytes = {begin, end};
  part.first_record = first_record;
  part.first_byte = block.first_byte + static_cast<std::uint64_t>(begin - block.bytes.data());
  part.record_count = count;
  return part;
}

}  // namespace

candles::SourceId LogFeed::begin_source(std::optional<Nanos> segment_start) {
  if (segment_start && !cover_) {
    const auto gap = std::ranges::find_if(gaps_.open, [&](const TimeRange& range) {
      return range.from <= *segment_start && *segment_start < range.to;
    });
    cover_ = engine_.cover_from(gap == gaps_.open.end() ? second_of(*segment_start)
                                                        : whole_second_from(gap->to));
  }
  const candles::SourceId source = engine_.begin_source(false);
  instruments_.emplace(symbols_, source);
  return source;
}

void LogFeed::feed(const dbn::RecordBlock& block) {
  FM_ASSERT(instruments_);
  if (block.common_bytes != 0 && block.common_rtype != dbn::RType::kSystem) {
    engine_.feed(block, *instruments_);
    return;
  }
  // Coverage is told before what lies behind the marker is fed.
  const std::byte* begin = block.bytes.data();
  std::uint64_t first = block.first_record;
  std::uint64_t count = 0;
  const auto feed_until = [&](const std::byte* end) {
    if (count > 0) engine_.feed(slice(block, begin, end, first, count), *instruments_);
    first += count + 1;
    count = 0;
  };
  for (const dbn::RecordView record : block) {
    const auto marker = capture::decode_marker(record);
    if (!marker) {
      ++count;
      continue;
    }
    feed_until(record.bytes().data());
    begin = record.bytes().data() + record.size_bytes();
    std::visit([this](const auto& told) { apply(told); }, *marker);
  }
  feed_until(block.bytes.data() + block.bytes.size());
}

void LogFeed::apply(const capture::SessionMarker& session) {
  // A session that follows another without a gap covers what that one went on to cover.
  if (!cover_) cover_ = engine_.cover_from(second_of(session.start));
}

void LogFeed::apply(const capture::GapMarker& gap) {
  if (cover_) engine_.cover_until(*cover_, second_of(gap.from));
  cover_ = engine_.cover_from(whole_second_from(gap.to));
  for (const TimeRange& range : gaps_.repaired) {
    const Nanos from = std::max(range.from, gap.from);
    const Nanos to = std::min(range.to, gap.to);
    if (from >= to) continue;
    // A repair that goes from end to end also mends the seconds that the gap cut.
    engine_.cover(from == gap.from ? second_of(from) : whole_second_from(from),
                  to == gap.to ? whole_second_from(to) : second_of(to));
  }
}

}  // namespace fm::jobs
