#include "jobs/backup.h"

#include <fmt/core.h>

#include <array>
#include <filesystem>
#include <string_view>
#include <utility>
#include <vector>

#include "base/hash.h"
#include "jobs/draft.h"
#include "jobs/open_lake.h"
#include "jobs/text.h"
#include "ops/state.h"

namespace fm::jobs {
namespace {

constexpr std::string_view kLockFile = "backup.lock";
// Of the state folder: what only running programs need, and ops.sqlite, which is copied as of one
// moment.
constexpr std::array<std::string_view, 4> kLeftOut{"locks", "ops.sqlite", "ops.sqlite-wal",
                                                   "ops.sqlite-shm"};

bool is_left_out(std::string_view name) {
  for (const std::string_view other : kLeftOut)
    if (name == other) return true;
  return name.ends_with(".lock") || name.ends_with(kDraftEnding);
}

Result<Hash128> hash_of_file(Env& env, const std::string& path) {
  std::vector<std::byte> piece(std::size_t{1} << 20);
  Hasher hasher;
  FM_ASSIGN(const auto file, env.open(path));
  while (true) {
    FM_ASSIGN(const std::size_t got, file->read(piece));
    if (got == 0) return hasher.digest();
    hasher.add(std::span(piece).first(got));
  }
}

// Closed segments of the log never change; an open one keeps its length while it is written.
Result<bool> is_same(Env& env, const std::string& from, const FileInfo& info,
                     const std::string& to) {
  const auto there = env.info(to);
  if (!there || there->size_bytes != info.size_bytes) return false;
  if (from.ends_with(".zst")) return true;
  FM_ASSIGN(const Hash128 one, hash_of_file(env, from));
  FM_ASSIGN(const Hash128 other, hash_of_file(env, to));
  return one == other;
}

class StateCopy {
 public:
  StateCopy(Env& env, BackupReport& report) : env_(env), report_(report) {}

  // Folders to the bottom. A segment's index is copied before the segment (".dbn.idx" stands behind
  // ".dbn", so the order is turned round): it never speaks of blocks that the copy does not have.
  Status copy(const std::string& from, const std::string& to) {
    auto names = env_.list(from);
    if (!names && names.error().code() == Code::kNotFound) return {};
    FM_TRY(names);
    FM_TRY(env_.make_directories(to));
    for (auto name = names->rbegin(); name != names->rend(); ++name) {
      if (is_left_out(*name)) continue;
      const auto info = env_.info(join(from, *name));
      if (!info) continue;  // a file of a job that has just ended
      if (info->is_directory)
        FM_TRY(copy(join(from, *name), join(to, *name)));
      else
        FM_TRY(copy_one(join(from, *name), *info, join(to, *name)));
    }
    return env_.sync_directory(to);
  }

  Status copy_state(const std::string& from, const std::string& to) {
    if (!env_.exists(from)) return {};
    FM_ASSIGN(ops::State state, ops::State::open_to_read(env_, from));
    Draft draft(env_, to);
    FM_TRY(state.copy_to(env_, draft.draft_path()));
    FM_ASSIGN(const FileInfo info, env_.info(draft.draft_path()));
    FM_TRY(draft.publish());
    count(info.size_bytes);
    return {};
  }

 private:
  Status copy_one(const std::string& from, const FileInfo& info, const std::string& to) {
    FM_ASSIGN(const bool same, is_same(env_, from, info, to));
    if (same) {
      ++report_.state_files;
      return {};
    }
    Draft draft(env_, to);
    auto bytes = copy_file(env_, from, draft.draft_path());
    if (!bytes && bytes.error().code() == Code::kNotFound) return {};  // compressed meanwhile
    FM_TRY(bytes);
    FM_TRY(draft.publish());
    count(*bytes);
    return {};
  }

  void count(std::uint64_t bytes) {
    ++report_.state_files;
    ++report_.state_files_copied;
    report_.state_bytes_copied += bytes;
  }

  Env& env_;
  BackupReport& report_;
};

std::string backup_lake(const BackupOptions& options) { return join(options.directory, "lake"); }

bool has_lake(Env& env, const std::string& directory) {
  return env.exists(join(directory, ".store/format"));
}

// However the two are spelled.
bool lies_within(const std::string& inner, const std::string& outer) {
  const auto plain = [](const std::string& path) {
    return std::filesystem::absolute(path + "/").lexically_normal().string();
  };
  return plain(inner).starts_with(plain(outer));
}

Status copy_all(Env& env, const lake::Lake& from, lake::Lake& to, BackupReport& report) {
  // What the state says was stored must be in the lake: the state first.
  StateCopy state(env, report);
  FM_TRY(state.copy_state(ops::state_file(from.state_dir()), ops::state_file(to.state_dir())));
  FM_TRY(state.copy(from.state_dir(), to.state_dir()));
  FM_ASSIGN(report.lake, to.copy_from(from));
  return {};
}

}  // namespace

Result<BackupReport> run_backup(Env& env, const BackupOptions& options) {
  const Nanos began = env.monotonic();
  if (!has_lake(env, options.lake))
    return std::unexpected(Error(Code::kNotFound, fmt::format("{}: is no lake", options.lake))
                               .hint("--lake says which one is backed up."));
  const auto from = lake::Lake::view(env, options.lake, {.state_dir = options.state_dir});
  if (lies_within(options.directory, from->directory()) ||
      lies_within(options.directory, from->state_dir()))
    return fail(Code::kInvalidArgument, "{}: lies within {}, which is to be backed up",
                options.directory, options.lake);
  FM_TRY(env.make_directories(options.directory));
  const auto lock = env.lock(join(options.directory, kLockFile), 0);
  if (!lock) return std::unexpected(lock.error());
  FM_ASSIGN(const auto to, open_lake(env, {.directory = backup_lake(options), .state_dir = ""}));
  BackupReport report;
  FM_TRY(copy_all(env, *from, *to, report));
  report.seconds = static_cast<double>(env.monotonic() - began) / 1e9;
  return report;
}

Result<BackupReport> run_restore(Env& env, const BackupOptions& options) {
  const Nanos began = env.monotonic();
  if (!has_lake(env, backup_lake(options)))
    return fail(Code::kNotFound,
                "{}: is no backup; expected the folder that frontmonth backup made",
                options.directory);
  const auto from = lake::Lake::view(env, backup_lake(options));
  const auto empty = lake::Lake::view(env, options.lake, {.state_dir = options.state_dir});
  for (const std::string& taken : {empty->directory(), ops::state_file(empty->state_dir())})
    if (env.exists(taken))
      return std::unexpected(Error(Code::kConflict, fmt::format("{}: is there already", taken))
                                 .hint("Restore to where nothing is, or move what is there away."));
  FM_ASSIGN(const auto to,
            open_lake(env, {.directory = options.lake, .state_dir = options.state_dir}));
  BackupReport report;
  FM_TRY(copy_all(env, *from, *to, report));
  report.seconds = static_cast<double>(env.monotonic() - began) / 1e9;
  return report;
}

std::string to_text(const BackupReport& report, bool restored) {
  return fmt::format(
      "{} {} of {} ({} new, {} copied) and {} of state ({} new, {} copied) in {:.1f} s\n",
      restored ? "Restored" : "Backed up", plural(report.lake.partitions, "partition"),
      plural(report.lake.rows, "row"), with_commas(report.lake.partitions_changed),
      plural(report.lake.bytes_copied, "byte"), plural(report.state_files, "file"),
      with_commas(report.state_files_copied), plural(report.state_bytes_copied, "byte"),
      report.seconds);
}

std::string to_json(const BackupReport& report) {
  return fmt::format(
      R"({{"partitions":{},"partitions_changed":{},"rows":{},"bytes":{},"bytes_copied":{},)"
      R"("state_files":{},"state_files_copied":{},"state_bytes_copied":{},"seconds":{:.3f}}})"
      "\n",
      report.lake.partitions, report.lake.partitions_changed, report.lake.rows, report.lake.bytes,
      report.lake.bytes_copied, report.state_files, report.state_files_copied,
      report.state_bytes_copied, report.seconds);
}

}  // namespace fm::jobs
