#include "jobs/load.h"

#include <algorithm>
#include <memory>
#include <set>
#include <utility>

#include "base/json_text.h"
#include "base/log.h"
#include "jobs/config.h"
#include "jobs/load_decode.h"
#include "jobs/load_merge.h"
#include "jobs/load_plan.h"
#include "jobs/open_lake.h"
#include "ops/state.h"

namespace fm::jobs {
namespace {

constexpr std::string_view kLoadLock = "load.lock";
constexpr std::string_view kSpillPrefix = "load-";
constexpr Nanos kLockPatience = 5 * kNanosPerSecond;
constexpr double kNanosPerSecondAsDouble = 1e9;

class LoadRun {
 public:
  LoadRun(Env& env, const LoadOptions& options, Progress& progress, lake::Lake& lake,
          ops::State& state, const LoadsKnown& known, std::string run_id, LoadReport& report)
      : env_(env),
        options_(options),
        progress_(progress),
        lake_(lake),
        state_(state),
        known_(known),
        run_id_(std::move(run_id)),
        report_(report),
        quarantine_(env, load_quarantine_file(lake, run_id_)) {}

  Status run(const LoadSources& sources) {
    FM_TRY(record_begin(sources));
    const Status loaded = load_kinds_of(sources);
    // Rows that were left out are listed, also when the run ends early.
    const Status listed = quarantine_.publish();
    report_.quarantine = quarantine_.file();
    FM_TRY(loaded);
    FM_TRY(listed);
    return note_rejected(sources);
  }

 private:
  // Files that are to be loaded, and what is known of the others already.
  Status record_begin(const LoadSources& sources) {
    const Nanos now = env_.now();
    std::vector<ops::LoadedFile> accounts;
    for (const auto& source : sources) {
      if (!source->is_news || source->action == LoadAction::kLeft) continue;
      ops::LoadedFile& account = source->account;
      if (source->action != LoadAction::kUnchanged) {
        account.started_at = now;
        account.run_id = run_id_;
        account.status = status_of(source->action);
        if (source->action == LoadAction::kLoad)
          point_.bytes_total += source->file->info.size_bytes;
        else
          account.finished_at = now;
        if (!source->why.empty()) account.error_message = source->why;
      }
      // A pipe has its name in the load state, its content, only when it has been read.
      if (source->pipe && source->action == LoadAction::kLoad) continue;
      accounts.push_back(account);
    }
    if (accounts.empty()) return {};
    return state_.record_loads(accounts);
  }

  static ops::LoadStatus status_of(LoadAction action) {
    switch (action) {
      case LoadAction::kUnchanged:
        return ops::LoadStatus::kSuccess;
      case LoadAction::kCopy:
        return ops::LoadStatus::kCopy;
      case LoadAction::kRefused:
        return ops::LoadStatus::kRefused;
      case LoadAction::kFailed:
        return ops::LoadStatus::kFailed;
      case LoadAction::kLoad:
      case LoadAction::kLeft:
        break;
    }
    return ops::LoadStatus::kRunning;
  }

  Status load_kinds_of(const LoadSources& sources) {
    for (const LoadKind& kind : load_kinds()) {
      std::vector<LoadSource*> of_kind;
      for (const auto& source : sources)
        if (source->action == LoadAction::kLoad && source->kind == &kind)
          of_kind.push_back(source.get());
      if (of_kind.empty()) continue;
      const Status loaded = load_kind(kind, of_kind);
      if (loaded) continue;
      static_cast<void>(record_failure(of_kind, loaded.error()));
      return loaded;
    }
    return {};
  }

  Status load_kind(const LoadKind& kind, const std::vector<LoadSource*>& sources) {
    LoadSymbols symbols;
    LoadSorter sorter(
        env_,
        fmt::format("{}/{}{:016x}{}", lake_.state_dir(), kSpillPrefix, env_.random(), kSpillEnding),
        kind.record_bytes, kind.shape(), symbols, options_.memory);
    LoadDecoder decoder(env_, sources, symbols, quarantine_);
    std::uint64_t bytes_before = point_.bytes_read;
    for (std::uint32_t number = 0; number < sources.size(); ++number) {
      LoadSource& source = *sources[number];
      decoder.on_progress = [&](std::uint64_t records) {
        point_.bytes_read = bytes_before + *source.bytes_read;
        show("reading", records);
      };
      FM_TRY(decoder.decode(number, sorter));
      if (source.pipe) FM_TRY(settle_pipe(source, sources));
      bytes_before += source.pipe ? source.pipe->bytes() : source.file->info.size_bytes;
      point_.bytes_read = bytes_before;
      records_ += source.account.rows_read;
      show("reading", 0);
    }
    FM_TRY(sorter.finish());
    FM_TRY(record_done(sources));  // those that failed, or have no rows
    LoadMerge merge(lake_, kind, symbols, sorter, sources, micros_now());
    // All are read: how far the merge has come is told in rows.
    const std::uint64_t bytes_total = std::exchange(point_.bytes_total, 0);
    const std::uint64_t bytes_read = std::exchange(point_.bytes_read, 0);
    merge.on_partition = [&](const lake::CommitReport& commit) -> Status {
      ++report_.partitions;
      point_.rows_out += commit.rows;
      show("merging", 0);
      return record_done(sources);
    };
    FM_TRY(merge.run());
    point_.bytes_total = bytes_total;
    point_.bytes_read = bytes_read;
    report_.partitions_changed += merge.partitions_changed();
    report_.withdrawn += merge.withdrawn();
    report_.spilled_bytes += sorter.spilled_bytes();
    return {};
  }

  // What a pipe held is known now; and whether it had been loaded before.
  Status settle_pipe(LoadSource& source, const std::vector<LoadSource*>& others) {
    if (source.action != LoadAction::kLoad) return {};
    const std::string& hash = source.account.content_hash;
    const ops::LoadedFile* const load = known_.of_content(hash);
    const auto same = [&](const LoadSource* other) {
      return other != &source && other->action == LoadAction::kLoad &&
             other->account.content_hash == hash;
    };
    const auto other = std::ranges::find_if(others, same);
    if (load != nullptr && load->path == source.account.path) {
      source.action = LoadAction::kUnchanged;
      source.account.finished_at = env_.now();
      return {};
    }
    if (load != nullptr || other != others.end()) {
      source.action = LoadAction::kCopy;
      source.why = fmt::format("a copy of {}", load != nullptr ? load->path : (*other)->file->path);
      source.account.status = ops::LoadStatus::kCopy;
      source.account.error_message = source.why;
      source.account.finished_at = env_.now();
    }
    return state_.record_loads(std::vector{source.account});
  }

  // Files whose last partition has been merged are loaded.
  Status record_done(const std::vector<LoadSource*>& sources) {
    std::vector<ops::LoadedFile> done;
    for (LoadSource* const source : sources) {
      if (source->account.finished_at) continue;
      const bool has_failed = source->action == LoadAction::kFailed;
      if (!has_failed && !source->partitions.empty()) continue;
      source->account.status = has_failed ? ops::LoadStatus::kFailed : ops::LoadStatus::kSuccess;
      if (has_failed) source->account.error_message = source->why;
      source->account.finished_at = env_.now();
      done.push_back(source->account);
    }
    if (done.empty()) return {};
    return state_.record_loads(done);
  }

  Status record_failure(const std::vector<LoadSource*>& sources, const Error& error) {
    std::vector<ops::LoadedFile> failed;
    for (LoadSource* const source : sources) {
      if (source->account.finished_at) continue;
      source->fail(error);
      source->account.status = ops::LoadStatus::kFailed;
      source->account.error_message = error.message();
      failed.push_back(source->account);
    }
    return state_.record_loads(failed);
  }

  Status note_rejected(const LoadSources& sources) {
    if (quarantine_.count() == 0) return {};
    std::map<std::string_view, std::uint64_t> reasons;
    for (const auto& source : sources)
      for (std::size_t fault = 0; fault < kLoadFaults; ++fault)
        if (source->faults[fault] > 0)
          reasons[name(static_cast<LoadFault>(fault))] += source->faults[fault];
    std::string payload = fmt::format("{{\"run\":{}", json_quoted(run_id_));
    for (const auto& [reason, count] : reasons) payload += fmt::format(",\"{}\":{}", reason, count);
    payload += '}';
    const std::string message =
        fmt::format("{} rows were left out; see {}", quarantine_.count(), quarantine_.file());
    FM_ASSIGN(const std::string event, state_.add_event({.source = "load",
                                                         .dataset = "market_data",
                                                         .table_name = {},
                                                         .check_type = "row_guards",
                                                         .message = message,
                                                         .payload_json = payload}));
    static_cast<void>(event);
    return {};
  }

  void show(const char* stage, std::uint64_t records_of_file) {
    point_.stage = stage;
    point_.records = records_ + records_of_file;
    progress_.at(point_);
  }

  std::int64_t micros_now() { return static_cast<std::int64_t>(env_.now() / 1'000); }

  Env& env_;
  const LoadOptions& options_;
  Progress& progress_;
  lake::Lake& lake_;
  ops::State& state_;
  const LoadsKnown& known_;
  std::string run_id_;
  LoadReport& report_;
  LoadQuarantine quarantine_;
  ProgressPoint point_;
  std::uint64_t records_ = 0;
};

// Days that the vendor itself does not vouch for, of jobs of which something was loaded.
Status record_conditions(ops::State& state, const LoadOptions& options,
                         const LoadSources& sources) {
  std::set<const LoadFolder*> folders;
  for (const auto& source : sources)
    if (source->action == LoadAction::kLoad) folders.insert(source->file->folder);
  struct Texts {
    std::string identity, message, payload;
    ops::Severity severity;
  };
  std::vector<Texts> texts;
  for (const LoadFolder* const folder : folders) {
    const std::string& dataset = folder->dataset.empty() ? options.dataset : folder->dataset;
    for (const auto& day : bad_days(*folder))
      texts.push_back(
          {fmt::format("condition-{}-{}-{}", dataset, day.date.iso(), day.condition).substr(0, 100),
           fmt::format("{}: the vendor calls {} {}", dataset, day.date.iso(), day.condition),
           fmt::format("{{\"dataset\":{},\"date\":\"{}\",\"condition\":{},\"job\":{}}}",
                       json_quoted(dataset), day.date.iso(), json_quoted(day.condition),
                       json_quoted(folder->job_id)),
           day.condition == "missing" ? ops::Severity::kError : ops::Severity::kWarning});
  }
  std::vector<ops::Event> events;
  events.reserve(texts.size());
  for (const Texts& text : texts)
    events.push_back({.source = "load",
                      .dataset = "market_data",
                      .table_name = {},
                      .severity = text.severity,
                      .check_type = "vendor_condition",
                      .message = text.message,
                      .payload_json = text.payload,
                      .identity = text.identity});
  if (events.empty()) return {};
  FM_ASSIGN(const std::uint64_t fresh, state.add_events(events));
  static_cast<void>(fresh);
  return {};
}

LoadedFileReport report_of(const LoadSource& source) {
  LoadedFileReport file;
  file.path = source.file->path;
  file.action = source.action;
  file.named = source.file->named;
  file.schema = source.account.schema.value_or("");
  file.roots = source.account.roots.value_or(source.glimpsed_roots);
  file.from = source.account.range_start;
  file.to = source.account.range_end;
  file.why = source.why;
  file.advice = source.advice;
  file.can_retry = source.can_retry;
  // An earlier run's counts are no news.
  if (source.action != LoadAction::kLoad && source.action != LoadAction::kFailed) return file;
  file.rows_read = source.account.rows_read;
  file.added = source.account.rows_added;
  file.corrected = source.account.rows_corrected;
  file.unchanged = source.account.rows_unchanged;
  file.outdated = source.account.rows_outdated;
  for (std::size_t fault = 0; fault < kLoadFaults; ++fault)
    if (source.faults[fault] > 0)
      file.rejected.emplace(name(static_cast<LoadFault>(fault)), source.faults[fault]);
  return file;
}

void fill(LoadReport& report, const LoadCandidates& found, const LoadSources& sources) {
  for (const auto& source : sources) report.files.push_back(report_of(*source));
  report.skipped = found.skipped;
  for (const auto& folder : found.folders) {
    LoadedFolderReport one{folder->path, folder->job_id, bad_days(*folder), folder->missing};
    if (!one.bad_days.empty() || !one.missing.empty()) report.folders.push_back(std::move(one));
  }
}

std::string parameters_of(const LoadOptions& options) {
  std::string inputs;
  for (const std::string& input : options.inputs)
    inputs += fmt::format("{}{}", inputs.empty() ? "" : ",", json_quoted(input));
  return fmt::format(
      "{{\"inputs\":[{}],\"dataset\":{},\"test_one\":{},\"rehash\":{},\"again\":{}}}", inputs,
      json_quoted(options.dataset), options.test_one, options.rehash, options.again);
}

Result<LoadReport> dry_run(Env& env, const LoadOptions& options, const LoadCandidates& found,
                           Progress& progress) {
  const std::string directory = absolute_path(options.lake);
  const std::string state_dir =
      options.state_dir.empty() ? default_state_dir(directory) : absolute_path(options.state_dir);
  const auto lake = lake::Lake::view(env, directory, {.state_dir = state_dir});
  std::vector<ops::LoadedFile> loads;
  if (const std::string file = ops::state_file(state_dir); env.exists(file) && !options.again) {
    auto state = ops::State::open_to_read(env, file);
    // A file of an older program does not know of loads.
    if (!state && state.error().code() != Code::kUnsupported)
      return std::unexpected(std::move(state).error());
    if (state) {
      FM_ASSIGN(loads, state->loads());
      FM_ASSIGN(loads, loads_in_lake(*lake, std::move(loads)));
    } else {
      log_warning("{}; every file is taken for new", state.error().message());
    }
  }
  const LoadsKnown known(std::move(loads));
  LoadReport report;
  report.dry_run = true;
  fill(report, found, plan_load(env, options, found, known, progress));
  return report;
}

// What killed loads left: nobody else has such files while the lock is held.
Status remove_spills(Env& env, const std::string& state_dir) {
  FM_ASSIGN(const auto names, env.list(state_dir));
  for (const std::string& name : names)
    if (name.starts_with(kSpillPrefix) && name.ends_with(kSpillEnding))
      FM_TRY(env.remove(join(state_dir, name)));
  return {};
}

std::uint64_t rows_of(const LoadReport& report) {
  std::uint64_t rows = 0;
  for (const LoadedFileReport& file : report.files) rows += file.added + file.corrected;
  return rows;
}

}  // namespace

Result<std::unique_ptr<FileLock>> lock_load(Env& env, const lake::Lake& lake) {
  auto lock = env.lock(join(lake.state_dir(), kLoadLock), kLockPatience);
  if (lock || lock.error().code() != Code::kBusy) return lock;
  return std::unexpected(
      Error(Code::kBusy, fmt::format("{}: another load is at work", lake.directory()))
          .hint("Try again when it is done.")
          .retryable());
}

std::string load_quarantine_file(const lake::Lake& lake, std::string_view run) {
  return fmt::format("{}/quarantine/load/{}.jsonl", lake.state_dir(), run);
}

Result<LoadReport> run_load(Env& env, const LoadOptions& options, Progress& progress) {
  const Nanos start = env.monotonic();
  FM_ASSIGN(const LoadCandidates found, find_load_files(env, options.inputs, options.hints));
  if (options.dry_run) return dry_run(env, options, found, progress);
  FM_ASSIGN(const auto lake, open_lake(env, {.directory = options.lake,
                                             .state_dir = options.state_dir,
                                             .keep_days = options.keep_days}));
  FM_ASSIGN(const auto held, lock_load(env, *lake));
  FM_TRY(remove_spills(env, lake->state_dir()));
  FM_ASSIGN(ops::State state, ops::State::open(env, ops::state_file(lake->state_dir())));
  FM_ASSIGN(const std::string run_id,
            state.begin_run({.job = "load", .parameters_json = parameters_of(options)}));
  std::vector<ops::LoadedFile> loads;
  if (!options.again) {
    FM_ASSIGN(loads, state.loads());
    FM_ASSIGN(loads, loads_in_lake(*lake, std::move(loads)));
  }
  const LoadsKnown known(std::move(loads));
  const LoadSources sources = plan_load(env, options, found, known, progress);

  LoadReport report;
  const Status loaded = [&]() -> Status {
    FM_TRY(record_conditions(state, options, sources));
    return LoadRun(env, options, progress, *lake, state, known, run_id, report).run(sources);
  }();
  fill(report, found, sources);
  ops::RunEnd end{.rows_processed = static_cast<std::int64_t>(rows_of(report)),
                  .error_message = {}};
  if (!loaded)
    end.error_message = loaded.error().message();
  else if (const auto failed = report.count(LoadAction::kFailed); failed > 0)
    end.error_message = fmt::format("{} files failed", failed);
  const Status finished = state.finish_run(run_id, end);
  FM_TRY(loaded);
  FM_TRY(finished);
  report.seconds = static_cast<double>(env.monotonic() - start) / kNanosPerSecondAsDouble;
  return report;
}

}  // namespace fm::jobs
