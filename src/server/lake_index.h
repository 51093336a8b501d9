// What the lake holds, kept at hand: which partitions, how many rows, from when to when. Asking
// costs no file; looking for changes costs one question about each folder.
//
//   LakeIndex index(lake);
//   FM_TRY(index.look(table::candles_1m()));
//   const auto es = index.find(table::candles_1m(), "ES");
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/time.h"
#include "lake/changes.h"
#include "lake/lake.h"
#include "table/catalogue.h"

namespace fm::server {

struct PartitionInfo {
  Date first;  // the partition's first day, and the first day after it
  Date end;
  std::uint64_t rows = 0;
  std::uint64_t bytes = 0;
  std::size_t files = 0;
  std::uint64_t stamp = 0;  // another one whenever the rows may be others
  // Of the key's timestamp, over all rows; absent without one or without rows.
  std::optional<Second> first_second = {};
  std::optional<Second> last_second = {};
  std::optional<Second> final_to = {};
};

// The partitions of one root in the order of time; of all roots, for tables of all roots.
struct RootIndex {
  std::vector<PartitionInfo> partitions;
  [[nodiscard]] std::uint64_t rows() const;
  // Of those that hold a day of [from, before): one number that changes whenever their rows may.
  [[nodiscard]] std::uint64_t stamp(Date from, Date before) const;
};

// How long what was seen counts as fresh.
inline constexpr Nanos kIndexFresh = kNanosPerSecond / 2;

// For any threads.
class LakeIndex {
 public:
  explicit LakeIndex(const lake::Lake& lake) : lake_(lake), changes_(lake) {}

  // Unless the last look is fresh. Errors: the lake's; then what was known stays.
  [[nodiscard]] Status look(const table::Table& table);
  // Whether a look at `now` (Env::monotonic()) would find nothing to do. Waits for nobody.
  [[nodiscard]] bool is_fresh(const table::Table& table, Nanos now) const;

  // Another number whenever something was found to have changed.
  [[nodiscard]] std::uint64_t generation() const { return generation_; }

  // nullptr where the table has no such root. `root` is empty for tables of all roots.
  [[nodiscard]] std::shared_ptr<const RootIndex> find(const table::Table& table,
                                                      std::string_view root) const;
  // Those with rows, sorted.
  [[nodiscard]] std::vector<std::string> roots(const table::Table& table) const;

 private:
  struct TableIndex {
    Nanos looked = 0;  // Env::monotonic(); 0: never
    std::map<std::string, std::shared_ptr<const RootIndex>, std::less<>> roots;
  };
  void take(const table::Table& table, const std::vector<lake::Manifest>& manifests, Nanos now);

  const lake::Lake& lake_;
  std::mutex look_mutex_;  // held while the disk is asked
  lake::Changes changes_;
  std::atomic<std::uint64_t> generation_ = 0;
  mutable std::mutex mutex_;
  std::map<const table::Table*, TableIndex> tables_;
};

struct MadeFrom;
// RootIndex::stamp() of these rows; 0 where there are none.
[[nodiscard]] std::uint64_t stamp_of(const LakeIndex& index, const MadeFrom& rows);

}  // namespace fm::server
