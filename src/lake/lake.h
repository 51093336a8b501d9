// The lake: plain hive-partitioned Parquet that any tool reads as it is, changed one whole
// partition at a time.
//
//   FM_ASSIGN(auto lake, Lake::open(env, "lake"));
//   FM_ASSIGN(const auto report, lake->replace(table::candles_1m(), {.root = "ES", .date = day},
//   rows, info));
//
// Layout, manifests, commit steps and what a reader may rely on: docs/formats/lake.md.
#pragma once

#include <cstdint>
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

struct LakeOptions {
  // Locks and other state. Empty: DIR/../frontmonth-state-<name of DIR>.
  std::string state_dir;
  // How long files that no manifest names any more stay for readers that have just read an older
  // one.
  Nanos grace = 15 * 60 * kNanosPerSecond;
  Nanos lock_patience = 120 * kNanosPerSecond;
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

// Which rows to read. Empty or absent means any.
struct ReadRange {
  std::string root = "";
  std::optional<Date> from = {};    // of the partition column, included
  std::optional<Date> before = {};  // excluded
  bool newest_first = false;        // otherwise in the order of the table's key
  std::optional<std::uint64_t> rows_max = {};
};

// Rows that are read as they are asked for.
using RowCursor = std::unique_ptr<table::RowStream>;

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

  // The inventory, sorted by root and date. Errors: kCorrupt for a damaged manifest; names the
  // file.
  [[nodiscard]] Result<std::vector<Manifest>> partitions(const table::Table& table,
                                                         std::string_view root = "") const;
  // Nothing where there is no such partition.
  [[nodiscard]] Result<std::optional<Manifest>> find(const table::Table& table,
                                                     const PartitionKey& partition) const;

  // Typed rows out of exactly the manifests' files. Errors: kQuery.
  [[nodiscard]] Result<RowCursor> read(const table::Table& table, const ReadRange& range) const;

  // Removes superseded files after their grace and what crashed writers left. Done by open(), too.
  [[nodiscard]] Status clean();

  // Where the Parquet of a manifest's file lies. It never changes; it may vanish `grace` after the
  // manifest did.
  [[nodiscard]] std::string store_path(const DataFile& file) const;

 private:
  Lake(Env& env, std::string directory, LakeOptions options);

  Env* env_;
  std::string directory_;
  LakeOptions options_;
};

}  // namespace fm::lake
