#include <algorithm>

#include "base/log.h"
#include "jobs/candles_run.h"
#include "jobs/collector.h"
#include "jobs/inputs.h"
#include "jobs/lake_commit.h"
#include "jobs/lake_segment.h"
#include "jobs/open_lake.h"
#include "jobs/registry.h"
#include "jobs/report.h"
#include "jobs/session_window.h"
#include "ops/state.h"

namespace fm::jobs {
namespace {

// Only one run at a time decides what a trade date is made from.
constexpr Nanos kLockPatience = 60 * kNanosPerSecond;
// A rebuild goes on by stretches, so that its memory does not grow with the lake.
constexpr Second kRebuildSeconds = 31 * kSecondsPerDay;

Status find_new_inputs(LakeRun& run, CandlesReport& report) {
  if (run.options.inputs.empty() && run.options.rebuild_from) return {};
  FM_ASSIGN(InputList list, find_inputs(run.env, run.options.inputs));
  std::map<std::string, std::string> path_of_hash;
  for (InputFile& file : list.files) {
    if (file.path == kStandardInput)
      return std::unexpected(
          Error(Code::kInvalidArgument, "standard input cannot be read again, as a lake needs it")
              .hint("Save the stream to a file first."));
    FM_ASSIGN(const Hash128 hash, hash_file(run.env, file.path));
    run.hash_of_path[file.path] = hash.hex();
    if (const auto [at, is_new] = path_of_hash.emplace(hash.hex(), file.path); !is_new) {
      log_warning("skipped {}: a copy of {}", file.path, at->second);
      ++report.files_skipped;
      continue;
    }
    run.new_inputs.push_back({std::move(file), hash.hex()});
  }
  report.files_skipped += list.skipped.size();
  for (const SkippedFile& skipped : list.skipped)
    log_info("skipped {}: {}", skipped.path, skipped.why);
  if (run.new_inputs.empty()) return fail(Code::kNotFound, "the inputs hold no files with trades");
  return {};
}

void start_engine(const LakeRun& run, const LakeSegment& segment, candles::Engine& engine) {
  for (const auto& [ticker, root] : segment.roots) {
    if (root.before) {
      engine.resume(ticker,
                    {root.before->cvd_close, root.before->last_symbol, root.volumes_before});
    }
    if (root.set_base) engine.set_cvd_base(ticker, root.cvd_base);
  }
  for (const auto& [ticker, cvd] : run.options.cvd_base) {
    if (!segment.roots.contains(ticker)) engine.set_cvd_base(ticker, cvd);
  }
}

// Counts of left-out records by root and date.
Status record_rejects(const LakeRun& run, LakeSegment& segment, const candles::Engine& engine,
                      ops::State& state) {
  std::map<std::pair<std::optional<std::string>, Date>, ops::Rejects> rejects;
  const bool cut = std::ranges::any_of(segment.plan.inputs, [&](const PlannedInput& input) {
    return input.head.first_arrival && second_of(*input.head.first_arrival) < segment.from;
  });
  for (const candles::RejectCount& count : engine.rejects()) {
    std::optional<std::string> ticker;
    if (count.ticker) {
      ticker = engine.ticker(*count.ticker);
      if (count.date < segment.root(run, *ticker).first_date) continue;
    } else if (cut && count.date <= Date::of_second(segment.from)) {
      continue;  // only the end of that UTC day was read: its count is stored already
    }
    ops::Rejects& row = rejects[{ticker, count.date}];
    row.ticker = ticker;
    row.date = count.date;
    row.counts[std::string(name(count.reason))] += static_cast<std::int64_t>(count.count);
  }
  std::vector<ops::Rejects> rows;
  rows.reserve(rejects.size());
  for (auto& [key, row] : rejects) rows.push_back(std::move(row));
  return state.record_rejects(rows);
}

struct SegmentEnd {
  std::optional<Nanos>
      newest_beyond;  // arrival of the newest record of a new input behind the segment
};

class LakeJob {
 public:
  LakeJob(LakeRun& run, Progress& progress, ops::State& state, Quarantine& quarantine,
          CandlesReport& report)
      : run_(run), progress_(progress), state_(state), quarantine_(quarantine), report_(report) {}

  Status all() {
    FM_ASSIGN(const std::optional<Covered> covered, covered_by_new_inputs(run_));
    if (covered) FM_TRY(new_inputs(*covered));
    if (run_.options.rebuild_from) FM_TRY(rebuild(*run_.options.rebuild_from));
    if (!covered && !run_.options.rebuild_from)
      log_warning("the inputs hold no TBBO or mbp-1 records");
    for (const auto& [ticker, last] : last_) {
      FM_TRY(mark_stale(run_, last.account, last.changed, report_));
    }
    return {};
  }

 private:
  struct Last {
    SessionAccount account;
    bool changed = false;
  };

  Status new_inputs(Covered covered) {
    Second from = covered.from;
    Second until = covered.until;
    for (;;) {
      FM_ASSIGN(LakeSegment segment, plan_segment(run_, from, until));
      const Second to = segment.to;
      FM_ASSIGN(const SegmentEnd end, one(segment));
      if (!end.newest_beyond) return {};
      // The inputs go on into stored dates that they did not announce.
      from = to + kWindowMarginSeconds;
      until = second_of(*end.newest_beyond) + 1;
    }
  }

  Status rebuild(Date date) {
    std::optional<Second> first, last;
    FM_ASSIGN(const std::vector<std::string> roots, roots_in(run_.lake));
    for (const std::string& root : roots) {
      lake::ReadRange range;
      range.root = root;
      range.from = date;
      range.rows_max = 1;
      FM_ASSIGN(const auto oldest, read_accounts(run_.lake, range));
      if (oldest.empty()) continue;
      range.newest_first = true;
      FM_ASSIGN(const auto newest, read_accounts(run_.lake, range));
      const Second open = bounds_of(run_.calendar, root, oldest.front().trade_date).open;
      const Second close = bounds_of(run_.calendar, root, newest.front().trade_date).close;
      first = std::min(first.value_or(open), open);
      last = std::max(last.value_or(close), close);
    }
    if (!first) return fail(Code::kNotFound, "the lake has no trade dates from {} on", date.iso());
    const std::vector<NewInput> none;
    run_.new_inputs = none;
    for (Second from = *first; from < *last;) {
      const Second until = std::min(from + kRebuildSeconds, *last);
      FM_ASSIGN(LakeSegment segment, plan_segment(run_, from, until));
      // The next stored date begins the next stretch.
      const Second to = segment.to;
      FM_ASSIGN(const SegmentEnd end, one(segment));
      static_cast<void>(end);
      if (to == kNoEnd) break;
      from = to + kWindowMarginSeconds;
    }
    return {};
  }

  Result<SegmentEnd> one(LakeSegment& segment) {
    const std::string spill =
        fmt::format("{}/candles-{:016x}{}", run_.lake.state_dir(), run_.env.random(), kSpillEnding);
    RunStore store(run_.env, spill, run_.options.buffer_bytes);
    Collector collector(store, quarantine_, Collector::Grouping::kByTickerAndDate);
    candles::Engine engine(run_.universe, run_.calendar, run_.engine, collector);
    start_engine(run_, segment, engine);
    MergedInputs inputs(run_.env, segment.plan,
                        {.salvage = run_.options.salvage, .window = segment.window()});
    collector.bind(engine, inputs);
    DateCommitter committer(run_, segment, store, collector, engine, inputs, report_);
    ProgressGate gate(run_.env, progress_);
    const auto settle = [&]() -> Status {
      FM_TRY(Status(collector.status()));
      for (const FinishedSession& session : collector.take_sessions())
        FM_TRY(committer.commit(session));
      gate.at({inputs.bytes_finished(), segment.plan.bytes, inputs.records_given(),
               collector.rows(), "reading"});
      return {};
    };
    FM_TRY(inputs.run(engine, settle));
    engine.finish();
    FM_TRY(settle());
    FM_TRY(record_rejects(run_, segment, engine, state_));
    FM_TRY(raise_contradictions(collector, committer.changed(), "candles", state_));

    add_engine_counts(engine, report_);
    add_input_counts(segment.plan, inputs, report_);
    report_.files += segment.plan.inputs.size();
    report_.files_reread += segment.files_reread;
    report_.spilled_bytes += store.spilled_bytes();
    for (auto& [ticker, root] : segment.roots) {
      if (!root.before || root.before->trade_date < root.first_date) continue;
      const DateKey key{ticker, root.before->trade_date};
      last_[ticker] = {*root.before, committer.changed().contains(key)};
    }
    SegmentEnd end;
    for (std::size_t i = 0; i < segment.plan.inputs.size(); ++i) {
      if (segment.is_new[i])
        end.newest_beyond = std::max(end.newest_beyond, inputs.newest_beyond(i));
    }
    return end;
  }

  LakeRun& run_;
  Progress& progress_;
  ops::State& state_;
  Quarantine& quarantine_;
  CandlesReport& report_;
  std::map<std::string, Last> last_;
};

Status work(LakeRun& run, Progress& progress, ops::State& state, const std::string& run_id,
            CandlesReport& report) {
  Quarantine quarantine(
      run.env, fmt::format("{}/quarantine/candles/{}.jsonl", run.lake.state_dir(), run_id));
  FM_TRY(find_new_inputs(run, report));
  FM_TRY(LakeJob(run, progress, state, quarantine, report).all());
  FM_TRY(quarantine.publish());
  report.quarantined = quarantine.count();
  report.quarantine_file = quarantine.file();
  return {};
}

}  // namespace

Result<CandlesReport> run_to_lake(Env& env, const CandlesOptions& options, Progress& progress) {
  FM_ASSIGN(const candles::EngineOptions engine, engine_options(options));
  FM_ASSIGN(const Registry registry, Registry::load(env, options.universe_file));
  FM_ASSIGN(const auto lake, open_lake(env, {.directory = options.lake,
                                             .state_dir = options.state_dir,
                                             .keep_days = options.keep_days}));
  FM_ASSIGN(const auto lock, env.lock(join(lake->state_dir(), kCandlesLock), kLockPatience));
  FM_ASSIGN(ops::State state, ops::State::open(env, ops::state_file(lake->state_dir())));

  FM_ASSIGN(const std::string parameters, parameters_json(env, engine, options.universe_file));
  LakeRun run{env,   options, registry.universe(), registry.calendar(),
              *lake, engine,  parameters,          hash_of(parameters).hex(),
              {},    {}};
  FM_ASSIGN(const std::string run_id,
            state.begin_run({.job = "candles", .parameters_json = parameters}));
  CandlesReport report;
  const Status status = work(run, progress, state, run_id, report);
  ops::RunEnd end;
  end.rows_processed = static_cast<std::int64_t>(report.rows);
  if (!status) end.error_message = status.error().message();
  const Status recorded = state.finish_run(run_id, end);
  FM_TRY(Status(status));
  FM_TRY(Status(recorded));
  return report;
}

}  // namespace fm::jobs
