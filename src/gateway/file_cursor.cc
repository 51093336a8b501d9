#include <algorithm>

#include "base/assert.h"
#include "gateway/record_stream.h"

namespace fm::gateway {
namespace {

using dbn::RecordHeader;

// Records that stand apart from each other are copied together up to this size; longer stretches
// are given out where they lie.
constexpr std::size_t kGatherBytes = std::size_t{64} << 10;
constexpr std::size_t kGatherBelowBytes = std::size_t{4} << 10;
// Arrivals within a file may be out of order by this much; behind it nothing of the request
// follows.
constexpr Nanos kDisorderMax = 600 * kNanosPerSecond;
constexpr std::size_t kCursorBufferBytes = std::size_t{256} << 10;

std::size_t size_at(const std::byte* record) {
  return std::size_t{std::to_integer<std::uint8_t>(*record)} * 4;
}

std::uint8_t rtype_at(const std::byte* record) {
  return std::to_integer<std::uint8_t>(record[offsetof(RecordHeader, rtype)]);
}

}  // namespace

Result<dbn::Reader> open_file(Env& env, const ArchiveFile& file, std::size_t buffer_bytes) {
  FM_ASSIGN(dbn::OpenedInput input, dbn::open_input(env, file.path));
  return dbn::Reader::open(std::move(input.source), input.name,
                           {.salvage = file.mixed, .buffer_bytes = buffer_bytes});
}

FileCursor::FileCursor(dbn::Reader reader, const ReadRequest& request, RecordTable table,
                       Nanos start)
    : reader_(std::move(reader)),
      request_(request),
      table_(table),
      unfiltered_(request.selection.is_all()),
      time_(start) {}

Result<std::unique_ptr<FileCursor>> FileCursor::open(Env& env, const ArchiveFile& file,
                                                     const ReadRequest& request) {
  std::vector<dbn::Schema> wanted;
  std::ranges::copy_if(file.schemas, std::back_inserter(wanted), [&](dbn::Schema schema) {
    return std::ranges::find(request.schemas, schema) != request.schemas.end();
  });
  FM_ASSIGN(dbn::Reader reader, open_file(env, file, kCursorBufferBytes));
  return std::unique_ptr<FileCursor>(new FileCursor(
      std::move(reader), request, record_table(wanted, request.filter, request.order), file.start));
}

bool FileCursor::wants(const std::byte* record, Nanos& time) const {
  const RecordFacts& facts = table_[rtype_at(record)];
  if (!facts.wanted || std::to_integer<std::uint8_t>(*record) < facts.size_min) return false;
  const Nanos index_time = load_time(record, facts.index_at);
  const Nanos filter_time = plus(load_time(record, facts.filter_at), facts.filter_shift);
  if (filter_time < request_.from || filter_time >= request_.to) return false;
  if (!unfiltered_) {
    const auto& header = *reinterpret_cast<const RecordHeader*>(record);
    if (!request_.selection.matches(header.instrument_id, index_time)) return false;
  }
  // A record without a time stands where the one before it stands.
  const Nanos place = index_time == kUndefTime ? 0 : plus(index_time, facts.arrival_shift);
  time = std::max(time_, place);
  return true;
}

// Whether the file has nothing more for the request, so that a download of an early hour does not
// read the whole day.
bool FileCursor::is_beyond(const std::byte* record) const {
  if (request_.filter == Filter::kTsEvent || request_.to == kUndefTime) return false;
  const RecordFacts& facts = table_[rtype_at(record)];
  if (!facts.wanted || std::to_integer<std::uint8_t>(*record) < facts.size_min) return false;
  const Nanos time = load_time(record, facts.filter_at);
  return time != kUndefTime && plus(time, facts.filter_shift) >= plus(request_.to, kDisorderMax);
}

void FileCursor::strip_ts_out(const dbn::RecordBlock& block) {
  stripped_.clear();
  for (const dbn::RecordView record : block) {
    const std::span<const std::byte> all = record.bytes();
    const std::size_t kept = all.size() >= dbn::kHeaderBytes + dbn::kTsOutBytes
                                 ? all.size() - dbn::kTsOutBytes
                                 : all.size();
    const std::size_t at = stripped_.size();
    stripped_.insert(stripped_.end(), all.begin(), all.begin() + static_cast<std::ptrdiff_t>(kept));
    stripped_[at] = static_cast<std::byte>(kept / 4);
  }
  at_ = stripped_.data();
  end_ = at_ + stripped_.size();
}

Result<bool> FileCursor::find_next() {
  if (stands_) return true;
  for (;;) {
    while (at_ != end_) {
      if (wants(at_, time_)) {
        stands_ = true;
        return true;
      }
      if (is_beyond(at_)) return false;
      at_ += size_at(at_);
    }
    FM_ASSIGN(const dbn::RecordBlock block, reader_.next());
    if (block.empty()) return false;
    if (block.tail_bytes != 0) {
      strip_ts_out(block);
    } else {
      at_ = block.bytes.data();
      end_ = at_ + block.bytes.size();
    }
  }
}

RecordRun FileCursor::take(Nanos not_after) {
  FM_ASSERT(stands_ && time_ <= not_after);
  const std::uint8_t rtype = rtype_at(at_);
  RecordRun run;
  run.schema = table_[rtype].schema;
  run.first_time = time_;
  run.block.common_bytes = size_at(at_);
  run.block.common_rtype = static_cast<dbn::RType>(rtype);

  const std::byte* const first = at_;
  Nanos time = time_;
  do {
    time_ = time;
    if (size_at(at_) != run.block.common_bytes) run.block.common_bytes = 0;
    ++run.block.record_count;
    at_ += size_at(at_);
  } while (at_ != end_ && rtype_at(at_) == rtype && wants(at_, time) && time <= not_after);
  run.last_time = time_;
  run.block.bytes = {first, at_};
  stands_ = false;
  if (!unfiltered_ && run.block.bytes.size() < kGatherBelowBytes && at_ != end_)
    run.block.bytes = gather(first, at_, not_after, run);
  return run;
}

std::span<const std::byte> FileCursor::gather(const std::byte* first, const std::byte* end,
                                              Nanos not_after, RecordRun& run) {
  gathered_.assign(first, end);
  const auto rtype = static_cast<std::uint8_t>(run.block.common_rtype);
  while (at_ != end_ && gathered_.size() < kGatherBytes) {
    const std::size_t size = size_at(at_);
    Nanos time = time_;
    if (wants(at_, time)) {
      if (rtype_at(at_) != rtype || time > not_after) break;
      if (size != run.block.common_bytes) run.block.common_bytes = 0;
      time_ = time;
      ++run.block.record_count;
      gathered_.insert(gathered_.end(), at_, at_ + size);
    }
    at_ += size;
  }
  run.last_time = time_;
  return gathered_;
}

}  // namespace fm::gateway
