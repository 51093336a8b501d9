// The lake: plain hive-partitioned Parquet that any tool reads as it is, changed one whole
// partition at a time.
//
//   FM_ASSIGN(auto lake, Lake::open(env, "lake"));
//   FM_ASSIGN(const auto report, lake->replace(table::candles_1m(), {.root = "ES", .date = day},
//   rows, info));
//
// Layout, manifests, commit steps and what a reader may rely on: docs/formats/lake.md.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/env.h"
#include "base/error.h"
#include "lake/manifest.h"
#include "table/catalogue.h"
#include "table/row_stream.h"

namespace fm::lake {

// Files of one partition: the hours of a day, the minutes of an hour, and one.
inline constexpr std::size_t kFilesMax = 84;

struct LakeOptions {
  // Locks and other state. Empty: DIR/../frontmonth-state-<name of DIR>.
  std::string state_dir;
  // How long files that no manifest names any more stay for readers that have just read an older
  // one.
  Nanos grace = 15 * 60 * kNanosPerSecond;
  Nanos lock_patience = 120 * kNanosPerSecond;
  // How long what a partition held can still be read after it changed; 0 = not at all. Writers of a
  // lake must agree: one without it removes what the others keep.
  Nanos keep = 0;
};

// What a partition's rows were made from; kept in its manifest.
struct CommitInfo {
  std::string sources = "[]";     // JSON
  std::string parameters = "{}";  // JSON
  std::string engine_version = FM_VERSION;
  std::optional<Second> final_to = {};  // rows of earlier seconds will not change
  // Errors with kConflict where the stored partition was made with other parameters.
  bool refuse_other_parameters = false;
};

struct CommitReport {
  bool unchanged = false;  // the same rows were there: nothing was touched
  std::uint64_t rows = 0;
  std::uint64_t bytes = 0;  // of Parquet
  std::string hash;         // of the cells
  std::string directory;    // the visible one
};

// Which parts of a partition to merge.
enum class Compact : std::uint8_t {
  kClosedHours,  // those of each UTC hour that `final_to` has passed, into one part per hour
  kEverything,   // all, into one part: for a trade date that is over
};

struct CompactReport {
  std::size_t files_before = 0;
  std::size_t files_after = 0;
  std::vector<DataFile> made;  // each names the parts it was merged from
  std::string hash;            // of the partition
};

// Which rows to read. Empty or absent means any.
struct ReadRange {
  std::string root = "";
  std::optional<Date> from = {};    // of the partition column, included
  std::optional<Date> before = {};  // excluded
  bool newest_first = false;        // last dates first, and each in the key's reverse order;
                                    // otherwise in the key's order
  std::optional<std::uint64_t> rows_max = {};
  // Names of the columns to read; none: all. The others of a batch hold nothing that may be read.
  std::vector<std::string_view> columns = {};
};

// What a partition held at an earlier time.
struct PastPartition {
  std::string partition;  // "p_root=ES/p_day=2025-06-16"
  std::vector<DataFile> files;
};

// Rows that are read as they are asked for.
using RowCursor = std::unique_ptr<table::RowStream>;

class MergeRule;
class PartitionWriter;

// A lake directory, and the only way to change one. Any number of processes and threads may write
// and read it at the same time: writers of a partition wait for each other, readers wait for
// nobody.
class Lake {
 public:
  // Opens for writing, creates what is missing, and removes what crashed writers left behind.
  // Errors: kUnsupported on a file system without hard links or directory exchange; kPermission;
  // kNoSpace.
  [[nodiscard]] static Result<std::unique_ptr<Lake>> open(Env& env, std::string directory,
                                                          LakeOptions options = {});
  // For reading only: touches nothing. A directory that does not exist is an empty lake.
  [[nodiscard]] static std::unique_ptr<Lake> view(Env& env, std::string directory,
                                                  LakeOptions options = {});

  [[nodiscard]] const std::string& directory() const { return directory_; }
  [[nodiscard]] const std::string& state_dir() const { return options_.state_dir; }
  [[nodiscard]] Env& env() const { return *env_; }

  // 32 hexadecimal digits that no other lake has, made when first asked for. A backup and what is
  // restored from it keep them.
  [[nodiscard]] Result<std::string> id();
  // The id of `other`, where it has one.
  [[nodiscard]] Status take_id_of(const Lake& other);

  // Makes `rows`, which are sorted as the table says, the whole content of the partition: entirely
  // or not at all, also through kill -9 and a power cut. No rows make an empty partition. Errors:
  // kInvalidArgument for rows out of order, doubled keys or a root that is no directory name;
  // kBusy, kNoSpace, kPermission, kIo, kConflict as CommitInfo says; and what the stream returns.
  // After any of them the old rows are there.
  [[nodiscard]] Result<CommitReport> replace(const table::Table& table,
                                             const PartitionKey& partition, table::RowStream& rows,
                                             const CommitInfo& info);

  // The same for the dates (of the partition column) that occur in `rows`; the partition's other
  // dates stay. The rows must lie in one partition and are held in memory: meant for tables of few
  // rows a day. A bookkeeping column keeps the value of the stored row with the same key.
  [[nodiscard]] Result<CommitReport> replace_dates(const table::Table& table, std::string_view root,
                                                   table::RowStream& rows, const CommitInfo& info);

  // Adds rows to a partition as one more file, or makes the partition: the live feed's minutes.
  // `info.final_to` is the writer's cursor: it must be given, and moves only together with the
  // rows. The stored one must be `expected_final_to` (nullopt: no partition, or one without rows
  // and cursor), and every row must lie in [expected_final_to, info.final_to) by the timestamp of
  // the key; so an append that is repeated changes nothing and fails with kConflict. No rows move
  // the cursor alone. The rows may come in any order and are held in memory. A partition of
  // kFilesMax files is written anew as one. Errors: as replace().
  [[nodiscard]] Result<CommitReport> append(const table::Table& table,
                                            const PartitionKey& partition, table::RowStream& rows,
                                            const CommitInfo& info,
                                            std::optional<Second> expected_final_to);

  // Rows take the place of stored ones with the same key, others are added; the partition becomes
  // one file. A bookkeeping column keeps the stored row's value. The cursor never moves back: the
  // later of the stored `final_to` and info's stays, and where there is one, rows must lie before
  // it. The rows may come in any order and are held in memory; the stored ones are not. Errors: as
  // replace(); kInvalidArgument also for the same key twice in `rows`.
  [[nodiscard]] Result<CommitReport> merge(const table::Table& table, const PartitionKey& partition,
                                           table::RowStream& rows, const CommitInfo& info);

  // The same for any number of rows, which must come in the order of the key, each key once:
  // neither they nor the stored ones are held in memory. `rule` says which row of a key stays, and
  // what is committed with them; where no row was added or took another's place, the files stay as
  // they are. Holds the partition's lock while the rows come. Errors: as replace(), and those of
  // `rule`.
  [[nodiscard]] Result<CommitReport> merge_sorted(const table::Table& table,
                                                  const PartitionKey& partition,
                                                  table::RowStream& rows, MergeRule& rule);

  // Merges parts that append() added; the rows stay the same. Appends may go on meanwhile. Nothing
  // happens where there is no partition or nothing to merge. Errors: kBusy when the partition is
  // being rewritten again and again; as replace().
  [[nodiscard]] Result<CompactReport> compact(const table::Table& table,
                                              const PartitionKey& partition, Compact what);

  // Makes every partition hold what it holds in `from`, another lake; files that are here already
  // are not copied, and partitions that only this one has stay. Each partition is whole at any
  // moment; after an error or a crash, doing it again goes on. Errors: those of both lakes.
  struct CopyReport {
    std::uint64_t partitions = 0;
    std::uint64_t partitions_changed = 0;
    std::uint64_t rows = 0;
    std::uint64_t bytes = 0;         // of all their files
    std::uint64_t bytes_copied = 0;  // of those that were not here
  };
  [[nodiscard]] Result<CopyReport> copy_from(const Lake& from);

  // The inventory, sorted by root and date. Errors: kCorrupt for a damaged manifest; names the
  // file.
  [[nodiscard]] Result<std::vector<Manifest>> partitions(const table::Table& table,
                                                         std::string_view root = "") const;
  // The inventory as it was at `at`, by the times of the commits: those partitions that existed.
  // Errors: kInvalidArgument for a time that is still to come; kNotFound where a partition has
  // changed since and LakeOptions::keep is over, or was not given; kCorrupt.
  [[nodiscard]] Result<std::vector<PastPartition>> partitions_as_of(const table::Table& table,
                                                                    Nanos at) const;
  // Nothing where there is no such partition.
  [[nodiscard]] Result<std::optional<Manifest>> find(const table::Table& table,
                                                     const PartitionKey& partition) const;

  // The same by its name: "p_root=ES/p_day=2025-06-16".
  [[nodiscard]] Result<std::optional<Manifest>> find(const table::Table& table,
                                                     const std::string& partition) const;
  // Those that have partitions of the table, sorted; none for tables of all roots.
  [[nodiscard]] Result<std::vector<std::string>> roots(const table::Table& table) const;
  // The folder of a table's manifests, which may not exist: changes.h looks at its times.
  [[nodiscard]] std::string manifests_of(const table::Table& table) const;

  // The last partition of a root; of all roots, for a table of all roots. Where a feed's cursor is.
  [[nodiscard]] Result<std::optional<Manifest>> newest(const table::Table& table,
                                                       std::string_view root) const;

  // Typed rows out of exactly the manifests' files. Errors: kQuery.
  [[nodiscard]] Result<RowCursor> read(const table::Table& table, const ReadRange& range) const;
  // The same rows handed over, batch by batch, by the thread that calls: for who needs them in no
  // order (the range asks for none, and for no number of rows) and as fast as they come. Errors:
  // those of `take`, which end it.
  using TakeRows = std::function<Status(const table::RowBatch& rows)>;
  [[nodiscard]] Status scan(const table::Table& table, const ReadRange& range,
                            const TakeRows& take) const;

  // Removes superseded files after their grace, earlier versions after LakeOptions::keep, and what
  // crashed writers left. Done by open(), too; where versions are kept, also daily by who writes.
  [[nodiscard]] Status clean();

  // Where the Parquet of a manifest's file lies. It never changes; it may vanish `grace` after the
  // manifest did.
  [[nodiscard]] std::string store_path(const DataFile& file) const;

 private:
  Lake(Env& env, std::string directory, LakeOptions options);
  [[nodiscard]] Result<PartitionWriter> writer(const table::Table& table,
                                               const PartitionKey& partition);
  [[nodiscard]] Status copy_partition(const Lake& from, const table::Table& table,
                                      const Manifest& seen, CopyReport& report);
  void clean_daily();

  Env* env_;
  std::string directory_;
  LakeOptions options_;
  std::atomic<Nanos> next_clean_ = 0;
};

}  // namespace fm::lake
