#include <CLI/CLI.hpp>

#include "app/progress.h"
#include "cli/command.h"
#include "jobs/poll.h"
#include "jobs/rollup.h"
#include "jobs/rollup_cloud.h"

namespace fm::cli {
namespace {

class RollupCommand final : public Command {
 public:
  std::string_view name() const override { return "rollup"; }
  std::string_view summary() const override {
    return "Make hours and trade dates from minutes, and plain bars from candle seconds";
  }
  std::string_view examples() const override {
    return "  frontmonth rollup --lake lake\n"
           "  frontmonth rollup --lake lake --roots ES,ZL --from 2024-01-01 --dry-run\n"
           "  frontmonth rollup --lake lake --tables databento_futures_ohlcv_1d --json\n"
           "  frontmonth rollup --engine bigquery\n"
           "  frontmonth rollup --engine bigquery --schedule 'every 5 minutes'";
  }

  void declare(CLI::App& app, Context& context) override {
    app.add_option("--engine", engine_,
                   "Where: duckdb (in the lake; the default) or bigquery (its polled minutes)")
        ->type_name("ENGINE");
    add_config_option(app, context, "--lake", "lake", "DIR", "Whose tables");
    add_config_option(app, context, "--state-dir", "state_dir", "DIR",
                      "Where ops.sqlite lies (default: beside the lake)");
    app.add_option("--tables", options_.tables, "Only these, such as bars_1h (default: all)")
        ->type_name("TABLES")
        ->delimiter(',');
    app.add_option("--roots", roots_, "Only these: ES,ZL (default: all)")->type_name("ROOTS");
    app.add_option("--from", from_, "Only partitions that hold this date or a later one")
        ->type_name("DATE");
    app.add_option("--to", to_, "Only partitions that hold this date or an earlier one")
        ->type_name("DATE");
    app.add_option("--schedule", schedule_,
                   "With --engine bigquery: BigQuery does it by itself, such as 'every 5 minutes'")
        ->type_name("SCHEDULE");
    add_cloud_options(app, context);
    app.add_flag("--dry-run", options_.place.dry_run,
                 "Say which partitions are due, and change nothing");
    app.add_flag("--json", json_, "The report as one JSON object");
  }

  Result<ExitCode> run(Context& context) override {
    if (engine_ != "duckdb" && engine_ != "bigquery")
      return fail(Code::kInvalidArgument, "--engine: found '{}', expected duckdb or bigquery",
                  engine_);
    FM_ASSIGN(const jobs::Config config, context.config());
    if (!from_.empty()) {
      FM_ASSIGN(options_.from, parse_date_flag("--from", from_));
    }
    if (!to_.empty()) {
      FM_ASSIGN(options_.to, parse_date_flag("--to", to_));
    }
    if (engine_ == "bigquery") return run_in_bigquery(context, config);
    if (!schedule_.empty())
      return fail(Code::kInvalidArgument, "--schedule: needs --engine bigquery");
    options_.place.lake = config.lake;
    options_.place.state_dir = config.state_dir;
    options_.place.keep_days = config.lake_keep_days;
    options_.universe_file = config.universe;
    if (!roots_.empty()) {
      FM_ASSIGN(options_.roots, jobs::parse_roots(roots_));
    }
    const Result<jobs::RollupReport> report = [&] {
      app::TerminalProgress progress(context.env(), "rollup");
      return jobs::run_rollup(context.env(), options_, progress);
    }();
    if (!report) return std::unexpected(report.error());
    FM_TRY(context.print(json_ ? jobs::to_json(*report) : jobs::to_text(*report)));
    return ExitCode::kOk;
  }

 private:
  Result<ExitCode> run_in_bigquery(Context& context, const jobs::Config& config) {
    if (!roots_.empty())
      return fail(Code::kInvalidArgument,
                  "--roots: with --engine bigquery all roots are rolled up together");
    FM_ASSIGN(jobs::CloudPlace place,
              jobs::open_cloud(context.env(), context.sources().environment, config));
    const jobs::CloudRollupOptions options{.lake = config.lake,
                                           .state_dir = config.state_dir,
                                           .universe_file = config.universe,
                                           .tables = options_.tables,
                                           .from = options_.from,
                                           .to = options_.to,
                                           .query_bytes_max = config.google.query_gib_max << 30,
                                           .dry_run = options_.place.dry_run};
    if (!schedule_.empty()) {
      FM_ASSIGN(const auto report,
                jobs::schedule_cloud_rollup(context.env(), options, schedule_, place));
      FM_TRY(context.print(json_ ? jobs::to_json(report) : jobs::to_text(report)));
      return ExitCode::kOk;
    }
    FM_ASSIGN(const auto report, jobs::run_cloud_rollup(context.env(), options, place));
    FM_TRY(context.print(json_ ? jobs::to_json(report) : jobs::to_text(report)));
    return ExitCode::kOk;
  }

  jobs::RollupOptions options_;
  std::string engine_ = "duckdb";
  std::string schedule_;
  std::string roots_;
  std::string from_;
  std::string to_;
  bool json_ = false;
};

}  // namespace

std::unique_ptr<Command> rollup_command() { return std::make_unique<RollupCommand>(); }

}  // namespace fm::cli
