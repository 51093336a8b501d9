// What a commit makes of one partition: Lake's writing calls, one partition at a time.
#pragma once

#include <optional>
#include <string>

#include "lake/lake.h"
#include "lake/parquet_writer.h"
#include "lake/row_set.h"
#include "lake/store.h"

namespace fm::lake {

class PartitionWriter {
 public:
  // Errors: kInvalidArgument for a root that is no directory name.
  [[nodiscard]] static Result<PartitionWriter> create(Env& env, Store store,
                                                      const table::Table& table,
                                                      const PartitionKey& partition,
                                                      Nanos patience);

  [[nodiscard]] Result<CommitReport> replace(table::RowStream& rows, const CommitInfo& info);
  // `fresh` in place of stored rows with the same key, and of all those of the dates `dropped`.
  [[nodiscard]] Result<CommitReport> update(const RowSet& fresh, Dates dropped,
                                            const CommitInfo& info);
  [[nodiscard]] Result<CommitReport> merge_sorted(table::RowStream& fresh, MergeRule& rule);
  [[nodiscard]] Result<CommitReport> append(const RowSet& fresh, const CommitInfo& info,
                                            std::optional<Second> expected_final_to);
  [[nodiscard]] Result<CompactReport> compact(Compact what);
  // What the same partition of another lake holds, its files copied. `bytes_copied` grows.
  [[nodiscard]] Result<CommitReport> adopt(const Manifest& theirs, const Store& from,
                                           std::uint64_t& bytes_copied);

 private:
  PartitionWriter(Env& env, Store store, const table::Table& table, PartitionKey partition,
                  std::string name, Nanos patience);

  using Lock = std::unique_ptr<FileLock>;
  [[nodiscard]] Result<Lock> lock() const;
  [[nodiscard]] Result<std::optional<Manifest>> read() const;
  // What follows `old` with these files; the caller holds the lock since `old` was read.
  [[nodiscard]] Manifest manifest_of(const std::optional<Manifest>& old,
                                     std::vector<DataFile> files, const CommitInfo& info) const;
  [[nodiscard]] Result<ParquetReport> write(table::RowStream& rows, const Store::Draft& draft);
  // The stored rows with `fresh` among them, as one file.
  [[nodiscard]] Result<CommitReport> rewrite(const std::optional<Manifest>& old,
                                             const RowSet& fresh, Dates dropped,
                                             const CommitInfo& info);
  // `manifest` is of manifest_of(). `new_part` as for Store::publish.
  [[nodiscard]] Result<CommitReport> commit(const std::optional<Manifest>& old, Manifest manifest,
                                            const Store::Draft& draft, const std::string& new_part,
                                            const CommitInfo& info);
  [[nodiscard]] Result<bool> compact_group(const Manifest& seen, std::size_t first,
                                           std::size_t count, CompactReport& report);

  Env* env_;
  Store store_;
  const table::Table* table_;
  PartitionKey partition_;
  std::string table_name_;
  std::string name_;
  Nanos patience_;
};

}  // namespace fm::lake
