// Sorted rows into the lake: one merge for each partition.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
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

class LoadMerge {
 public:
  // `sources` are the files by their numbers in the sorter, which has been finished.
  LoadMerge(lake::Lake& lake, const LoadKind& kind, const LoadSymbols& symbols, LoadSorter& sorter,
            std::vector<LoadSource*> sources, std::int64_t ingested_us);

  // After each partition: its rows are durable.
  std::function<Status(const lake::CommitReport&)> on_partition;

  // All partitions. Counts what becomes of every row in its file's account, and takes partitions
  // that are done from the files' lists. Errors: those of the lake, the sorter and on_partition.
  [[nodiscard]] Status run();

  [[nodiscard]] std::uint64_t partitions_changed() const { return partitions_changed_; }
  // Stored trades that went, because newer files do not have them.
  [[nodiscard]] std::uint64_t withdrawn() const { return withdrawn_; }

 private:
  class Rows;
  class Trades;
  // A file that has rows of a symbol on a day.
  struct Presence {
    SymbolDay of;
    std::uint32_t source = 0;
  };

  [[nodiscard]] Status advance();
  [[nodiscard]] bool counts(const SortedRow& row) const;
  // The row of a key that counts, out of those that the sorter has; false at the partition's end.
  [[nodiscard]] Result<bool> take_winner();
  [[nodiscard]] bool has_winners_key() const;
  [[nodiscard]] Result<lake::CommitReport> merge_keyed(const lake::PartitionKey& key);
  [[nodiscard]] Result<lake::CommitReport> merge_trades(const lake::PartitionKey& key);
  // What the files of this load claim of the partition in hand.
  [[nodiscard]] Result<Claims> claims_of(const lake::PartitionKey& key) const;
  void append(std::int64_t occurrence, table::RowBatch& batch);
  [[nodiscard]] std::optional<Date> delivery_of(std::uint32_t symbol, Date day);
  [[nodiscard]] Knowledge knowledge_of(const SortedRow& row) const;
  void count(std::string_view source_hash, RowFate fate, std::uint64_t rows);

  lake::Lake& lake_;
  const LoadKind& kind_;
  const LoadSymbols& symbols_;
  LoadSorter& sorter_;
  std::vector<LoadSource*> sources_;
  std::unordered_map<std::string_view, LoadSource*> by_hash_;
  std::int64_t ingested_us_;

  SortedRow head_;
  bool has_head_ = false;
  LoadPartition partition_;  // the one in hand
  SortedRow winner_;
  std::vector<std::byte> winner_record_;
  std::uint64_t partitions_changed_ = 0;
  std::uint64_t withdrawn_ = 0;
  struct Delivery {
    int year = 0;  // of the row that it was found for
    std::optional<Date> date;
  };
  std::vector<Delivery> deliveries_;  // by symbol
  std::vector<Presence> presences_;   // of multisets, by day
};

}  // namespace fm::jobs
