#include "jobs/backup.h"

#include <fmt/core.h>
#include <simdjson.h>

#include <array>
#include <filesystem>
#include <string_view>
#include <utility>
#include <vector>

#include "base/hash.h"
#include "base/json_text.h"
#include "base/log.h"
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
  FM_TRY(to.take_id_of(from));
  FM_ASSIGN(report.lake, to.copy_from(from));
  return {};
}

// A partition's rows as they are read, against the hash that their manifest names. Of several files
// only the number of rows is held to the manifest, beside what reading them finds.
Status verify_partition(const lake::Lake& backup, const table::Table& table,
                        const lake::Manifest& manifest) {
  lake::ReadRange range;
  range.root = manifest.key().root;
  range.from = manifest.key().first_day(table);
  range.before = manifest.key().end_day(table);
  table::RowHasher hasher(table);
  table::RowBatch batch(table);
  std::uint64_t count = 0;
  const auto read = [&]() -> Status {
    FM_ASSIGN(const lake::RowCursor rows, backup.read(table, range));
    while (true) {
      FM_ASSIGN(const bool more, rows->next(batch));
      if (!more) return {};
      hasher.add(batch);
      count += batch.size();
    }
  };
  const Status done = read();
  const bool same = count == manifest.rows &&
                    (!manifest.has_content_hash() || hasher.digest().hex() == manifest.hash);
  if (done && same) return {};
  return std::unexpected(
      Error(Code::kCorrupt, fmt::format("{}: {} {}: the rows are not those that were backed up{}",
                                        backup.directory(), manifest.table, manifest.partition,
                                        done ? std::string() : ": " + done.error().message()))
          .hint("Its disk may be failing. Make another backup, into an empty folder."));
}

Status verify_all(const lake::Lake& backup, BackupReport& report) {
  for (const table::Table& table : table::all_tables()) {
    FM_ASSIGN(const auto manifests, backup.partitions(table));
    for (const lake::Manifest& manifest : manifests) {
      FM_TRY(verify_partition(backup, table, manifest));
      ++report.partitions_verified;
    }
  }
  return {};
}

Result<BackupReport> back_up(Env& env, const BackupOptions& options, const lake::Lake& from) {
  const Nanos began = env.monotonic();
  FM_TRY(env.make_directories(options.directory));
  const auto lock = env.lock(join(options.directory, kLockFile), 0);
  if (!lock) return std::unexpected(lock.error());
  FM_ASSIGN(const auto to, open_lake(env, {.directory = backup_lake(options), .state_dir = ""}));
  BackupReport report;
  FM_TRY(copy_all(env, from, *to, report));
  if (options.verify) FM_TRY(verify_all(*to, report));
  report.seconds = static_cast<double>(env.monotonic() - began) / 1e9;
  return report;
}

constexpr std::string_view kJob = "backup";
constexpr std::int64_t kMicrosPerSecond = 1'000'000;

// At its end alone, so that no copy of ops.sqlite speaks of a backup that never ended.
Status record(Env& env, const std::string& state_dir, const BackupOptions& options,
              const Result<BackupReport>& made) {
  FM_ASSIGN(ops::State state, ops::State::open(env, ops::state_file(state_dir)));
  const std::string parameters = fmt::format(R"({{"directory":{},"verify":{}}})",
                                             json_quoted(options.directory), options.verify);
  FM_ASSIGN(const std::string run, state.begin_run({.job = kJob, .parameters_json = parameters}));
  ops::RunEnd end;
  if (made)
    end.rows_processed = static_cast<std::int64_t>(made->lake.rows);
  else
    end.error_message = made.error().message();
  return state.finish_run(run, end);
}

void read_parameters(std::string_view parameters, BackupRecord& record) {
  simdjson::dom::parser parser;
  simdjson::dom::element object;
  std::string_view directory;
  const simdjson::padded_string text(parameters);
  record.directory.clear();
  record.verified = false;
  if (parser.parse(text).get(object) != simdjson::SUCCESS) return;
  if (object["directory"].get(directory) == simdjson::SUCCESS) record.directory = directory;
  if (object["verify"].get(record.verified) != simdjson::SUCCESS) record.verified = false;
}

}  // namespace

Result<BackupRecord> last_backup(ops::State& state) {
  const table::Table& table = table::job_runs();
  FM_ASSIGN(const auto rows, state.rows(table));
  const std::size_t job = table.column_index("job");
  const std::size_t status = table.column_index("status");
  const std::size_t finished = table.column_index("finished_at");
  BackupRecord record;
  std::int64_t made = 0;  // both in microseconds: two may end in one second
  std::int64_t failed = 0;
  table::RowBatch batch(table);
  while (true) {
    FM_ASSIGN(const bool more, rows->next(batch));
    if (!more) break;
    const table::RowBatch& in = batch;
    for (std::size_t row = 0; row < in.size(); ++row) {
      if (in.text(job, row) != kJob || in.is_null(finished, row)) continue;
      const std::int64_t at = in.int64s(finished)[row];
      if (in.text(status, row) == "failed") {
        if (failed > at) continue;
        failed = at;
        record.failed = at / kMicrosPerSecond;
        record.error = in.text(table.column_index("error_message"), row);
      } else if (made <= at) {
        made = at;
        record.made = at / kMicrosPerSecond;
        read_parameters(in.text(table.column_index("parameters"), row), record);
      }
    }
  }
  if (failed <= made) {
    record.failed.reset();
    record.error.clear();
  }
  return record;
}

Result<BackupReport> run_backup(Env& env, const BackupOptions& options) {
  if (!has_lake(env, options.lake))
    return std::unexpected(Error(Code::kNotFound, fmt::format("{}: is no lake", options.lake))
                               .hint("--lake says which one is backed up."));
  const auto from = lake::Lake::view(env, options.lake, {.state_dir = options.state_dir});
  if (lies_within(options.directory, from->directory()) ||
      lies_within(options.directory, from->state_dir()))
    return fail(Code::kInvalidArgument, "{}: lies within {}, which is to be backed up",
                options.directory, options.lake);
  auto made = back_up(env, options, *from);
  if (const Status recorded = record(env, from->state_dir(), options, made); !recorded)
    log_warning("the backup could not be recorded: {}", recorded.error().message());
  return made;
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
  std::string out = fmt::format(
      "{} {} of {} ({} new, {} copied) and {} of state ({} new, {} copied) in {:.1f} s\n",
      restored ? "Restored" : "Backed up", plural(report.lake.partitions, "partition"),
      plural(report.lake.rows, "row"), with_commas(report.lake.partitions_changed),
      plural(report.lake.bytes_copied, "byte"), plural(report.state_files, "file"),
      with_commas(report.state_files_copied), plural(report.state_bytes_copied, "byte"),
      report.seconds);
  if (report.partitions_verified > 0)
    out += fmt::format("Read back {}: every row is what was backed up\n",
                       plural(report.partitions_verified, "partition"));
  return out;
}

std::string to_json(const BackupReport& report) {
  return fmt::format(
      R"({{"partitions":{},"partitions_changed":{},"rows":{},"bytes":{},"bytes_copied":{},)"
      R"("state_files":{},"state_files_copied":{},"state_bytes_copied":{},)"
      R"("partitions_verified":{},"seconds":{:.3f}}})"
      "\n",
      report.lake.partitions, report.lake.partitions_changed, report.lake.rows, report.lake.bytes,
      report.lake.bytes_copied, report.state_files, report.state_files_copied,
      report.state_bytes_copied, report.partitions_verified, report.seconds);
}

}  // namespace fm::jobs
