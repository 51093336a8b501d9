#include "lake/lake.h"

#include <utility>

#include "base/assert.h"
#include "base/log.h"
#include "lake/files.h"
#include "lake/partition_writer.h"
#include "lake/row_reader.h"
#include "lake/row_set.h"
#include "lake/store.h"

namespace fm::lake {
namespace {

constexpr Nanos kCleanInterval = 24 * 3'600 * kNanosPerSecond;

std::string full_name(const table::Table& table) {
  return fmt::format("{}.{}", table.dataset, table.name);
}

std::string default_state_dir(std::string directory) {
  while (directory.size() > 1 && directory.back() == '/') directory.pop_back();
  return join(parent_of(directory), fmt::format("frontmonth-state-{}", base_name(directory)));
}

Store store_of(Env& env, const std::string& directory, const LakeOptions& options) {
  return {env, directory, options.state_dir, options.grace, options.lock_patience, options.keep};
}

}  // namespace

Lake::Lake(Env& env, std::string directory, LakeOptions options)
    : env_(&env), directory_(std::move(directory)), options_(std::move(options)) {
  while (directory_.size() > 1 && directory_.back() == '/') directory_.pop_back();
  if (options_.state_dir.empty()) options_.state_dir = default_state_dir(directory_);
}

Result<std::unique_ptr<Lake>> Lake::open(Env& env, std::string directory, LakeOptions options) {
  auto lake = view(env, std::move(directory), std::move(options));
  FM_TRY(store_of(env, lake->directory_, lake->options_).prepare());
  FM_TRY(lake->clean());
  return lake;
}

std::unique_ptr<Lake> Lake::view(Env& env, std::string directory, LakeOptions options) {
  return std::unique_ptr<Lake>(new Lake(env, std::move(directory), std::move(options)));
}

// Commits do not look through earlier versions for parts that nobody needs any more: there may be
// thousands.
void Lake::clean_daily() {
  const Nanos now = env_->now();
  Nanos due = next_clean_;
  if (options_.keep == 0 || now < due) return;
  if (!next_clean_.compare_exchange_strong(due, now + kCleanInterval)) return;
  if (due == 0) return;  // open() has just done it
  if (const Status cleaned = clean(); !cleaned)
    log_warning("{}: what is no longer kept could not be removed: {}", directory_,
                cleaned.error().message());
}

Result<PartitionWriter> Lake::writer(const table::Table& table, const PartitionKey& partition) {
  clean_daily();
  return PartitionWriter::create(*env_, store_of(*env_, directory_, options_), table, partition,
                                 options_.lock_patience);
}

Result<CommitReport> Lake::replace(const table::Table& table, const PartitionKey& partition,
                                   table::RowStream& rows, const CommitInfo& info) {
  FM_ASSERT(&rows.table() == &table);
  FM_ASSIGN(PartitionWriter to, writer(table, partition));
  return to.replace(rows, info);
}

Result<CommitReport> Lake::replace_dates(const table::Table& table, std::string_view root,
                                         table::RowStream& rows, const CommitInfo& info) {
  FM_ASSERT(&rows.table() == &table);
  FM_ASSIGN(const RowSet fresh, RowSet::read_sorted(rows));
  if (fresh.empty())
    return fail(Code::kInvalidArgument, "{}: no rows, so no dates to replace", full_name(table));
  FM_ASSIGN(PartitionWriter to,
            writer(table, {.root = std::string(root), .date = fresh.first_date()}));
  return to.update(fresh, fresh.dates(), info);
}

Result<CommitReport> Lake::append(const table::Table& table, const PartitionKey& partition,
                                  table::RowStream& rows, const CommitInfo& info,
                                  std::optional<Second> expected_final_to) {
  FM_ASSERT(&rows.table() == &table);
  FM_ASSIGN(PartitionWriter to, writer(table, partition));
  FM_ASSIGN(const RowSet fresh, RowSet::read_sorted(rows));
  return to.append(fresh, info, expected_final_to);
}

Result<CommitReport> Lake::merge(const table::Table& table, const PartitionKey& partition,
                                 table::RowStream& rows, const CommitInfo& info) {
  FM_ASSERT(&rows.table() == &table);
  FM_ASSIGN(PartitionWriter to, writer(table, partition));
  FM_ASSIGN(const RowSet fresh, RowSet::read_sorted(rows));
  return to.update(fresh, {}, info);
}

Result<CommitReport> Lake::merge_sorted(const table::Table& table, const PartitionKey& partition,
                                        table::RowStream& rows, MergeRule& rule) {
  FM_ASSERT(&rows.table() == &table);
  FM_ASSIGN(PartitionWriter to, writer(table, partition));
  return to.merge_sorted(rows, rule);
}

Result<CompactReport> Lake::compact(const table::Table& table, const PartitionKey& partition,
                                    Compact what) {
  FM_ASSIGN(PartitionWriter to, writer(table, partition));
  return to.compact(what);
}

Status Lake::copy_partition(const Lake& from, const table::Table& table, const Manifest& seen,
                            CopyReport& report) {
  const Store theirs = store_of(*env_, from.directory_, from.options_);
  FM_ASSIGN(PartitionWriter to, writer(table, seen.key()));
  std::optional<Manifest> manifest = seen;
  for (int attempt = 0;; ++attempt) {
    auto copied = to.adopt(*manifest, theirs, report.bytes_copied);
    if (copied) {
      ++report.partitions;
      report.partitions_changed += copied->unchanged ? 0 : 1;
      report.rows += copied->rows;
      report.bytes += copied->bytes;
      return {};
    }
    // As in read(): a file may vanish a grace after its manifest.
    if (copied.error().code() != Code::kNotFound || attempt == 1)
      return std::unexpected(std::move(copied).error());
    FM_ASSIGN(manifest, theirs.read(seen.table, seen.partition));
    if (!manifest) return {};
  }
}

Result<Lake::CopyReport> Lake::copy_from(const Lake& from) {
  CopyReport report;
  for (const table::Table& table : table::all_tables()) {
    FM_ASSIGN(const auto manifests, from.partitions(table));
    for (const Manifest& manifest : manifests)
      FM_TRY(copy_partition(from, table, manifest, report));
  }
  return report;
}

Result<std::vector<Manifest>> Lake::partitions(const table::Table& table,
                                               std::string_view root) const {
  return store_of(*env_, directory_, options_).read_all(full_name(table), root);
}

Result<std::vector<PastPartition>> Lake::partitions_as_of(const table::Table& table,
                                                          Nanos at) const {
  FM_TRY(check_as_of(*env_, at));
  const Store store = store_of(*env_, directory_, options_);
  FM_ASSIGN(const auto manifests, store.read_all(full_name(table), ""));
  std::vector<PastPartition> past;
  for (const Manifest& present : manifests) {
    FM_ASSIGN(auto files, store.history().files_at(present, at));
    if (files) past.push_back({.partition = present.partition, .files = *std::move(files)});
  }
  return past;
}

Result<std::optional<Manifest>> Lake::find(const table::Table& table,
                                           const PartitionKey& partition) const {
  FM_ASSIGN(const std::string name, partition.directory(table));
  return store_of(*env_, directory_, options_).read(full_name(table), name);
}

Result<std::optional<Manifest>> Lake::find(const table::Table& table,
                                           const std::string& partition) const {
  return store_of(*env_, directory_, options_).read(full_name(table), partition);
}

Result<std::vector<std::string>> Lake::roots(const table::Table& table) const {
  constexpr std::string_view kFolder = "p_root=";
  FM_ASSIGN(const auto names, list_or_empty(*env_, manifests_of(table)));
  std::vector<std::string> found;
  for (const std::string& name : names)
    if (name.starts_with(kFolder)) found.push_back(name.substr(kFolder.size()));
  return found;
}

std::string Lake::manifests_of(const table::Table& table) const {
  return store_of(*env_, directory_, options_).manifests_of(full_name(table));
}

Result<std::optional<Manifest>> Lake::newest(const table::Table& table,
                                             std::string_view root) const {
  return store_of(*env_, directory_, options_).read_last(full_name(table), root);
}

Result<RowCursor> Lake::read(const table::Table& table, const ReadRange& range) const {
  const Store store = store_of(*env_, directory_, options_);
  for (int attempt = 0;; ++attempt) {
    FM_ASSIGN(const auto manifests, store.read_all(full_name(table), range.root));
    auto cursor = read_files(store, table, manifests, range);
    // A file may vanish when its manifest was read a grace ago; a fresh manifest names fresh files.
    if (cursor || cursor.error().code() != Code::kNotFound || attempt == 1) return cursor;
  }
}

Status Lake::scan(const table::Table& table, const ReadRange& range, const TakeRows& take) const {
  const Store store = store_of(*env_, directory_, options_);
  bool has_begun = false;
  const auto take_first = [&](const table::RowBatch& rows) {
    has_begun = true;
    return take(rows);
  };
  for (int attempt = 0;; ++attempt) {
    FM_ASSIGN(const auto manifests, store.read_all(full_name(table), range.root));
    const Status scanned = scan_files(store, table, manifests, range, take_first);
    const bool has_vanished = !scanned && scanned.error().code() == Code::kNotFound && !has_begun;
    if (!has_vanished || attempt == 1) return scanned;
  }
}

Result<std::string> Lake::id() { return store_of(*env_, directory_, options_).make_id(); }

Status Lake::take_id_of(const Lake& other) {
  FM_ASSIGN(const auto id, store_of(*other.env_, other.directory_, other.options_).id());
  const Store store = store_of(*env_, directory_, options_);
  FM_ASSIGN(const auto present, store.id());
  return !id || id == present ? Status{} : store.set_id(*id);
}

Status Lake::clean() { return store_of(*env_, directory_, options_).clean(); }

std::string Lake::store_path(const DataFile& file) const {
  return store_of(*env_, directory_, options_).part_path(file.name);
}

}  // namespace fm::lake
