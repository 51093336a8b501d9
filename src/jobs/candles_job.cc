#include "jobs/candles_job.h"

#include <fmt/format.h>

#include "base/hash.h"
#include "base/log.h"
#include "jobs/candles_run.h"

namespace fm::jobs {
namespace {

constexpr Nanos kProgressEvery = kNanosPerSecond / 10;
constexpr int kWarmupSecondsMax = 86'400;

Status check(const CandlesOptions& options) {
  const bool to_file = !options.output.empty();
  if (to_file == !options.lake.empty())
    return std::unexpected(
        Error(Code::kInvalidArgument,
              to_file ? "both an output file and a lake are named" : "no output is named")
            .hint("Give -o FILE or --lake DIR."));
  if (options.warmup_seconds < 1 || options.warmup_seconds > kWarmupSecondsMax)
    return fail(Code::kInvalidArgument, "warm-up of {} seconds: expected 1 to {}",
                options.warmup_seconds, kWarmupSecondsMax);
  if (options.confirm < 1)
    return fail(Code::kInvalidArgument, "{} confirmations: expected at least 1", options.confirm);
  if (to_file && options.rebuild_from)
    return fail(Code::kInvalidArgument, "only a lake can be rebuilt: give --lake DIR");
  if (!to_file && options.every_second)
    return fail(Code::kInvalidArgument,
                "the lake holds only seconds with trades: --every-second is for -o FILE");
  return {};
}

}  // namespace

Result<candles::EngineOptions> engine_options(const CandlesOptions& options) {
  candles::EngineOptions engine;
  engine.warmup_seconds = options.warmup_seconds;
  engine.every_second = options.every_second;
  engine.confirm = options.confirm;
  if (!options.front_month.empty()) {
    FM_ASSIGN(engine.front_month, market::parse_front_month_rule(options.front_month));
  }
  engine.seconds = !options.lake.empty();
  return engine;
}

Result<std::string> parameters_json(Env& env, const candles::EngineOptions& options,
                                    const std::string& universe_file) {
  std::string universe;
  if (!universe_file.empty()) {
    FM_ASSIGN(const std::string text, read_text(env, universe_file));
    universe = fmt::format(",\"universe\":\"{}\"", hash_of(text).hex());
  }
  return fmt::format("{{\"warmup\":{},\"front_month\":\"{}\",\"confirm\":{}{}}}",
                     options.warmup_seconds, name(options.front_month), options.confirm, universe);
}

void ProgressGate::at(const ProgressPoint& point) {
  const Nanos now = env_.monotonic();
  if (now < next_) return;
  next_ = now + kProgressEvery;
  progress_.at(point);
}

Status check_something_to_read(const InputPlan& plan) {
  if (!plan.inputs.empty()) return {};
  if (plan.skipped.empty()) return fail(Code::kNotFound, "the inputs hold no files");
  const SkippedFile& first = plan.skipped.front();
  return fail(
      Code::kNotFound, "no input holds trades; skipped {}: {}{}", first.path, first.why,
      plan.skipped.size() > 1 ? fmt::format(" (and {} more)", plan.skipped.size() - 1) : "");
}

void add_input_counts(const InputPlan& plan, const MergedInputs& inputs, CandlesReport& report) {
  for (const MergedInputs::Damage& damage : inputs.damages()) {
    log_warning("{}: {}", damage.file, damage.what);
    report.salvaged.push_back({damage.file, damage.what});
  }
  report.input_bytes += plan.bytes;
}

std::string stats_json(const CandlesReport& report) {
  // Laid out as the reference implementation does: keys sorted, one space deeper per level.
  const auto object = [](const std::vector<std::string>& members) {
    return members.empty() ? std::string("{}")
                           : fmt::format("{{\n{}\n }}", fmt::join(members, ",\n"));
  };
  std::vector<std::string> rejected, stats, stints;
  for (const auto& [reason, count] : report.rejected)
    rejected.push_back(fmt::format("  \"{}\": {}", reason, count));
  const auto count = [&stats](std::string_view key, std::uint64_t value) {
    if (value > 0) stats.push_back(fmt::format("  \"{}\": {}", key, value));
  };
  count("accepted", report.accepted);
  count("records", report.records);
  count("rows", report.rows);
  for (const TickerReport& ticker : report.tickers)
    count("switches:" + ticker.ticker, ticker.switches);
  for (const auto& [ticker, changes] : report.stints) {
    if (changes.empty()) continue;
    std::vector<std::string> items;
    for (const auto& [second, symbol] : changes)
      items.push_back(fmt::format("   [\n    {},\n    \"{}\"\n   ]", second, symbol));
    stints.push_back(fmt::format("  \"{}\": [\n{}\n  ]", ticker, fmt::join(items, ",\n")));
  }
  return fmt::format("{{\n \"rejected\": {},\n \"stats\": {},\n \"stints\": {}\n}}",
                     object(rejected), object(stats), object(stints));
}

Result<CandlesReport> run_candles(Env& env, const CandlesOptions& options, Progress& progress) {
  const Nanos begun = env.monotonic();
  FM_TRY(check(options));
  auto report = options.lake.empty() ? run_to_file(env, options, progress)
                                     : run_to_lake(env, options, progress);
  if (!report) return report;
  report->elapsed = env.monotonic() - begun;
  if (!options.stats_file.empty())
    FM_TRY(write_text_atomically(env, options.stats_file, stats_json(*report)));
  return report;
}

}  // namespace fm::jobs
