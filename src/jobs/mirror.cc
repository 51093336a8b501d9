#include "jobs/mirror.h"

#include <algorithm>
#include <utility>

#include "base/json_text.h"
#include "base/log.h"
#include "jobs/mirror_run.h"
#include "jobs/open_lake.h"
#include "jobs/text.h"
#include "ops/state.h"

namespace fm::jobs {
namespace {

using google::CycleReport;
using google::Mirror;

constexpr std::string_view kLockFile = "mirror.lock";
constexpr Nanos kFailedPause = 600 * kNanosPerSecond;

std::string state_dir_of(Env& env, const MirrorJobOptions& options) {
  return lake::Lake::view(env, options.lake, {.state_dir = options.state_dir})->state_dir();
}

std::string parameters_of(const MirrorReport& report) {
  return fmt::format(R"({{"destination":{}}})", json_quoted(report.destination));
}

}  // namespace

Status MirrorRun::open() {
  if (lake_) return {};
  FM_ASSIGN(auto lake, open_lake(env_, {.directory = options_.lake,
                                        .state_dir = options_.state_dir,
                                        .keep_days = options_.keep_days}));
  auto lock = env_.lock(join(lake->state_dir(), kLockFile), 0);
  if (!lock)
    return std::unexpected(
        Error(lock.error())
            .hint("Another process mirrors this lake: frontmonth mirror, live or poll."));
  FM_ASSIGN(state_, ops::State::open(env_, ops::state_file(lake->state_dir())));
  lock_ = *std::move(lock);
  lake_ = std::move(lake);
  return {};
}

// Tables that got their first rows since the last cycle are mirrored from then on.
Status MirrorRun::open_mirror() {
  FM_ASSIGN(auto tables, tables_to_copy(*lake_, options_.tables));
  if (mirror_ && tables == tables_) return {};
  if (options_.forget && !forgotten_) FM_TRY(state_->forget_mirror(place_.destination.name()));
  forgotten_ = true;
  google::MirrorOptions mirror{.endpoints = place_.endpoints,
                               .destination = place_.destination,
                               .tables = tables,
                               .upload_threads = options_.upload_threads};
  if (options_.query_bytes_max > 0) mirror.limits.merge_bytes_max = options_.query_bytes_max;
  if (options_.watch) mirror.failed_pause = kFailedPause;
  mirror.is_stopped = is_stopped_;
  FM_ASSIGN(mirror_, Mirror::open(env_, *lake_, *state_, *place_.tokens, place_.transports,
                                  std::move(mirror)));
  tables_ = std::move(tables);
  return {};
}

void MirrorRun::add(CycleReport cycle) {
  CycleReport& totals = report_.totals;
  cycle.parts_found += totals.parts_found;
  cycle.parts_uploaded += totals.parts_uploaded;
  cycle.bytes_uploaded += totals.bytes_uploaded;
  cycle.parts_adopted += totals.parts_adopted;
  cycle.batches += totals.batches;
  cycle.corrections += totals.corrections;
  cycle.rows_loaded += totals.rows_loaded;
  cycle.bytes_billed += totals.bytes_billed;
  cycle.requests += totals.requests;
  totals = std::move(cycle);
}

Status MirrorRun::cycle() {
  const auto work = [&]() -> Status {
    FM_TRY(open());
    FM_TRY(open_mirror());
    FM_ASSIGN(CycleReport cycle, mirror_->cycle());
    log_info("mirror: {} uploaded, {} loaded, {} waiting", plural(cycle.parts_uploaded, "file"),
             plural(cycle.rows_loaded, "row"), plural(cycle.parts_waiting, "file"));
    add(std::move(cycle));
    return {};
  };
  Status done = work();
  ++report_.cycles;
  if (done) return {};
  report_.totals.problems = {{"mirror", done.error()}};
  mirror_.reset();
  return done;
}

Status MirrorRun::plan() {
  FM_TRY(open());
  FM_TRY(open_mirror());
  FM_ASSIGN(report_.plan, mirror_->plan());
  return {};
}

Status MirrorRun::collect_garbage() {
  if (!mirror_) return {};
  FM_ASSIGN(report_.garbage, mirror_->collect_garbage());
  return {};
}

MirrorJobOptions mirror_options(const Config& config) {
  return {.lake = config.lake,
          .state_dir = config.state_dir,
          .keep_days = config.lake_keep_days,
          .tables = config.google.tables,
          .upload_threads = static_cast<int>(config.google.upload_threads),
          .query_bytes_max = config.google.query_gib_max << 30,
          .interval = static_cast<Nanos>(config.google.interval_seconds) * kNanosPerSecond};
}

bool MirrorReport::complete() const {
  return totals.problems.empty() && totals.deferred.empty() && totals.parts_waiting == 0;
}

bool MirrorReport::may_pass() const {
  return std::ranges::all_of(totals.problems, [](const google::MirrorProblem& problem) {
    return problem.error.can_retry();
  });
}

Result<MirrorReport> run_mirror(Env& env, const MirrorJobOptions& options, CloudPlace& place,
                                StopSignal& stop) {
  if (!env.exists(options.lake)) return fail(Code::kNotFound, "{}: there is no lake", options.lake);
  MirrorRun run(env, options, place, [&stop] { return stop.requested(); });
  MirrorReport& report = run.report();
  if (options.dry_run) {
    FM_TRY(run.plan());
    return std::move(report);
  }
  FM_ASSIGN(auto state, ops::State::open(env, ops::state_file(state_dir_of(env, options))));
  FM_ASSIGN(const std::string id,
            state.begin_run({.job = "mirror", .parameters_json = parameters_of(report)}));
  Status ended;
  do {
    ended = run.cycle();
    // What runs for weeks outlives an outage; what runs once says so.
    if (!ended && !(options.watch && ended.error().can_retry())) break;
    if (!ended) log_warning("mirror: {}", ended.error().message());
    ended = {};
    report.stopped = stop.requested();
  } while (options.watch && !report.stopped && !(report.stopped = stop.wait_for(options.interval)));
  if (ended && options.garbage && !report.stopped) ended = run.collect_garbage();
  ops::RunEnd end;
  end.rows_processed = static_cast<std::int64_t>(report.totals.rows_loaded);
  if (!report.totals.problems.empty())
    end.error_message = report.totals.problems.front().error.message();
  if (!ended) end.error_message = ended.error().message();
  FM_TRY(state.finish_run(id, end));
  FM_TRY(std::move(ended));
  return std::move(report);
}

std::string to_text(const MirrorReport& report) {
  const CycleReport& totals = report.totals;
  if (report.plan)
    return fmt::format("{}: {} ({} bytes) to upload, {} to be added to, {} to be corrected\n",
                       report.destination, plural(report.plan->files, "file"),
                       with_commas(report.plan->bytes),
                       plural(report.plan->partitions_appended, "partition"),
                       with_commas(report.plan->partitions_corrected));
  std::string text = fmt::format(
      "{}: {} ({} bytes) uploaded, {} loaded in {}, {} corrected, {} adopted from merged parts\n",
      report.destination, plural(totals.parts_uploaded, "file"), with_commas(totals.bytes_uploaded),
      plural(totals.rows_loaded, "row"), plural(totals.batches, "job"), totals.corrections,
      with_commas(totals.parts_adopted));
  if (totals.bytes_billed > 0)
    text += fmt::format("Merges were billed {} bytes\n", with_commas(totals.bytes_billed));
  if (report.garbage)
    text += fmt::format(
        "{} of {} removed ({} bytes)\n", with_commas(report.garbage->objects_removed),
        plural(report.garbage->objects_seen, "object"), with_commas(report.garbage->bytes_removed));
  for (const std::string& why : totals.deferred) text += fmt::format("Put off: {}\n", why);
  for (const google::MirrorProblem& problem : totals.problems)
    text += fmt::format("{}: {}\n", problem.table, problem.error.message());
  text += report.complete()
              ? "Everything is there\n"
              : fmt::format("{} not there yet\n", plural(totals.parts_waiting, "file"));
  return text;
}

std::string to_json(const MirrorReport& report) {
  const CycleReport& totals = report.totals;
  if (report.plan)
    return fmt::format(R"({{"destination":{},"dry_run":true,"files":{},"bytes":{},)"
                       R"("partitions_appended":{},"partitions_corrected":{}}})"
                       "\n",
                       json_quoted(report.destination), report.plan->files, report.plan->bytes,
                       report.plan->partitions_appended, report.plan->partitions_corrected);
  std::string problems, deferred;
  for (const google::MirrorProblem& problem : totals.problems)
    problems += fmt::format(R"({}{{"table":{},"error":{},"can_retry":{}}})",
                            problems.empty() ? "" : ",", json_quoted(problem.table),
                            json_quoted(problem.error.message()), problem.error.can_retry());
  for (const std::string& why : totals.deferred)
    deferred += (deferred.empty() ? "" : ",") + json_quoted(why);
  return fmt::format(
      R"({{"destination":{},"complete":{},"cycles":{},"files_uploaded":{},"bytes_uploaded":{},)"
      R"("rows_loaded":{},"batches":{},"corrections":{},"files_adopted":{},"bytes_billed":{},)"
      R"("files_waiting":{},"requests":{},"objects_removed":{},"deferred":[{}],"problems":[{}]}})"
      "\n",
      json_quoted(report.destination), report.complete(), report.cycles, totals.parts_uploaded,
      totals.bytes_uploaded, totals.rows_loaded, totals.batches, totals.corrections,
      totals.parts_adopted, totals.bytes_billed, totals.parts_waiting, totals.requests,
      report.garbage ? report.garbage->objects_removed : 0, deferred, problems);
}

}  // namespace fm::jobs
