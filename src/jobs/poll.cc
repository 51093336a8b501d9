#include "jobs/poll.h"

#include <algorithm>
#include <cctype>
#include <utility>

#include "base/json_text.h"
#include "base/log.h"
#include "jobs/housekeeping.h"
#include "jobs/open_lake.h"
#include "jobs/poll_root.h"
#include "jobs/registry.h"
#include "jobs/stop_watch.h"
#include "lake/lake.h"
#include "market/contract.h"
#include "ops/state.h"

namespace fm::jobs {
namespace {

using databento::HistoricalClient;

class Poller {
 public:
  Poller(PollPlaces& places, StopSignal& stop)
      : places_(places),
        stop_(stop),
        house_(places.env, places.lake, places.options.retention,
               [this] { return needed_by_copies(); }) {
    report_.quarantine_directory = places.quarantine;
    for (const std::string& root : places.options.roots) report_.roots.emplace_back().root = root;
  }

  PollReport run() {
    for (;;) {
      const std::optional<Nanos> available_to = poll();
      ++report_.polls;
      if (places_.options.polled) places_.options.polled(report_, available_to);
      house_.run_when_due();
      report_.stopped = stop_.requested();
      if (report_.stopped || places_.options.once) break;
      report_.stopped = stop_.wait_for(places_.options.interval);
      if (report_.stopped) break;
    }
    return std::move(report_);
  }

 private:
  // Up to when the service had bars.
  std::optional<Nanos> poll() {
    const auto available = places_.client.get_dataset_range(places_.options.dataset);
    for (PolledRoot& root : report_.roots) {
      if (stop_.requested()) return std::nullopt;
      Status status = available ? poll_root(places_, root, range_of(*available))
                                : std::unexpected(available.error());
      // A call that a stop has ended says nothing of the root.
      if (!status && stop_.requested()) return std::nullopt;
      root.error.reset();
      if (status) {
        log_info("{}: {} bars, {} added and {} corrected so far", root.root, root.bars, root.added,
                 root.corrected);
        continue;
      }
      ++root.failures;
      root.error = std::move(status).error();
      log_warning("{}: {}", root.root, root.error->message());
    }
    if (!available) return std::nullopt;
    return range_of(*available).second;
  }

  static std::pair<Nanos, Nanos> range_of(const databento::DatasetRange& range) {
    const auto bars = range.schemas.find(dbn::name(dbn::Schema::kOhlcv1m));
    if (bars == range.schemas.end()) return {range.start, range.end};
    return {std::max(range.start, bars->second.first), std::min(range.end, bars->second.second)};
  }

  Result<std::optional<Date>> needed_by_copies() const {
    const Secret* const database = places_.options.database;
    if (database == nullptr) return std::nullopt;
    return needed_by_database(places_.env, *database);
  }

  PollPlaces& places_;
  StopSignal& stop_;
  Housekeeping house_;
  PollReport report_;
};

Status check(const PollOptions& options) {
  if (options.roots.empty()) return fail(Code::kInvalidArgument, "no roots to poll");
  if (options.lookback < static_cast<Nanos>(kSecondsPerMinute) * kNanosPerSecond)
    return fail(Code::kInvalidArgument, "a lookback of less than a minute reads no bar again");
  if (!(options.outlier_limit > 0))
    return fail(Code::kInvalidArgument, "an outlier limit of {}: expected more than 0",
                options.outlier_limit);
  if (!options.once && options.interval == 0)
    return fail(Code::kInvalidArgument, "polls without a pause between them");
  return {};
}

std::string parameters_of(const PollOptions& options) {
  std::string roots;
  for (const std::string& root : options.roots)
    roots += fmt::format("{}{}", roots.empty() ? "" : ",", json_quoted(root));
  return fmt::format(
      "{{\"dataset\":{},\"roots\":[{}],\"interval_s\":{},\"lookback_s\":{},\"outlier_limit\":{}}}",
      json_quoted(options.dataset), roots, options.interval / kNanosPerSecond,
      options.lookback / kNanosPerSecond, options.outlier_limit);
}

ops::RunEnd end_of(const PollReport& report) {
  ops::RunEnd end;
  std::uint64_t rows = 0;
  std::string failures;
  for (const PolledRoot& root : report.roots) {
    rows += root.added + root.corrected;
    if (root.error)
      failures +=
          fmt::format("{}{}: {}", failures.empty() ? "" : "; ", root.root, root.error->message());
  }
  end.rows_processed = static_cast<std::int64_t>(rows);
  if (!failures.empty()) end.error_message = failures;
  return end;
}

}  // namespace

Result<std::vector<std::string>> parse_roots(std::string_view text) {
  std::vector<std::string> roots;
  while (!text.empty()) {
    std::string_view word = text.substr(0, text.find(','));
    text.remove_prefix(std::min(text.size(), word.size() + 1));
    while (word.starts_with(' ')) word.remove_prefix(1);
    while (word.ends_with(' ')) word.remove_suffix(1);
    if (word.empty()) continue;
    std::string root;
    for (const char c : word)
      root += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    // Exactly a root can stand before a month and a year.
    const std::string outright = root + "H4";
    if (!market::is_outright(outright) || market::root_of(outright) != root)
      return std::unexpected(
          Error(Code::kInvalidArgument, fmt::format("'{}' is no root", word))
              .hint("Name roots as the exchange does, without a month: ES,ZL,CL."));
    if (std::ranges::find(roots, root) == roots.end()) roots.push_back(std::move(root));
  }
  if (roots.empty()) return fail(Code::kInvalidArgument, "no roots to poll, expected ES,ZL,CL");
  if (roots.size() > kPollRootsMax)
    return fail(Code::kInvalidArgument, "{} roots; at most {} can be polled", roots.size(),
                kPollRootsMax);
  return roots;
}

Result<PollReport> run_poll(Env& env, const PollOptions& options, const Secret& key,
                            StopSignal& stop) {
  FM_TRY(check(options));
  FM_ASSIGN(const Registry registry, Registry::load(env, options.universe_file));
  FM_ASSIGN(const auto client, HistoricalClient::create(env, key, options.service));
  FM_ASSIGN(const auto lake, open_lake(env, {.directory = options.lake,
                                             .state_dir = options.state_dir,
                                             .keep_days = options.keep_days}));
  FM_ASSIGN(ops::State state, ops::State::open(env, ops::state_file(lake->state_dir())));
  FM_ASSIGN(const std::string run,
            state.begin_run({.job = "poll", .parameters_json = parameters_of(options)}));
  PollPlaces places{.env = env,
                    .options = options,
                    .registry = registry,
                    .client = *client,
                    .lake = *lake,
                    .state = state,
                    .quarantine = fmt::format("{}/quarantine/poll", lake->state_dir())};
  PollReport report = [&] {
    const StopWatch watch(*client, stop);
    return Poller(places, stop).run();
  }();
  FM_TRY(state.finish_run(run, end_of(report)));
  Housekeeping(env, *lake, {}, {}).finish();
  return report;
}

}  // namespace fm::jobs
