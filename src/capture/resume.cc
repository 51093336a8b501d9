#include "capture/resume.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "base/assert.h"
#include "base/log.h"
#include "capture/arrival.h"
#include "capture/log_reader.h"
#include "capture/record_blocks.h"
#include "capture/record_multiset.h"
#include "capture/segment_reader.h"

namespace fm::capture {
namespace {

// The end of a log, newest segment first, as far back as a gateway replays.
class Tail {
 public:
  static Result<Tail> open(Env& env, const std::string& directory, Nanos reach) {
    Tail tail;
    FM_ASSIGN(auto all_days, days(env, directory));
    for (auto day = all_days.rbegin(); day != all_days.rend(); ++day) {
      FM_ASSIGN(auto segments, list_segments(env, directory, *day));
      for (auto files = segments.rbegin(); files != segments.rend(); ++files) {
        if (files->name.repair || !(files->data || files->compressed)) continue;
        FM_ASSIGN(auto segment, SegmentReader::open(env, directory, files->name));
        Nanos newest = 0;
        for (const Block& block : segment->index().blocks)
          newest = std::max(newest, block.last_arrival);
        // Older segments hold older records still: they are in the order of arrival.
        if (newest != 0 && newest + reach < tail.newest_arrival_) return tail;
        tail.newest_arrival_ = std::max(tail.newest_arrival_, newest);
        tail.segments_.push_back(std::move(segment));
      }
    }
    return tail;
  }

  [[nodiscard]] Nanos newest_arrival() const { return newest_arrival_; }

  // How many records these blocks hold.
  template <class Wanted>
  [[nodiscard]] std::uint64_t count(Wanted&& wanted) const {
    std::uint64_t records = 0;
    for (const auto& segment : segments_)
      for (const Block& block : segment->index().blocks)
        if (!block.lost && wanted(block)) records += block.record_count;
    return records;
  }

  // Every record of the blocks that `wanted` asks for, until `use` returns false. A damaged block
  // is passed over: what it held comes again.
  template <class Wanted, class Use>
  Status walk(Wanted&& wanted, Use&& use) {
    for (const auto& segment : segments_) {
      const auto& blocks = segment->index().blocks;
      for (std::size_t number = blocks.size(); number-- > 0;) {
        if (blocks[number].lost || !wanted(blocks[number])) continue;
        const auto run = segment->load(number, 1);
        if (!run && run.error().code() != Code::kCorrupt && run.error().code() != Code::kTruncated)
          return std::unexpected(run.error());
        if (!run) {
          log_warning("capture: resuming without a damaged block: {}", run.error().message());
          continue;
        }
        auto bytes = run->bytes;
        if (blocks[number].offset == 0) {
          FM_ASSIGN(const std::size_t metadata, metadata_bytes(bytes));
          bytes = bytes.subspan(metadata);
        }
        for (AlignedRecords records(bytes); const auto part = records.next();)
          for (const dbn::RecordView record : *part)
            if (!use(record)) return {};
      }
    }
    return {};
  }

 private:
  std::vector<std::unique_ptr<SegmentReader>> segments_;
  Nanos newest_arrival_ = 0;
};

Result<Nanos> find_newest_event(Tail& tail) {
  Survey found;
  const auto may_hold_newer = [&](const Block& block) {
    return block.last_arrival != 0 && block.last_arrival + kEventSkewMax > found.newest_event;
  };
  FM_TRY(tail.walk(may_hold_newer, [&](dbn::RecordView record) {
    found.add(record);
    return true;
  }));
  return found.newest_event;
}

Hash128 hash_without_ts_out(dbn::RecordView record) {
  if (record.tail_bytes() == 0) return hash_of(record.bytes());
  std::byte plain[dbn::kMaxRecordBytes];
  const std::size_t size = record.size_bytes() - record.tail_bytes();
  std::memcpy(plain, record.bytes().data(), size);
  plain[0] = static_cast<std::byte>(size / 4);
  return hash_of(std::span<const std::byte>(plain, size));
}

}  // namespace

struct ResumeFilter::State {
  ResumeOptions options;
  Nanos newest_event = 0;
  Nanos newest_arrival = 0;
  Nanos start = 0;
  RecordMultiset kept;
  std::uint64_t records_kept = 0;
  std::uint64_t records_dropped = 0;
  Nanos newest_replayed = 0;  // ts_event
  std::vector<std::uint64_t> out;

  Result<bool> learn(Tail& tail);
  bool is_kept(dbn::RecordView record);
};

// Returns false when there are more records than may be held.
Result<bool> ResumeFilter::State::learn(Tail& tail) {
  kept.clear();
  const auto lies_in_window = [&](const Block& block) {
    return block.last_arrival != 0 && block.last_arrival + kEventSkewMax >= start;
  };
  const auto may_hold_kept = [&](const Block& block) {
    return (block.holds & kHoldsStrayEvents) != 0 || lies_in_window(block);
  };
  // A window that its blocks say is too long is not read; a short one may lie within a block.
  const std::uint64_t most = tail.count(lies_in_window);
  if (most > options.records_max && newest_event - start > kEventSkewMax) return false;
  kept.reserve(std::min(most, options.records_max));
  bool fits = true;
  FM_TRY(tail.walk(may_hold_kept, [&](dbn::RecordView record) {
    if (!is_replayable(record.rtype()) || record.header().ts_event < start) return true;
    fits = kept.size() < options.records_max;
    if (fits) kept.add(hash_of(record.bytes()));
    return fits;
  }));
  return fits;
}

Result<std::optional<ResumeFilter>> ResumeFilter::build(Env& env, const std::string& directory,
                                                        ResumeOptions options) {
  FM_ASSIGN(Tail tail, Tail::open(env, directory, options.replay_reach));
  auto state = std::make_unique<State>();
  state->options = options;
  state->newest_arrival = tail.newest_arrival();
  FM_ASSIGN(state->newest_event, find_newest_event(tail));
  if (state->newest_event == 0) return std::nullopt;
  for (Nanos window = options.window;; window /= 2) {
    state->start = state->newest_event - std::min(window, state->newest_event);
    FM_ASSIGN(const bool fits, state->learn(tail));
    if (fits) {
      if (window != options.window)
        log_warning(
            "capture: more than {} records lie in the window; resuming {} ns before the end",
            options.records_max, window);
      break;
    }
    // As many records of one moment are no market's.
    if (window == 0)
      return fail(Code::kUnsupported, "{}: more than {} records of the same ts_event or later",
                  directory, options.records_max);
  }
  state->records_kept = state->kept.size();
  return ResumeFilter(std::move(state));
}

ResumeFilter::ResumeFilter(std::unique_ptr<State> state) : state_(std::move(state)) {}
ResumeFilter::~ResumeFilter() = default;
ResumeFilter::ResumeFilter(ResumeFilter&&) noexcept = default;
ResumeFilter& ResumeFilter::operator=(ResumeFilter&&) noexcept = default;

Nanos ResumeFilter::start() const { return state_->start; }
Nanos ResumeFilter::newest_event() const { return state_->newest_event; }
Nanos ResumeFilter::newest_arrival() const { return state_->newest_arrival; }
std::uint64_t ResumeFilter::records_kept() const { return state_->records_kept; }
std::uint64_t ResumeFilter::records_dropped() const { return state_->records_dropped; }

bool ResumeFilter::done() const { return state_->kept.size() == 0; }

bool ResumeFilter::State::is_kept(dbn::RecordView record) {
  if (!is_replayable(record.rtype())) return false;
  const Nanos event = record.header().ts_event;
  if (event < start) return false;
  if (kept.take(hash_without_ts_out(record))) return true;
  const Nanos arrival = arrival_of(record);
  if (arrival != kUndefTime && event <= arrival + kEventSkewMax)
    newest_replayed = std::max(newest_replayed, event);
  return false;
}

dbn::RecordBlock ResumeFilter::filter(const dbn::RecordBlock& block) {
  State& state = *state_;
  if (done()) return block;
  dbn::RecordBlock fresh = block;
  fresh.record_count = 0;
  auto* out = reinterpret_cast<std::byte*>(state.out.data());
  std::size_t out_bytes = 0;
  bool copying = false;
  const std::byte* const begin = block.bytes.data();
  for (const dbn::RecordView record : block) {
    const std::byte* const at = record.bytes().data();
    if (state.is_kept(record)) {
      ++state.records_dropped;
      if (copying) continue;
      // From the first dropped record on, what is new is moved together.
      copying = true;
      out_bytes = static_cast<std::size_t>(at - begin);
      state.out.resize(block.bytes.size() / sizeof(std::uint64_t) + 1);
      out = reinterpret_cast<std::byte*>(state.out.data());
      if (out_bytes != 0) std::memcpy(out, begin, out_bytes);
      continue;
    }
    ++fresh.record_count;
    if (!copying) continue;
    std::memcpy(out + out_bytes, at, record.size_bytes());
    out_bytes += record.size_bytes();
  }
  if (copying) fresh.bytes = {out, out_bytes};
  if (state.newest_replayed > state.newest_event + state.options.window) state.kept.clear();
  return fresh;
}

}  // namespace fm::capture
