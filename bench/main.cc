// frontmonth_bench: each figure beside its limit, measured in the same run. See README.md.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <functional>
#include <thread>
#include <utility>

#include "base/log.h"
#include "process.h"
#include "report.h"
#include "rows.h"

namespace fm::bench {
namespace {

// Exit codes, as those of the program itself.
constexpr int kReached = 0;
constexpr int kFailed = 1;
constexpr int kBelowLimit = 3;
constexpr int kVoid = 4;

constexpr std::uint64_t kQuickRecords = 1'000'000;
constexpr std::uint32_t kQuickTradesPerActiveSecond = 13;

struct Arguments {
  std::uint64_t records = 10'000'000;
  int pairs = 5;
  bool quick = false;
  std::vector<std::string> only;
  std::string json;
  std::string data = "build/bench-data";
  std::string binary = "build/release/frontmonth";
};

using MakeRow = Result<Row> (*)(const Context&);
const std::pair<const char*, MakeRow> kRows[] = {{"decode_raw", decode_raw_row},
                                                 {"raw_to_candles", raw_to_candles_row},
                                                 {"zstd_to_parquet", zstd_to_parquet_row},
                                                 {"json_to_candles", json_to_candles_row},
                                                 {"lake_write", lake_write_row},
                                                 {"rollup", rollup_row},
                                                 {"audit", audit_row},
                                                 {"load_json", load_json_row},
                                                 {"load_dbn", load_dbn_row},
                                                 {"postgres_bulk", postgres_bulk_row},
                                                 {"fetch", fetch_row},
                                                 {"mirror_upload", mirror_upload_row},
                                                 {"verify", verify_row}};

using MeasureLimits = Result<std::vector<Limit>> (*)(const Context&);
const std::pair<const char*, MeasureLimits> kLimits[] = {
    {"live_receive", live_receive},   {"live_throughput", live_throughput},
    {"live_latency", live_latency},   {"live_restart", live_restart},
    {"postgres_live", postgres_live}, {"load_again", load_again},
    {"load_pipe", load_pipe},         {"mirror_planning", mirror_planning},
    {"mirror_cycle", mirror_cycle},   {"http_cached", http_cached},
    {"api_candles", api_candles},     {"http_streams", http_streams},
    {"up_memory", up_memory},         {"chart_frames", chart_frames}};

// One row after another; a row that cannot be measured does not keep the others from it.
void run(const Arguments& arguments, const Context& context, Report& report) {
  const auto attempt = [&](const std::string& id, const std::function<Status()>& measured) {
    if (!arguments.only.empty() &&
        std::find(arguments.only.begin(), arguments.only.end(), id) == arguments.only.end())
      return;
    log_info("measuring {}", id);
    if (const Status status = measured(); !status) {
      log(LogLevel::kError, fmt::format("{}: {}", id, status.error().message()));
      report.failed.push_back(id);
    }
  };
  attempt("rows_per_trade", [&]() -> Status {
    FM_ASSIGN(const Density eight, density_of(context, "eight", eight_contracts(context.data)));
    FM_ASSIGN(const Density dense, density_of(context, "dense", dense_days(context.data)));
    report.densities = {eight, dense};
    return {};
  });
  for (const auto& [id, make] : kRows)
    attempt(id, [&, make = make]() -> Status {
      FM_ASSIGN(const Row row, make(context));
      FM_ASSIGN(Outcome outcome, measure(row, arguments.pairs));
      // The inputs that the measures hold go now; the next row needs the memory.
      outcome.row.measure_ours = nullptr;
      outcome.row.measure_baseline = nullptr;
      report.outcomes.push_back(std::move(outcome));
      return {};
    });
  for (const auto& [id, measure_limits] : kLimits)
    attempt(id, [&, measure_limits = measure_limits]() -> Status {
      FM_ASSIGN(const auto limits, measure_limits(context));
      report.limits.insert(report.limits.end(), limits.begin(), limits.end());
      return {};
    });
  attempt("memory", [&]() -> Status {
    FM_ASSIGN(report.memory, measure_memory(context));
    return {};
  });
}

int report_and_judge(const Arguments& arguments, Env& env, const Report& report) {
  fmt::print("{}", to_table(report));
  if (!arguments.json.empty()) {
    if (const Status written = write_text_atomically(env, arguments.json, to_json(report));
        !written) {
      fmt::print(stderr, "frontmonth_bench: {}\n", written.error().message());
      return kFailed;
    }
  }
  if (!report.failed.empty()) {
    fmt::print(stderr, "frontmonth_bench: not measured: {}\n", fmt::join(report.failed, ", "));
    return kFailed;
  }
  if (report.quick) return kReached;
  if (report.any_void()) return kVoid;
  return report.reached() ? kReached : kBelowLimit;
}

int main_of(int count, char** values) {
  if (const auto code = run_as_copy(count, values)) return *code;
  Arguments arguments;
  CLI::App app("Measures frontmonth against what the machine can do.");
  app.add_option("--records", arguments.records, "trades of each input")
      ->check(CLI::PositiveNumber);
  app.add_option("--pairs", arguments.pairs, "pairs of runs of each row")
      ->check(CLI::Range(1, 1000));
  app.add_flag("--quick", arguments.quick,
               "a million trades: shows that everything runs, proves nothing");
  app.add_option("--only", arguments.only, "ids of rows, also rows_per_trade and memory");
  app.add_option("--json", arguments.json, "also write the figures to this file");
  app.add_option("--data", arguments.data, "where generated inputs are kept");
  app.add_option("--binary", arguments.binary, "the program, for what is measured from outside");
  CLI11_PARSE(app, count, values);

  start_logging(LogLevel::kInfo, false);
  Env& env = Env::posix();
  Context context{
      .env = &env,
      .data = {.directory = arguments.data,
               .records = arguments.quick ? kQuickRecords : arguments.records,
               .trades_per_active_second = arguments.quick ? kQuickTradesPerActiveSecond : 0},
      .binary = arguments.binary};
  Report report{.cpu = cpu_name(env),
                .cores = std::thread::hardware_concurrency(),
                .quick = arguments.quick,
                .outcomes = {},
                .limits = {},
                .densities = {},
                .memory = {},
                .failed = {}};
  run(arguments, context, report);
  return report_and_judge(arguments, env, report);
}

}  // namespace
}  // namespace fm::bench

int main(int count, char** values) { return fm::bench::main_of(count, values); }
