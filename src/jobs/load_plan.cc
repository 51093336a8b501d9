#include "jobs/load_plan.h"

#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "base/log.h"
#include "jobs/load_daily.h"

namespace fm::jobs {
namespace {

bool same_on_disk(const ops::LoadedFile& load, const FileInfo& info) {
  return load.size_bytes == info.size_bytes && load.modified == info.modified &&
         load.inode == info.inode;
}

// Decides for each file what is to be done with it.
class Planner {
 public:
  Planner(Env& env, const LoadOptions& options, const LoadsKnown& known,
          std::function<void(std::uint64_t bytes)> on_progress)
      : env_(env), options_(options), known_(known), on_progress_(std::move(on_progress)) {}

  void plan(LoadSource& source) {
    source.account.path = source.file->path;
    source.account.size_bytes = source.file->info.size_bytes;
    source.account.modified = source.file->info.modified;
    source.account.inode = source.file->info.inode;
    const ops::LoadedFile* const load = source.pipe ? nullptr : known_.of_path(source.file->path);
    if (load != nullptr && !options_.rehash && same_on_disk(*load, source.file->info) &&
        take_over(*load, source))
      return;
    look_at(env_, options_.dataset, source);
    if (source.pipe) source.pipe->seal();
    if (source.action != LoadAction::kLoad) return;
    if (options_.test_one &&
        !tested_.emplace(source.glimpsed_roots, source.account.schema.value_or("")).second) {
      source.action = LoadAction::kLeft;
      return;
    }
    if (source.pipe) return;  // what it holds is known when it has been loaded
    // A dry run does not read files through: only what is known without is told.
    if (options_.dry_run && !options_.rehash) return;
    check_content(env_, source, on_progress_);
    if (source.action == LoadAction::kLoad) find_copy(source);
  }

 private:
  // What became of the file earlier still holds.
  static bool take_over(const ops::LoadedFile& load, LoadSource& source) {
    if (load.status == ops::LoadStatus::kRunning || load.status == ops::LoadStatus::kFailed)
      return false;
    const bool is_refused = load.status == ops::LoadStatus::kRefused;
    // A newer program may know what an older one refused.
    if (is_refused && load.engine_version != FM_VERSION) return false;
    source.account = load;
    source.is_news = false;
    source.action = is_refused ? LoadAction::kRefused : LoadAction::kUnchanged;
    if (is_refused) source.why = load.error_message.value_or("");
    return true;
  }

  void find_copy(LoadSource& source) {
    const std::string& hash = source.account.content_hash;
    const ops::LoadedFile* const load = known_.of_content(hash);
    if (load != nullptr && load->path == source.account.path) {
      ops::LoadedFile account = *load;
      account.size_bytes = source.account.size_bytes;
      account.modified = source.account.modified;
      account.inode = source.account.inode;
      source.account = std::move(account);
      source.action = LoadAction::kUnchanged;
      return;
    }
    const auto [first, is_new] = hashes_.emplace(hash, source.account.path);
    if (load == nullptr && is_new) return;
    source.action = LoadAction::kCopy;
    source.why = fmt::format("a copy of {}", load != nullptr ? load->path : first->second);
  }

  Env& env_;
  const LoadOptions& options_;
  const LoadsKnown& known_;
  std::function<void(std::uint64_t bytes)> on_progress_;
  std::set<std::pair<std::string, std::string>> tested_;
  std::map<std::string, std::string> hashes_;  // of this run's files, and the first that has it
};

}  // namespace

LoadsKnown::LoadsKnown(std::vector<ops::LoadedFile> loads) : loads_(std::move(loads)) {
  for (const ops::LoadedFile& load : loads_) {
    by_path_[load.path] = &load;  // the newest comes last
    if (load.status == ops::LoadStatus::kSuccess) by_hash_.emplace(load.content_hash, &load);
  }
}

const ops::LoadedFile* LoadsKnown::of_path(std::string_view path) const {
  const auto found = by_path_.find(path);
  return found == by_path_.end() ? nullptr : found->second;
}

const ops::LoadedFile* LoadsKnown::of_content(std::string_view hash) const {
  const auto found = by_hash_.find(hash);
  return found == by_hash_.end() ? nullptr : found->second;
}

Result<std::vector<ops::LoadedFile>> loads_in_lake(const lake::Lake& lake,
                                                   std::vector<ops::LoadedFile> loads) {
  std::set<std::string, std::less<>> empty;
  for (const LoadKind& kind : load_kinds()) {
    FM_ASSIGN(const auto partitions, lake.partitions(*kind.table));
    if (partitions.empty()) empty.emplace(dbn::name(kind.schema));
  }
  for (const auto& [schema, table] : daily_tables()) {
    FM_ASSIGN(const auto partitions, lake.partitions(*table));
    if (partitions.empty()) empty.emplace(schema);
  }
  const std::size_t before = loads.size();
  std::erase_if(loads, [&](const ops::LoadedFile& load) {
    const bool had_rows = load.rows_read > load.rows_rejected;
    const bool counted = (load.status == ops::LoadStatus::kSuccess && had_rows) ||
                         load.status == ops::LoadStatus::kCopy;
    return counted && load.schema && empty.contains(*load.schema);
  });
  if (loads.size() != before)
    log_warning(
        "{}: {} files were loaded once, and their tables are empty now: they are loaded "
        "again",
        lake.directory(), before - loads.size());
  return loads;
}

LoadSources plan_load(Env& env, const LoadOptions& options, const LoadCandidates& found,
                      const LoadsKnown& known, Progress& progress) {
  LoadSources sources;
  ProgressPoint point{.stage = "checking"};
  Planner planner(env, options, known, [&](std::uint64_t bytes) {
    ProgressPoint within = point;
    within.bytes_read += bytes;
    progress.at(within);
  });
  for (const LoadCandidate& file : found.files) point.bytes_total += file.info.size_bytes;
  for (const LoadCandidate& file : found.files) {
    planner.plan(*sources.emplace_back(std::make_unique<LoadSource>(env, file)));
    point.bytes_read += file.info.size_bytes;
    progress.at(point);
  }
  return sources;
}

}  // namespace fm::jobs
