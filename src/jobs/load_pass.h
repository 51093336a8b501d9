// The merges of a stretch of a sorter's partitions, one behind the other.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/error.h"
#include "jobs/load_claims.h"
#include "jobs/load_rule.h"
#include "jobs/load_sort.h"
#include "jobs/load_source.h"
#include "jobs/load_symbols.h"
#include "lake/lake.h"

namespace fm::jobs {

// A file that has rows of a symbol on a day.
struct LoadPresence {
  SymbolDay of;
  std::uint32_t source = 0;
};

// What the passes of a merge share. They change nothing of it but the files' counts of rows, each
// by one atomic step.
struct LoadPassInputs {
  const LoadKind& kind;
  const LoadSymbols& symbols;
  std::vector<LoadSource*> sources;  // by their numbers in the sorter
  std::unordered_map<std::string_view, LoadSource*> by_hash;
  std::vector<LoadPresence> presences;  // of multisets, by day
  std::int64_t ingested_us = 0;
};

class LoadPass {
 public:
  // The partitions from `from` on, up to, not including, `to`.
  LoadPass(lake::Lake& lake, const LoadPassInputs& inputs, LoadSorter& sorter,
           std::optional<LoadPartition> from, std::optional<LoadPartition> to);

  struct Merged {
    std::string root;
    std::int32_t period = 0;
    lake::CommitReport commit;
    std::uint64_t withdrawn = 0;  // stored trades that went
  };
  // The next partition; nothing behind the last. Errors: those of the lake and the sorter.
  [[nodiscard]] Result<std::optional<Merged>> merge_next();

 private:
  class Rows;
  class Trades;

  [[nodiscard]] Status advance();
  [[nodiscard]] bool counts(const SortedRow& row) const;
  // The row of a key that counts, out of those that the sorter has; false at the partition's end.
  [[nodiscard]] Result<bool> take_winner();
  [[nodiscard]] bool has_winners_key() const;
  [[nodiscard]] Result<lake::CommitReport> merge_keyed(const lake::PartitionKey& key);
  [[nodiscard]] Result<lake::CommitReport> merge_trades(const lake::PartitionKey& key,
                                                        std::uint64_t& withdrawn);
  // What the files of this load claim of the partition in hand.
  [[nodiscard]] Result<Claims> claims_of(const lake::PartitionKey& key) const;
  void append(std::int64_t occurrence, table::RowBatch& batch);
  [[nodiscard]] std::optional<Date> delivery_of(std::uint32_t symbol, Date day);
  [[nodiscard]] Knowledge knowledge_of(const SortedRow& row) const;
  void count(std::string_view source_hash, RowFate fate, std::uint64_t rows);

  lake::Lake& lake_;
  const LoadPassInputs& in_;
  LoadSorter::Stream sorted_;

  bool has_begun_ = false;
  SortedRow head_;
  bool has_head_ = false;
  LoadPartition partition_;  // the one in hand
  SortedRow winner_;
  std::vector<std::byte> winner_record_;
  struct Delivery {
    int year = 0;  // of the row that it was found for
    std::optional<Date> date;
  };
  std::vector<Delivery> deliveries_;  // by symbol
};

}  // namespace fm::jobs
