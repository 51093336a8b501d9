#include "capture/log_reader.h"

#include <algorithm>

#include "base/assert.h"
#include "capture/repair_merge.h"
#include "capture/segment_cursor.h"

namespace fm::capture {
namespace {

constexpr std::size_t kDamagesMax = 10'000;  // then it is no log any more

bool is_damage(const Error& error) {
  return error.code() == Code::kCorrupt || error.code() == Code::kTruncated;
}

// Whether what may be read lies in this segment, before it or behind it.
std::strong_ordering place_of(const Position& limit, const SegmentName& name) {
  if (const auto by_day = limit.day <=> name.day; by_day != 0) return by_day;
  return limit.segment <=> name.number;
}

}  // namespace

struct LogReader::State {
  State(Env& e, std::string d, LogReaderOptions o) : env(e), directory(std::move(d)), options(o) {}

  Result<dbn::RecordBlock> next(const std::optional<Position>& limit);
  Result<dbn::RecordBlock> next_of_log(const std::optional<Position>& limit);
  Result<bool> open_next(const std::optional<Position>& limit);
  Result<bool> is_over(const std::optional<Position>& limit);
  Result<std::optional<SegmentFiles>> find_next(const std::optional<Position>& limit);
  Status open(const SegmentFiles& files);
  Status meet(Damage damage, const Error& error);
  Status enter_day(Date day);
  dbn::RecordBlock give(const dbn::RecordBlock& block);

  Env& env;
  std::string directory;
  LogReaderOptions options;
  std::unique_ptr<SegmentCursor> cursor;
  std::optional<SegmentName> last;  // opened or passed over
  bool with_mappings = true;        // the next segment's
  Position position;
  dbn::Metadata metadata;
  std::optional<SegmentName> metadata_of;
  std::vector<Damage> damages;
  std::optional<Error> failure;

  std::optional<Date> day;             // of the block given last
  std::unique_ptr<RepairMerge> merge;  // of that day
  std::optional<AlignedRecords> merged;
  std::optional<dbn::RecordBlock> held;  // the first of a new day, while the old one's repairs end
  std::uint64_t repaired = 0;            // of days that are over
};

// Damage that is passed over may have cost mappings: the next segment says them again.
Status LogReader::State::meet(Damage damage, const Error& error) {
  if (!options.go_on_behind_damage || damages.size() >= kDamagesMax) return std::unexpected(error);
  damages.push_back(std::move(damage));
  with_mappings = true;
  return {};
}

Result<std::optional<SegmentFiles>> LogReader::State::find_next(
    const std::optional<Position>& limit) {
  if (limit && last && place_of(*limit, *last) <= 0) return std::nullopt;
  FM_ASSIGN(const auto all_days, days(env, directory));
  for (const Date candidate : all_days) {
    if ((last && candidate < last->day) || (options.from_day && candidate < *options.from_day) ||
        (options.to_day && candidate > *options.to_day))
      continue;
    FM_ASSIGN(const auto segments, list_segments(env, directory, candidate));
    for (const SegmentFiles& files : segments) {
      if (files.name.repair || (last && files.name <= *last)) continue;
      if (limit && place_of(*limit, files.name) < 0) return std::nullopt;
      return files;
    }
  }
  return std::nullopt;
}

Status LogReader::State::open(const SegmentFiles& files) {
  auto segment = SegmentReader::open(env, directory, files.name);
  if (!segment) {
    if (segment.error().code() != Code::kNotFound) return std::unexpected(segment.error());
    return meet({.path = path_of(directory, files.name, kData),
                 .day = files.name.day,
                 .segment = files.name.number,
                 .reason = segment.error().message()},
                segment.error());
  }
  cursor = std::make_unique<SegmentCursor>(*std::move(segment), with_mappings);
  with_mappings = false;
  return {};
}

// Returns false when there is no further segment yet.
Result<bool> LogReader::State::open_next(const std::optional<Position>& limit) {
  FM_ASSIGN(const auto files, find_next(limit));
  if (!files) return false;
  if (!files->data && !files->compressed) {
    // An index without data is either about to get them, or tells what is missing.
    FM_ASSIGN(const std::string bytes,
              read_text(env, path_of(directory, files->name, kIndex), std::uint64_t{256} << 20));
    if (parse_index(std::as_bytes(std::span(bytes))).blocks.empty()) return false;
  }
  FM_TRY(open(*files));
  last = files->name;
  return true;
}

// Whether a segment without an end has a successor that holds something durable: a log makes its
// segments durable in their order, so nothing can be added to this one.
Result<bool> LogReader::State::is_over(const std::optional<Position>& limit) {
  FM_ASSIGN(const auto files, find_next(limit));
  if (!files) return false;
  auto later = SegmentReader::open(env, directory, files->name);
  if (!later && later.error().code() == Code::kNotFound) return false;
  if (!later) return std::unexpected(std::move(later).error());
  return !(*later)->index().blocks.empty();
}

Result<dbn::RecordBlock> LogReader::State::next_of_log(const std::optional<Position>& limit) {
  for (bool over = false;;) {
    if (!cursor) {
      FM_ASSIGN(const bool opened, open_next(limit));
      if (!opened) return dbn::RecordBlock{};
      over = false;
      continue;
    }
    const auto here =
        limit ? place_of(*limit, cursor->segment().name()) : std::strong_ordering::greater;
    if (here < 0) return dbn::RecordBlock{};
    const auto step =
        cursor->next(here == 0 ? std::optional(limit->byte) : std::optional<std::uint64_t>());
    if (!step) return std::unexpected(step.error());
    switch (step->met) {
      case Met::kRecords:
        return step->block;
      case Met::kDamage:
        FM_TRY(meet(cursor->damage(), cursor->damage_error()));
        position = {cursor->segment().name().day, cursor->segment().name().number, cursor->byte()};
        break;
      case Met::kEnd:
        cursor.reset();
        break;
      case Met::kNothingYet:
        if (here == 0) return dbn::RecordBlock{};
        if (over) {
          cursor.reset();
          break;
        }
        FM_ASSIGN(over, is_over(limit));  // then its index is read once more
        if (!over) return dbn::RecordBlock{};
        break;
    }
  }
}

Status LogReader::State::enter_day(Date new_day) {
  if (merge) repaired += merge->records_given();
  merge.reset();
  day = new_day;
  if (!options.repairs) return {};
  auto begun = RepairMerge::begin(env, directory, new_day);
  if (begun) {
    merge = *std::move(begun);
    return {};
  }
  if (!is_damage(begun.error())) return std::unexpected(std::move(begun).error());
  return meet(
      {.path = day_path(directory, new_day), .day = new_day, .reason = begun.error().message()},
      begun.error());
}

dbn::RecordBlock LogReader::State::give(const dbn::RecordBlock& block) {
  const SegmentName& name = cursor->segment().name();
  if (!metadata_of || *metadata_of != name) metadata = cursor->metadata();
  metadata_of = name;
  position = {name.day, name.number, cursor->byte()};
  return block;
}

Result<dbn::RecordBlock> LogReader::State::next(const std::optional<Position>& limit) {
  for (;;) {
    if (merged) {
      if (const auto block = merged->next()) return *block;
      merged.reset();
    }
    dbn::RecordBlock block;
    if (held) {
      block = *held;
    } else {
      FM_ASSIGN(block, next_of_log(limit));
    }
    const bool ends_day = merge && (block.empty() || cursor->segment().name().day != *day);
    if (ends_day) {
      if (!block.empty()) held = block;
      FM_ASSIGN(const auto rest, merge->rest());
      if (!rest.empty()) {
        merged.emplace(rest.bytes);
        continue;
      }
    }
    held.reset();
    if (block.empty()) return block;
    if (const Date its = cursor->segment().name().day; !day || its != *day) FM_TRY(enter_day(its));
    give(block);
    if (!merge) return block;
    FM_ASSIGN(const auto whole, merge->merge(block));
    if (whole.bytes.data() == block.bytes.data()) return whole;
    merged.emplace(whole.bytes);
  }
}

LogReader::LogReader(std::unique_ptr<State> state) : state_(std::move(state)) {}
LogReader::~LogReader() = default;
LogReader::LogReader(LogReader&&) noexcept = default;
LogReader& LogReader::operator=(LogReader&&) noexcept = default;

Result<LogReader> LogReader::open(Env& env, std::string directory, LogReaderOptions options) {
  FM_ASSIGN(const auto found, days(env, directory));  // tells whether there is a log
  return LogReader(std::make_unique<State>(env, std::move(directory), options));
}

Result<dbn::RecordBlock> LogReader::next(std::optional<Position> limit) {
  if (state_->failure) return std::unexpected(*state_->failure);
  auto block = state_->next(limit);
  if (!block) state_->failure = block.error();
  return block;
}

const Position& LogReader::position() const { return state_->position; }
const dbn::Metadata& LogReader::metadata() const { return state_->metadata; }
std::span<const Damage> LogReader::damages() const { return state_->damages; }
std::uint64_t LogReader::repaired_records() const {
  return state_->repaired + (state_->merge ? state_->merge->records_given() : 0);
}

}  // namespace fm::capture
