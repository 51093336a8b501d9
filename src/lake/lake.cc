#include "lake/lake.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/assert.h"
#include "lake/merge.h"
#include "lake/parquet_writer.h"
#include "lake/row_reader.h"
#include "lake/store.h"

namespace fm::lake {
namespace {

std::string full_name(const table::Table& table) {
  return fmt::format("{}.{}", table.dataset, table.name);
}

std::string default_state_dir(std::string directory) {
  while (directory.size() > 1 && directory.back() == '/') directory.pop_back();
  return join(parent_of(directory), fmt::format("frontmonth-state-{}", base_name(directory)));
}

Store store_of(Env& env, const std::string& directory, const LakeOptions& options) {
  return {env, directory, options.state_dir, options.grace, options.lock_patience};
}

// Drops the draft at the end of every path through a commit.
class DraftOwner {
 public:
  DraftOwner(const Store& store, Store::Draft draft) : store_(&store), draft_(std::move(draft)) {}
  ~DraftOwner() { store_->end_draft(draft_); }
  DraftOwner(const DraftOwner&) = delete;
  DraftOwner& operator=(const DraftOwner&) = delete;
  [[nodiscard]] const Store::Draft& get() const { return draft_; }

 private:
  const Store* store_;
  Store::Draft draft_;
};

bool same_accounts(const Manifest& manifest, const CommitInfo& info) {
  return manifest.sources == info.sources && manifest.parameters == info.parameters &&
         manifest.final_to == info.final_to;
}

Manifest manifest_of(const std::string& table, const std::string& partition,
                     const ParquetReport& written, const CommitInfo& info, Nanos now) {
  Manifest manifest{.table = table,
                    .partition = partition,
                    .version = 1,
                    .files = {},
                    .rows = written.rows,
                    .hash = written.hash,
                    .sources = info.sources,
                    .parameters = info.parameters,
                    .engine_version = info.engine_version,
                    .final_to = info.final_to,
                    .supersedes = {},
                    .created = now};
  if (written.rows > 0)
    manifest.files.push_back({.name = written.hash,
                              .rows = written.rows,
                              .bytes = written.bytes,
                              .first_key = written.first_key,
                              .last_key = written.last_key});
  return manifest;
}

CommitReport report_of(const Store& store, const Manifest& manifest, bool unchanged) {
  return {.unchanged = unchanged,
          .rows = manifest.rows,
          .bytes = manifest.bytes(),
          .hash = manifest.hash,
          .directory = store.visible_path(manifest.table, manifest.partition)};
}

// The caller holds the partition's lock.
Result<CommitReport> commit(Env& env, const Store& store, Manifest manifest,
                            const Store::Draft& draft, const CommitInfo& info) {
  FM_ASSIGN(const auto old, store.read(manifest.table, manifest.partition));
  if (old) {
    if (info.refuse_other_parameters && old->parameters != info.parameters)
      return std::unexpected(
          Error(Code::kConflict,
                fmt::format("{} {}: was made with the parameters {}; found {}", manifest.table,
                            manifest.partition, old->parameters, info.parameters))
              .hint("Use the same parameters, or say that the stored rows may be replaced."));
    manifest.version = old->version + 1;
    manifest.supersedes = store.superseded_by(old, manifest.files);
    if (old->hash == manifest.hash) {
      // The same cells may lie in another file of other size: the stored one stays.
      manifest.files = old->files;
      if (!same_accounts(*old, info)) FM_TRY(store.republish(manifest, draft));
      FM_TRY(store.ensure_visible(*old, draft));
      return report_of(store, *old, true);
    }
  }
  FM_ASSERT(manifest.files.empty() == (manifest.rows == 0));
  // An earlier version may have left the same rows in the store: then that file counts.
  if (!manifest.files.empty()) {
    const auto part = env.info(store.part_path(manifest.files.front().name));
    if (part) manifest.files.front().bytes = part->size_bytes;
  }
  FM_TRY(store.publish(old, manifest, draft));
  return report_of(store, manifest, false);
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

Result<CommitReport> Lake::replace(const table::Table& table, const PartitionKey& partition,
                                   table::RowStream& rows, const CommitInfo& info) {
  FM_ASSERT(&rows.table() == &table);
  const Store store = store_of(*env_, directory_, options_);
  const std::string name = full_name(table);
  FM_ASSIGN(const std::string partition_name, partition.directory(table));
  FM_ASSIGN(auto begun, store.begin_draft());
  const DraftOwner draft(store, std::move(begun));
  PartitionGuard guarded(rows, partition);
  FM_ASSIGN(const auto written, write_parquet(*env_, draft.get().path, guarded));
  FM_ASSIGN(const auto lock, store.lock_partition(name, partition_name, options_.lock_patience));
  return commit(*env_, store, manifest_of(name, partition_name, written, info, env_->now()),
                draft.get(), info);
}

Result<CommitReport> Lake::replace_dates(const table::Table& table, std::string_view root,
                                         table::RowStream& rows, const CommitInfo& info) {
  FM_ASSERT(&rows.table() == &table);
  FM_ASSIGN(const RowSet fresh, RowSet::read(rows));
  if (fresh.batches().empty())
    return fail(Code::kInvalidArgument, "{}: no rows, so no dates to replace", full_name(table));
  const PartitionKey partition{.root = std::string(root), .date = fresh.first_date()};
  FM_ASSIGN(const std::string partition_name, partition.directory(table));
  const Store store = store_of(*env_, directory_, options_);
  const std::string name = full_name(table);
  FM_ASSIGN(const auto lock, store.lock_partition(name, partition_name, options_.lock_patience));
  FM_ASSIGN(const auto old, store.read(name, partition_name));
  RowSet stored(table);
  if (old) {
    FM_ASSIGN(auto cursor, read_files(store, table, {*old}, ReadRange{}));
    FM_ASSIGN(stored, RowSet::read(*cursor));
  }
  FM_ASSIGN(const auto merged, merge_dates(stored, fresh));
  FM_ASSIGN(auto begun, store.begin_draft());
  const DraftOwner draft(store, std::move(begun));
  RowSetStream stream(merged);
  PartitionGuard guarded(stream, partition);
  FM_ASSIGN(const auto written, write_parquet(*env_, draft.get().path, guarded));
  return commit(*env_, store, manifest_of(name, partition_name, written, info, env_->now()),
                draft.get(), info);
}

Result<std::vector<Manifest>> Lake::partitions(const table::Table& table,
                                               std::string_view root) const {
  return store_of(*env_, directory_, options_).read_all(full_name(table), root);
}

Result<std::optional<Manifest>> Lake::find(const table::Table& table,
                                           const PartitionKey& partition) const {
  FM_ASSIGN(const std::string name, partition.directory(table));
  return store_of(*env_, directory_, options_).read(full_name(table), name);
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

Status Lake::clean() { return store_of(*env_, directory_, options_).clean(); }

std::string Lake::store_path(const DataFile& file) const {
  return store_of(*env_, directory_, options_).part_path(file.name);
}

}  // namespace fm::lake
