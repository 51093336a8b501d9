#include "lake/partition_writer.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "lake/merge.h"
#include "lake/merge_rule.h"
#include "lake/row_reader.h"
#include "lake/text.h"

namespace fm::lake {
namespace {

using table::RowStream;
using table::Table;

constexpr Second kHour = 3600;
// How often compact() begins anew because somebody rewrote the partition meanwhile.
constexpr int kCompactAttempts = 5;

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

DataFile file_of(const ParquetReport& written) {
  return {.name = written.hash,
          .rows = written.rows,
          .bytes = written.bytes,
          .first_key = written.first_key,
          .last_key = written.last_key,
          .first_second = written.first_second,
          .last_second = written.last_second};
}

std::vector<DataFile> files_of(const ParquetReport& written) {
  if (written.rows == 0) return {};
  return {file_of(written)};
}

std::string hash_of_partition(const Table& table, const std::vector<DataFile>& files) {
  if (files.empty()) return table::RowHasher(table).digest().hex();
  if (files.size() == 1) return files.front().name;
  return hash_of_parts(files);
}

// A tool that lists a directory and leaves out the names that are gone when it looks closer
// (DuckDB's glob does) would take those that stayed for all. So either all names stay or none.
std::uint64_t next_generation(const Manifest& old, const std::vector<DataFile>& files) {
  const auto stays = [&](const DataFile& file) {
    return std::ranges::any_of(files, [&](const DataFile& f) { return f.name == file.name; });
  };
  const auto staying = static_cast<std::size_t>(std::ranges::count_if(old.files, stays));
  if (staying == 0) return 0;
  return staying == old.files.size() ? old.generation : old.generation + 1;
}

// Since when the partition holds each of its files, and no file left it.
void stamp(const std::optional<Manifest>& old, Manifest& manifest) {
  if (old) manifest.created = std::max(old->created + 1, manifest.created);
  manifest.began = old ? old->began : manifest.created;
  manifest.since = old ? old->since : manifest.created;
  for (DataFile& file : manifest.files) file.since = manifest.created;
  if (!old) return;
  for (const DataFile& stored : old->files) {
    const auto stays = std::ranges::find(manifest.files, stored.name, &DataFile::name);
    if (stays == manifest.files.end())
      manifest.since = manifest.created;
    else
      stays->since = stored.since;
  }
}

std::string text_of(std::optional<Second> second) { return second ? iso_second(*second) : "none"; }

bool is_in_hour(const DataFile& file, Second hour) {
  if (!file.first_second) return false;
  return hour <= *file.first_second && *file.first_second < hour + kHour;
}

struct Group {
  std::size_t first = 0;
  std::size_t count = 0;
};

// The next neighbours that make one part.
std::optional<Group> group_to_merge(const Manifest& manifest, Compact what) {
  const auto& files = manifest.files;
  if (what == Compact::kEverything) {
    if (files.size() < 2) return std::nullopt;
    return Group{0, files.size()};
  }
  for (std::size_t first = 0; first < files.size();) {
    std::size_t end = first + 1;
    if (const auto second = files[first].first_second) {
      const Second hour = *second - ((*second % kHour) + kHour) % kHour;
      while (end < files.size() && is_in_hour(files[end], hour)) ++end;
      const bool closed = manifest.final_to && *manifest.final_to >= hour + kHour;
      if (closed && end - first > 1) return Group{first, end - first};
    }
    first = end;
  }
  return std::nullopt;
}

// Rows of an append lie between the cursors: what was stored under the old one cannot come again.
Status check_times(const RowSet& rows, std::optional<Second> from, Second to) {
  const auto column = key_time_column(rows.table());
  FM_ASSERT(column.has_value());
  constexpr std::int64_t kMicrosPerSecond = 1'000'000;
  for (const table::RowBatch& batch : rows.batches()) {
    const auto times = batch.int64s(*column).first(batch.size());
    for (std::size_t row = 0; row < times.size(); ++row) {
      if (times[row] < to * kMicrosPerSecond && (!from || times[row] >= *from * kMicrosPerSecond))
        continue;
      return fail(Code::kInvalidArgument,
                  "{}.{}: a row has the key {}; expected times from {} up to, not "
                  "including, the cursor {}",
                  rows.table().dataset, rows.table().name, key_text(batch, row), text_of(from),
                  iso_second(to));
    }
  }
  return {};
}

}  // namespace

PartitionWriter::PartitionWriter(Env& env, Store store, const Table& table, PartitionKey partition,
                                 std::string name, Nanos patience)
    : env_(&env),
      store_(std::move(store)),
      table_(&table),
      partition_(std::move(partition)),
      table_name_(fmt::format("{}.{}", table.dataset, table.name)),
      name_(std::move(name)),
      patience_(patience) {}

Result<PartitionWriter> PartitionWriter::create(Env& env, Store store, const Table& table,
                                                const PartitionKey& partition, Nanos patience) {
  FM_ASSIGN(std::string name, partition.directory(table));
  return PartitionWriter(env, std::move(store), table, partition, std::move(name), patience);
}

Result<PartitionWriter::Lock> PartitionWriter::lock() const {
  return store_.lock_partition(table_name_, name_, patience_);
}

Result<std::optional<Manifest>> PartitionWriter::read() const {
  return store_.read(table_name_, name_);
}

Manifest PartitionWriter::manifest_of(const std::optional<Manifest>& old,
                                      std::vector<DataFile> files, const CommitInfo& info) const {
  Manifest manifest{.table = table_name_,
                    .partition = name_,
                    .version = 1,
                    .files = std::move(files),
                    .generation = 0,
                    .rows = 0,
                    .hash = "",
                    .sources = info.sources,
                    .parameters = info.parameters,
                    .engine_version = info.engine_version,
                    .final_to = info.final_to,
                    .supersedes = {},
                    .created = env_->now(),
                    .began = 0,
                    .since = 0};
  for (const DataFile& file : manifest.files) manifest.rows += file.rows;
  manifest.hash = hash_of_partition(*table_, manifest.files);
  stamp(old, manifest);
  return manifest;
}

Result<ParquetReport> PartitionWriter::write(RowStream& rows, const Store::Draft& draft) {
  PartitionGuard guarded(rows, partition_);
  return write_parquet(*env_, draft.path, guarded);
}

Result<CommitReport> PartitionWriter::commit(const std::optional<Manifest>& old, Manifest manifest,
                                             const Store::Draft& draft, const std::string& new_part,
                                             const CommitInfo& info) {
  const auto report = [&](const Manifest& stored, bool unchanged) {
    return CommitReport{.unchanged = unchanged,
                        .rows = stored.rows,
                        .bytes = stored.bytes(),
                        .hash = stored.hash,
                        .directory = store_.visible_path(table_name_, name_)};
  };
  if (old) {
    if (info.refuse_other_parameters && old->parameters != info.parameters)
      return std::unexpected(
          Error(Code::kConflict, fmt::format("{} {}: was made with the parameters {}; found {}",
                                             table_name_, name_, old->parameters, info.parameters))
              .hint("Use the same parameters, or say that the stored rows may be replaced."));
    manifest.version = old->version + 1;
    manifest.generation = next_generation(*old, manifest.files);
    manifest.supersedes = store_.superseded_by(old, manifest.files);
    if (old->hash == manifest.hash) {
      // The same cells may lie in another file of other size: the stored one stays.
      manifest.files = old->files;
      if (!same_accounts(*old, info)) FM_TRY(store_.republish(manifest, draft));
      FM_TRY(store_.ensure_visible(*old, draft));
      return report(*old, true);
    }
  }
  FM_ASSERT(manifest.files.empty() == (manifest.rows == 0));
  // An earlier version may have left the same rows in the store: then that file counts.
  for (DataFile& file : manifest.files) {
    if (file.name != new_part) continue;
    const auto part = env_->info(store_.part_path(file.name));
    if (part) file.bytes = part->size_bytes;
  }
  FM_TRY(store_.publish(old, manifest, draft, new_part));
  return report(manifest, false);
}

Result<CommitReport> PartitionWriter::replace(RowStream& rows, const CommitInfo& info) {
  FM_ASSIGN(auto begun, store_.begin_draft());
  const DraftOwner draft(store_, std::move(begun));
  FM_ASSIGN(const ParquetReport written, write(rows, draft.get()));
  FM_ASSIGN(const Lock held, lock());
  FM_ASSIGN(const auto old, read());
  return commit(old, manifest_of(old, files_of(written), info), draft.get(),
                written.rows == 0 ? "" : written.hash, info);
}

Result<CommitReport> PartitionWriter::rewrite(const std::optional<Manifest>& old,
                                              const RowSet& fresh, Dates dropped,
                                              const CommitInfo& info) {
  FM_ASSIGN(auto begun, store_.begin_draft());
  const DraftOwner draft(store_, std::move(begun));
  FM_ASSIGN(const auto stored,
            read_in_order(store_, *table_, old ? old->files : std::vector<DataFile>{}));
  RowSetStream fresh_rows(fresh);
  UpdatedRows rows(*stored, fresh_rows, std::move(dropped));
  FM_ASSIGN(const ParquetReport written, write(rows, draft.get()));
  // Several files of the same rows stay as they are.
  if (old && !rows.changed())
    return commit(old, manifest_of(old, old->files, info), draft.get(), "", info);
  return commit(old, manifest_of(old, files_of(written), info), draft.get(),
                written.rows == 0 ? "" : written.hash, info);
}

Result<CommitReport> PartitionWriter::adopt(const Manifest& theirs, const Store& from,
                                            std::uint64_t& bytes_copied) {
  const CommitInfo info{.sources = theirs.sources,
                        .parameters = theirs.parameters,
                        .engine_version = theirs.engine_version,
                        .final_to = theirs.final_to};
  FM_ASSIGN(const Lock held, lock());
  FM_ASSIGN(const auto old, read());
  for (const DataFile& file : theirs.files) {
    FM_ASSIGN(const std::uint64_t bytes, store_.import_part(file.name, from.part_path(file.name)));
    bytes_copied += bytes;
  }
  FM_ASSIGN(auto begun, store_.begin_draft());
  const DraftOwner draft(store_, std::move(begun));
  return commit(old, manifest_of(old, theirs.files, info), draft.get(), "", info);
}

Result<CommitReport> PartitionWriter::append(const RowSet& fresh, const CommitInfo& info,
                                             std::optional<Second> expected_final_to) {
  FM_ASSERT(info.final_to.has_value());
  if (expected_final_to && *info.final_to < *expected_final_to)
    return fail(Code::kInvalidArgument, "{} {}: an append would move the cursor back from {} to {}",
                table_name_, name_, iso_second(*expected_final_to), iso_second(*info.final_to));
  FM_TRY(check_times(fresh, expected_final_to, *info.final_to));
  FM_ASSIGN(const Lock held, lock());
  FM_ASSIGN(const auto old, read());
  const auto stored = old ? old->final_to : std::nullopt;
  if (stored != expected_final_to)
    return std::unexpected(
        Error(Code::kConflict, fmt::format("{} {}: is final to {}; expected {}", table_name_, name_,
                                           text_of(stored), text_of(expected_final_to)))
            .hint("Append what comes after the stored rows: another writer, or an earlier try, "
                  "has stored some."));
  if (old && !stored && old->rows > 0)
    return std::unexpected(
        Error(Code::kConflict,
              fmt::format("{} {}: holds {} rows without saying up to when they are final",
                          table_name_, name_, old->rows))
            .hint("Replace the partition, or merge the rows into it."));
  if (old && !fresh.empty() && old->files.size() >= kFilesMax) return rewrite(old, fresh, {}, info);

  FM_ASSIGN(auto begun, store_.begin_draft());
  const DraftOwner draft(store_, std::move(begun));
  auto files = old ? old->files : std::vector<DataFile>{};
  if (fresh.empty())
    return commit(old, manifest_of(old, std::move(files), info), draft.get(), "", info);
  RowSetStream rows(fresh);
  FM_ASSIGN(const ParquetReport written, write(rows, draft.get()));
  files.push_back(file_of(written));
  return commit(old, manifest_of(old, std::move(files), info), draft.get(), written.hash, info);
}

Result<CommitReport> PartitionWriter::update(const RowSet& fresh, Dates dropped,
                                             const CommitInfo& info) {
  FM_ASSIGN(const Lock held, lock());
  FM_ASSIGN(const auto old, read());
  CommitInfo now = info;
  if (old && old->final_to)
    now.final_to = std::max(*old->final_to, now.final_to.value_or(*old->final_to));
  // What lies behind the cursor would be appended again.
  if (now.final_to && key_time_column(*table_)) FM_TRY(check_times(fresh, {}, *now.final_to));
  return rewrite(old, fresh, std::move(dropped), now);
}

Result<CommitReport> PartitionWriter::merge_sorted(RowStream& fresh, MergeRule& rule) {
  FM_ASSIGN(const Lock held, lock());
  FM_ASSIGN(const auto old, read());
  FM_TRY(rule.begin(old));
  FM_ASSIGN(auto begun, store_.begin_draft());
  const DraftOwner draft(store_, std::move(begun));
  FM_ASSIGN(const auto stored,
            read_in_order(store_, *table_, old ? old->files : std::vector<DataFile>{}));
  RuledRows rows(*stored, fresh, rule);
  FM_ASSIGN(const ParquetReport written, write(rows, draft.get()));
  CommitInfo info = rule.finish();
  // Rows from elsewhere say nothing of how far a feed has come.
  if (old) info.final_to = old->final_to;
  if (old && !rows.changed())
    return commit(old, manifest_of(old, old->files, info), draft.get(), "", info);
  return commit(old, manifest_of(old, files_of(written), info), draft.get(),
                written.rows == 0 ? "" : written.hash, info);
}

// False when the files are not the partition's any more.
Result<bool> PartitionWriter::compact_group(const Manifest& seen, std::size_t first,
                                            std::size_t count, CompactReport& report) {
  const std::vector<DataFile> group(
      seen.files.begin() + static_cast<std::ptrdiff_t>(first),
      seen.files.begin() + static_cast<std::ptrdiff_t>(first + count));
  auto stored = read_in_order(store_, *table_, group);
  if (!stored) {
    if (stored.error().code() == Code::kNotFound) return false;
    return std::unexpected(std::move(stored).error());
  }
  FM_ASSIGN(auto begun, store_.begin_draft());
  const DraftOwner draft(store_, std::move(begun));
  FM_ASSIGN(const ParquetReport written, write(**stored, draft.get()));
  DataFile merged = file_of(written);
  for (const DataFile& file : group) merged.merged_from.push_back(file.name);

  // The rows were merged without the lock: the feed appends meanwhile.
  FM_ASSIGN(const Lock held, lock());
  FM_ASSIGN(const auto old, read());
  if (!old) return false;
  auto files = old->files;
  const auto found = std::ranges::search(files, group);
  if (found.empty()) return false;
  const auto place = files.erase(found.begin(), found.end());
  files.insert(place, merged);
  const CommitInfo info{.sources = old->sources,
                        .parameters = old->parameters,
                        .engine_version = old->engine_version,
                        .final_to = old->final_to,
                        .refuse_other_parameters = false};
  Manifest next = manifest_of(old, std::move(files), info);
  merged.since = next.created;
  FM_TRY(commit(old, std::move(next), draft.get(), merged.name, info));
  std::erase_if(report.made, [&](const DataFile& made) { return made.name == merged.name; });
  report.made.push_back(std::move(merged));
  return true;
}

Result<CompactReport> PartitionWriter::compact(Compact what) {
  CompactReport report;
  for (int attempt = 0; attempt < kCompactAttempts;) {
    FM_ASSIGN(const auto seen, read());
    if (!seen) return report;
    if (report.made.empty()) report.files_before = seen->files.size();
    report.files_after = seen->files.size();
    report.hash = seen->hash;
    const auto group = group_to_merge(*seen, what);
    if (!group) return report;
    FM_ASSIGN(const bool done, compact_group(*seen, group->first, group->count, report));
    attempt = done ? 0 : attempt + 1;
  }
  return fail(Code::kBusy, "{} {}: was rewritten {} times while its parts were being merged",
              table_name_, name_, kCompactAttempts);
}

}  // namespace fm::lake
