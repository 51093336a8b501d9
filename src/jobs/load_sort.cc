#include "jobs/load_sort.h"

#include <algorithm>
#include <cstring>
#include <tuple>
#include <utility>

#include "base/assert.h"

namespace fm::jobs {
namespace {

LoadKey key_of(const std::byte* row) {
  LoadKey key;
  std::memcpy(&key, row, sizeof key);
  return key;
}

std::uint64_t count_of(const std::byte* at) {
  std::uint64_t count = 0;
  std::memcpy(&count, at, sizeof count);
  return count;
}

void set_count(std::byte* at, std::uint64_t count) { std::memcpy(at, &count, sizeof count); }

}  // namespace

std::int32_t load_period(const LoadShape& shape, Date day) {
  return shape.by_day ? day.days_since_1970() : day.year();
}

Date first_day_of(const LoadShape& shape, std::int32_t period) {
  return shape.by_day ? Date::from_days(period) : Date(period, 1, 1);
}

// What a row is sorted by, beside its place in the buffer.
struct LoadSorter::Entry {
  LoadPartition partition;
  Nanos time;
  std::uint32_t symbol;
  std::uint32_t index;
  std::uint64_t minor;

  [[nodiscard]] auto tied() const { return std::tie(partition, time, symbol, minor); }
};

LoadSorter::LoadSorter(Env& env, std::string spill_path, std::size_t record_bytes,
                       const LoadShape& shape, const LoadSymbols& symbols, const LoadMemory& memory)
    : store_(env, std::move(spill_path), memory.store_bytes),
      record_bytes_(record_bytes),
      row_bytes_(sizeof(LoadKey) + record_bytes + (shape.is_multiset ? sizeof(std::uint64_t) : 0)),
      rows_max_(std::max<std::size_t>(memory.sort_bytes / (row_bytes_ + sizeof(Entry)), 64)),
      shape_(shape),
      symbols_(&symbols) {
  FM_ASSERT(record_bytes % 8 == 0);
}

LoadSorter::~LoadSorter() = default;

LoadPartition LoadPlaces::of(const LoadKey& key, const LoadSymbols::Rank& rank) {
  if (const auto day = static_cast<std::int32_t>(key.time / kNanosPerDay); day != last_day_) {
    last_day_ = day;
    last_period_ = load_period(shape_, Date::from_days(day));
  }
  return {shape_.by_root ? rank.root : 0, last_period_};
}

Status LoadSorter::add(const LoadKey& key, const std::byte* record) {
  if (count_ == rows_max_) FM_TRY(flush());
  const std::size_t at = count_ * row_bytes_;
  // Grows with the rows: most runs are small.
  if (rows_.size() < at + row_bytes_)
    rows_.resize(std::min(std::max(2 * rows_.size(), 1024 * row_bytes_), rows_max_ * row_bytes_));
  std::memcpy(rows_.data() + at, &key, sizeof key);
  std::memcpy(rows_.data() + at + sizeof key, record, record_bytes_);
  if (shape_.is_multiset) set_count(rows_.data() + at + sizeof key + record_bytes_, 1);
  ++count_;
  return {};
}

bool LoadSorter::is_repeated(const std::byte* row, const std::byte* later) const {
  return key_of(row).source == key_of(later).source &&
         (shape_.is_multiset ||
          std::memcmp(row + sizeof(LoadKey), later + sizeof(LoadKey), record_bytes_) == 0);
}

void LoadSorter::note_repeated(std::uint32_t source) {
  if (repeated_.size() <= source) repeated_.resize(source + 1);
  ++repeated_[source];
}

Status LoadSorter::flush() {
  if (count_ == 0) return {};
  if (runs_.size() == kRunsMax)
    return std::unexpected(
        Error(Code::kUnsupported, fmt::format("more than {} rows in one run", kRunsMax * rows_max_))
            .hint("Load the files in several runs, a part of them each."));
  ranks_ = symbols_->ranks();
  std::vector<Entry> entries;
  entries.reserve(count_);
  LoadPlaces places(shape_);
  for (std::size_t i = 0; i < count_; ++i) {
    const LoadKey key = key_of(rows_.data() + i * row_bytes_);
    const LoadSymbols::Rank& rank = ranks_[key.symbol];
    entries.push_back(
        {places.of(key, rank), key.time, rank.symbol, static_cast<std::uint32_t>(i), key.minor});
  }
  const auto before = [](const Entry& a, const Entry& b) {
    return std::tuple_cat(a.tied(), std::tie(a.index)) <
           std::tuple_cat(b.tied(), std::tie(b.index));
  };
  if (!std::ranges::is_sorted(entries, before)) std::ranges::sort(entries, before);

  Run& run = runs_.emplace_back(store_.begin_run(row_bytes_), std::vector<Begin>());
  std::vector<std::byte> block;
  const std::size_t block_bytes = RunStore::kChunkBytes / row_bytes_ * row_bytes_;
  block.reserve(block_bytes);
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const std::byte* const row = rows_.data() + entries[i].index * row_bytes_;
    // Of what a file has again and again, one row stands for all: a file of one line without end
    // must not fill the disk.
    if (i + 1 < entries.size() && entries[i].tied() == entries[i + 1].tied()) {
      std::byte* const later = rows_.data() + entries[i + 1].index * row_bytes_;
      if (is_repeated(row, later)) {
        const std::size_t count_at = sizeof(LoadKey) + record_bytes_;
        if (shape_.is_multiset)
          set_count(later + count_at, count_of(later + count_at) + count_of(row + count_at));
        else
          note_repeated(key_of(row).source);
        continue;
      }
    }
    if (block.empty()) run.chunks.push_back({key_of(row).symbol, entries[i].partition});
    block.insert(block.end(), row, row + row_bytes_);
    if (block.size() == block_bytes) {
      FM_TRY(store_.append(run.id, block));
      block.clear();
    }
  }
  FM_TRY(store_.append(run.id, block));
  count_ = 0;
  return {};
}

Status LoadSorter::finish() {
  FM_TRY(flush());
  rows_ = {};
  ranks_ = symbols_->ranks();
  if (!shape_.by_root) return {};
  for (Run& run : runs_)
    for (Begin& begin : run.chunks) begin.partition.root = ranks_[begin.symbol].root;
  return {};
}

std::optional<LoadPartition> LoadSorter::middle() const {
  std::vector<LoadPartition> begins;
  for (const Run& run : runs_)
    for (const Begin& begin : run.chunks) begins.push_back(begin.partition);
  if (begins.empty()) return std::nullopt;
  std::ranges::sort(begins);
  const auto middle = begins.begin() + static_cast<std::ptrdiff_t>(begins.size() / 2);
  const auto [first, last] = std::ranges::equal_range(begins, *middle);
  // The boundary, of both around the row in the middle, that is nearer to it.
  const bool is_before =
      first != begins.begin() && (last == begins.end() || middle - first < last - middle);
  if (is_before) return *first;
  if (last == begins.end()) return std::nullopt;
  return *last;
}

struct LoadSorter::Stream::Cursor {
  RunStore::Reader reader;
  std::size_t run;
  std::span<const std::byte> rest;
  Entry entry;
};

LoadSorter::Stream::Stream(LoadSorter& sorter, std::optional<LoadPartition> from,
                           std::optional<LoadPartition> to)
    : sorter_(sorter), from_(from), to_(to), places_(sorter.shape_) {}

LoadSorter::Stream::~Stream() = default;

Status LoadSorter::Stream::begin() {
  for (std::size_t number = 0; number < sorter_.runs_.size(); ++number) {
    const Run& run = sorter_.runs_[number];
    // The first rows of `from_` may lie in the chunk before the first that begins with it.
    const auto first = from_ ? std::ranges::lower_bound(run.chunks, *from_, {}, &Begin::partition)
                             : run.chunks.begin();
    const auto chunk = static_cast<std::size_t>(first - run.chunks.begin());
    Cursor& cursor = *cursors_.emplace_back(
        std::make_unique<Cursor>(sorter_.store_.read(run.id, chunk == 0 ? 0 : chunk - 1), number,
                                 std::span<const std::byte>(), Entry{}));
    FM_ASSIGN(bool more, look(cursor));
    while (more && from_ && cursor.entry.partition < *from_) {
      cursor.rest = cursor.rest.subspan(sorter_.row_bytes_);
      FM_ASSIGN(more, look(cursor));
    }
    if (more) wait(cursor);
  }
  return {};
}

bool LoadSorter::Stream::comes_later(const Cursor* left, const Cursor* right) const {
  const auto order = left->entry.tied() <=> right->entry.tied();
  return order == std::strong_ordering::equal ? left->run > right->run : order > 0;
}

// False at the cursor's end.
Result<bool> LoadSorter::Stream::look(Cursor& cursor) {
  if (cursor.rest.empty()) {
    FM_ASSIGN(cursor.rest, cursor.reader.next());
    if (cursor.rest.empty()) return false;
  }
  const LoadKey key = key_of(cursor.rest.data());
  const LoadSymbols::Rank& rank = sorter_.ranks_[key.symbol];
  cursor.entry = {places_.of(key, rank), key.time, rank.symbol, 0, key.minor};
  return !to_ || cursor.entry.partition < *to_;
}

// Puts the cursor where its next row belongs.
void LoadSorter::Stream::wait(Cursor& cursor) {
  waiting_.push_back(&cursor);
  std::ranges::push_heap(waiting_, [this](auto* a, auto* b) { return comes_later(a, b); });
}

Result<bool> LoadSorter::Stream::next(SortedRow& row) {
  if (!std::exchange(has_begun_, true)) FM_TRY(begin());
  if (taken_ != nullptr) {
    taken_->rest = taken_->rest.subspan(sorter_.row_bytes_);
    FM_ASSIGN(const bool more, look(*taken_));
    // Runs hardly interleave: the next row is nearly always of the same one.
    if (more && !waiting_.empty() && comes_later(taken_, waiting_.front())) {
      wait(*taken_);
      taken_ = nullptr;
    } else if (!more) {
      taken_ = nullptr;
    }
  }
  if (taken_ == nullptr) {
    if (waiting_.empty()) return false;
    std::ranges::pop_heap(waiting_, [this](auto* a, auto* b) { return comes_later(a, b); });
    taken_ = waiting_.back();
    waiting_.pop_back();
  }
  row.key = key_of(taken_->rest.data());
  row.record = taken_->rest.data() + sizeof(LoadKey);
  if (sorter_.shape_.is_multiset) row.count = count_of(row.record + sorter_.record_bytes_);
  row.partition = taken_->entry.partition;
  return true;
}

}  // namespace fm::jobs
