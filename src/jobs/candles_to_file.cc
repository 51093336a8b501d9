#include "base/log.h"
#include "jobs/candle_rows.h"
#include "jobs/candles_run.h"
#include "jobs/collector.h"
#include "jobs/draft.h"
#include "jobs/file_output.h"
#include "jobs/inputs.h"
#include "jobs/registry.h"
#include "jobs/report.h"

namespace fm::jobs {
namespace {

constexpr const char* kTemporaryFolder = "/tmp";

// Beside the output, where there is room for it if there is room for the output.
std::string spill_path(Env& env, const FileTarget& target) {
  const std::string base =
      target.path == kStandardOutput ? join(kTemporaryFolder, "frontmonth-candles") : target.path;
  return fmt::format("{}.{:016x}{}", base, env.random(), kSpillEnding);
}

Status check_target(Env& env, const FileTarget& target, const InputList& list) {
  if (target.path == kStandardOutput) return {};
  for (const InputFile& file : list.files) {
    if (file.path == target.path)
      return fail(Code::kInvalidArgument, "{} is an input and the output", file.path);
  }
  if (const auto info = env.info(target.path); info && info->is_directory)
    return std::unexpected(
        Error(Code::kInvalidArgument, fmt::format("{} is a directory", target.path))
            .hint("Name a file, or use --lake for a lake."));
  return {};
}

Result<InputPlan> find_and_plan(Env& env, const CandlesOptions& options, const FileTarget& target) {
  FM_ASSIGN(InputList list, find_inputs(env, options.inputs));
  FM_TRY(drop_copies(env, list));
  FM_TRY(check_target(env, target, list));
  FM_ASSIGN(InputPlan plan, plan_inputs(env, std::move(list), options.salvage));
  for (const SkippedFile& skipped : plan.skipped)
    log_info("skipped {}: {}", skipped.path, skipped.why);
  FM_TRY(check_something_to_read(plan));
  return plan;
}

// Runs in the order of ticker names.
std::vector<RunStore::RunId> runs_by_ticker(const candles::Engine& engine,
                                            const Collector& collector) {
  std::map<std::string_view, RunStore::RunId> by_name;
  for (candles::TickerId id = 0; id < engine.ticker_count(); ++id) {
    if (const auto run = collector.candle_run(id, Date{})) by_name.emplace(engine.ticker(id), *run);
  }
  std::vector<RunStore::RunId> runs;
  runs.reserve(by_name.size());
  for (const auto& [ticker, run] : by_name) runs.push_back(run);
  return runs;
}

}  // namespace

Result<CandlesReport> run_to_file(Env& env, const CandlesOptions& options, Progress& progress) {
  FM_ASSIGN(const FileTarget target, file_target(options.output, options.format));
  FM_ASSIGN(const candles::EngineOptions parameters, engine_options(options));
  FM_ASSIGN(const Registry registry, Registry::load(env, options.universe_file));
  FM_ASSIGN(InputPlan plan, find_and_plan(env, options, target));
  const bool to_stdout = target.path == kStandardOutput;
  if (!to_stdout) clean_leftovers(env, target.path);

  RunStore store(env, spill_path(env, target), options.buffer_bytes);
  Quarantine quarantine(env, to_stdout ? "" : target.path + ".quarantine.jsonl");
  Collector collector(store, quarantine, Collector::Grouping::kByTicker);
  candles::Engine engine(registry.universe(), registry.calendar(), parameters, collector);
  for (const auto& [ticker, cvd] : options.cvd_base) engine.set_cvd_base(ticker, cvd);
  MergedInputs inputs(env, plan, {.salvage = options.salvage, .window = {}});
  collector.bind(engine, inputs);

  ProgressGate gate(env, progress);
  FM_TRY(inputs.run(engine, [&]() -> Status {
    gate.at(
        {inputs.bytes_finished(), plan.bytes, inputs.records_given(), collector.rows(), "reading"});
    return collector.status();
  }));
  engine.finish();
  FM_TRY(Status(collector.status()));

  CandlesReport report;
  add_engine_counts(engine, report);
  add_input_counts(plan, inputs, report);
  report.files = plan.inputs.size();
  report.files_skipped = plan.skipped.size();
  progress.at({plan.bytes, plan.bytes, report.records, report.rows, "writing"});

  StoredCandles rows(store, runs_by_ticker(engine, collector), engine);
  FM_ASSIGN(report.output_bytes, write_file(env, rows, target));
  FM_TRY(quarantine.publish());
  report.quarantined = quarantine.count();
  report.quarantine_file = quarantine.file();
  report.spilled_bytes = store.spilled_bytes();
  return report;
}

}  // namespace fm::jobs
