// Records of one schema brought into the order of their table's partitions and keys, in bounded
// memory: sorted runs in a RunStore, merged as they are read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/env.h"
#include "base/error.h"
#include "base/time.h"
#include "jobs/load_symbols.h"
#include "jobs/run_store.h"

namespace fm::jobs {

struct LoadMemory {
  std::size_t sort_bytes = std::size_t{96} << 20;   // of rows that are being gathered
  std::size_t store_bytes = std::size_t{64} << 20;  // of sorted runs, before they go to a file
};

// Rows in front of their record. Rows of one table with the same time, symbol and minor have the
// same key.
struct LoadKey {
  Nanos time = 0;
  std::uint64_t minor = 0;
  std::uint32_t symbol = 0;
  std::uint32_t source = 0;  // the file it came from
};

// How rows of a table are partitioned, and what becomes of equal ones.
struct LoadShape {
  bool by_root = false;
  bool by_day = false;       // else by year
  bool is_multiset = false;  // equal rows of a file count, each of them
};

// A partition of a table, in the order in which partitions come.
struct LoadPartition {
  std::uint32_t root = 0;   // rank; 0 where a partition holds all roots
  std::int32_t period = 0;  // its year; of partitions by day, the day since 1970
  friend auto operator<=>(const LoadPartition&, const LoadPartition&) = default;
};

// Of a partition's days, any one.
[[nodiscard]] std::int32_t load_period(const LoadShape& shape, Date day);
[[nodiscard]] Date first_day_of(const LoadShape& shape, std::int32_t period);

struct SortedRow {
  LoadKey key;
  std::uint64_t count = 1;            // of a multiset: how many of them
  const std::byte* record = nullptr;  // until the next call of next()
  LoadPartition partition;
};

// What partition a row belongs to. Rows come in the order of time, nearly.
class LoadPlaces {
 public:
  explicit LoadPlaces(const LoadShape& shape) : shape_(shape) {}
  [[nodiscard]] LoadPartition of(const LoadKey& key, const LoadSymbols::Rank& rank);

 private:
  LoadShape shape_;
  std::int32_t last_day_ = -1;  // since 1970, and the period it belongs to
  std::int32_t last_period_ = 0;
};

class LoadSorter {
 public:
  class Stream;

  // `record_bytes` is a multiple of 8. `symbols` outlives it.
  LoadSorter(Env& env, std::string spill_path, std::size_t record_bytes, const LoadShape& shape,
             const LoadSymbols& symbols, const LoadMemory& memory);
  ~LoadSorter();
  LoadSorter(const LoadSorter&) = delete;
  LoadSorter& operator=(const LoadSorter&) = delete;

  // Errors: kNoSpace, kIo; kUnsupported for more rows than kRunsMax runs hold.
  [[nodiscard]] Status add(const LoadKey& key, const std::byte* record);
  // Nothing is added any more, and no symbol interned.
  [[nodiscard]] Status finish();

  // After finish(). A partition that about half of the rows come before; nothing when there is but
  // one partition, or few rows.
  [[nodiscard]] std::optional<LoadPartition> middle() const;

  // Rows left out because the same file has the same row again, by file; none of a multiset.
  [[nodiscard]] const std::vector<std::uint64_t>& repeated() const { return repeated_; }
  [[nodiscard]] std::uint64_t spilled_bytes() const { return store_.spilled_bytes(); }

 private:
  static constexpr std::size_t kRunsMax = 1'024;  // a buffer of kChunkBytes for each
  struct Entry;
  // Of a chunk of a run, the first row's.
  struct Begin {
    std::uint32_t symbol = 0;
    LoadPartition partition;  // as of finish()
  };
  struct Run {
    RunStore::RunId id = 0;
    std::vector<Begin> chunks;
  };

  [[nodiscard]] bool is_repeated(const std::byte* row, const std::byte* later) const;
  void note_repeated(std::uint32_t source);
  [[nodiscard]] Status flush();

  RunStore store_;
  std::size_t record_bytes_;
  std::size_t row_bytes_;
  std::size_t rows_max_;
  LoadShape shape_;
  const LoadSymbols* symbols_;
  std::vector<LoadSymbols::Rank> ranks_;
  std::vector<std::byte> rows_;
  std::size_t count_ = 0;
  std::vector<Run> runs_;
  std::vector<std::uint64_t> repeated_;
};

// The rows of a finished sorter, or those of a stretch of its partitions. A sorter may have several
// streams, each on a thread of its own.
class LoadSorter::Stream {
 public:
  // From the first of `from` on, up to, not including, `to`; without them from the first on, to the
  // last.
  Stream(LoadSorter& sorter, std::optional<LoadPartition> from, std::optional<LoadPartition> to);
  ~Stream();
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  // By partition, time, symbol and minor; of rows that agree in all of them, those added later come
  // later. False at the end. Errors: kIo.
  [[nodiscard]] Result<bool> next(SortedRow& row);

 private:
  struct Cursor;

  [[nodiscard]] Status begin();
  [[nodiscard]] Result<bool> look(Cursor& cursor);
  void wait(Cursor& cursor);
  [[nodiscard]] bool comes_later(const Cursor* left, const Cursor* right) const;

  LoadSorter& sorter_;
  std::optional<LoadPartition> from_;
  std::optional<LoadPartition> to_;
  LoadPlaces places_;
  bool has_begun_ = false;
  std::vector<std::unique_ptr<Cursor>> cursors_;
  std::vector<Cursor*> waiting_;  // a heap: the first row in front
  Cursor* taken_ = nullptr;       // whose row was handed out
};

}  // namespace fm::jobs
