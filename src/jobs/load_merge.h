// Sorted rows into the lake: one merge for each partition, two at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <vector>

#include "base/error.h"
#include "jobs/load_pass.h"
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

  // After each partition: its rows are durable. By either thread, never by both at once.
  std::function<Status(const lake::CommitReport&)> on_partition;

  // All partitions: those of the first half of the rows on this thread, those of the second on one
  // more ("fm-merge"). Counts what becomes of every row in its file's account, and takes partitions
  // that are done from the files' lists. After an error no other partition is begun. Errors: those
  // of the lake, the sorter and on_partition.
  [[nodiscard]] Status run();

  [[nodiscard]] std::uint64_t partitions_changed() const { return partitions_changed_; }
  // Stored trades that went, because newer files do not have them.
  [[nodiscard]] std::uint64_t withdrawn() const { return withdrawn_; }

 private:
  [[nodiscard]] Status run(LoadPass& pass);

  lake::Lake& lake_;
  LoadPassInputs inputs_;
  LoadSorter& sorter_;

  std::mutex mutex_;  // for all that follows, and the files' lists
  std::uint64_t partitions_changed_ = 0;
  std::uint64_t withdrawn_ = 0;
  bool has_failed_ = false;
};

}  // namespace fm::jobs
