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

struct LoadSorter::Cursor {
  RunStore::Reader reader;
  std::size_t run;
  std::span<const std::byte> rest;
  Entry entry;
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

LoadSorter::Entry LoadSorter::entry_of(const LoadKey& key, std::uint32_t index) {
  const LoadSymbols::Rank& rank = ranks_[key.symbol];
  // Rows come in the order of time, nearly.
  if (const auto day = static_cast<std::int32_t>(key.time / kNanosPerDay); day != last_day_) {
    last_day_ = day;
    last_period_ = load_period(shape_, Date::from_days(day));
  }
  return {{shape_.by_root ? rank.root : 0, last_period_}, key.time, rank.symbol, index, key.minor};
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
  for (std::size_t i = 0; i < count_; ++i)
    entries.push_back(
        entry_of(key_of(rows_.data() + i * row_bytes_), static_cast<std::uint32_t>(i)));
  const auto before = [](const Entry& a, const Entry& b) {
    return std::tuple_cat(a.tied(), std::tie(a.index)) <
           std::tuple_cat(b.tied(), std::tie(b.index));
  };
  if (!std::ranges::is_sorted(entries, before)) std::ranges::sort(entries, before);

  const RunStore::RunId run = store_.begin_run(row_bytes_);
  runs_.push_back(run);
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
    block.insert(block.end(), row, row + row_bytes_);
    if (block.size() == block_bytes) {
      FM_TRY(store_.append(run, block));
      block.clear();
    }
  }
  FM_TRY(store_.append(run, block));
  count_ = 0;
  return {};
}

Status LoadSorter::finish() {
  FM_TRY(flush());
  rows_ = {};
  ranks_ = symbols_->ranks();
  for (std::size_t i = 0; i < runs_.size(); ++i) {
    cursors_.push_back(
        std::make_unique<Cursor>(store_.read(runs_[i]), i, std::span<const std::byte>(), Entry{}));
    FM_ASSIGN(const bool more, look(*cursors_.back()));
    if (more) wait(*cursors_.back());
  }
  return {};
}

bool LoadSorter::comes_later(const Cursor* left, const Cursor* right) const {
  const auto order = left->entry.tied() <=> right->entry.tied();
  return order == std::strong_ordering::equal ? left->run > right->run : order > 0;
}

// False at the cursor's end.
Result<bool> LoadSorter::look(Cursor& cursor) {
  if (cursor.rest.empty()) {
    FM_ASSIGN(cursor.rest, cursor.reader.next());
    if (cursor.rest.empty()) return false;
  }
  cursor.entry = entry_of(key_of(cursor.rest.data()), 0);
  return true;
}

// Puts the cursor where its next row belongs.
void LoadSorter::wait(Cursor& cursor) {
  waiting_.push_back(&cursor);
  std::ranges::push_heap(waiting_, [this](auto* a, auto* b) { return comes_later(a, b); });
}

Result<bool> LoadSorter::next(SortedRow& row) {
  if (taken_ != nullptr) {
    taken_->rest = taken_->rest.subspan(row_bytes_);
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
  if (shape_.is_multiset) row.count = count_of(row.record + record_bytes_);
  row.partition = taken_->entry.partition;
  return true;
}

}  // namespace fm::jobs
