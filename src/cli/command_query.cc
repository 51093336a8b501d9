#include <CLI/CLI.hpp>

#include "cli/command.h"
#include "jobs/cloud_query.h"
#include "jobs/moment.h"
#include "jobs/query_job.h"

namespace fm::cli {
namespace {

class QueryCommand final : public Command {
 public:
  std::string_view name() const override { return "query"; }
  std::string_view summary() const override { return "Run read-only SQL over the lake"; }
  std::string_view examples() const override {
    return "  frontmonth query 'SELECT ticker, count(*) FROM candles_1m GROUP BY ALL' --lake lake\n"
           "  frontmonth query 'FROM candle_sessions' --lake lake --format csv > sessions.csv\n"
           "  frontmonth query 'FROM job_runs' --lake lake --json\n"
           "  frontmonth query 'FROM candles_1m' --lake lake --as-of 2025-06-16T21:00:00Z\n"
           "  frontmonth query - --lake lake < report.sql\n"
           "  frontmonth query --engine bigquery 'SELECT ticker, COUNT(*) FROM "
           "market_data.candles_1m "
           "WHERE trade_date = \"2025-06-16\" GROUP BY 1'";
  }

  void declare(CLI::App& app, Context& context) override {
    app.add_option("SQL", sql_,
                   "One SELECT, EXPLAIN, DESCRIBE or SHOW; - reads it from standard input")
        ->required();
    app.add_option("--engine", engine_,
                   "duckdb, over the lake (default), or bigquery, over its copy there: says first "
                   "what it costs")
        ->type_name("ENGINE");
    app.add_flag("--dry-run", cloud_.dry_run, "BigQuery: only say what it would cost");
    app.add_flag("--full-scan", cloud_.full_scan, "BigQuery: read every partition of a table, too");
    add_cloud_options(app, context);
    add_config_option(app, context, "--lake", "lake", "DIR", "The lake's folder (default: ./lake)");
    add_config_option(app, context, "--state-dir", "state_dir", "DIR",
                      "Where ops.sqlite lies (default: beside the lake)");
    auto* format = app.add_option("--format", format_, "table, csv or json (default: table)")
                       ->type_name("FORMAT");
    app.add_flag("--json", json_, "The same as --format json: one object per row")
        ->excludes(format);
    app.add_option("--as-of", as_of_,
                   "The lake's rows as they were then (UTC), as long as lake_keep_days keeps them; "
                   "tables of ops are as they are now")
        ->type_name("TIME");
    add_config_option(app, context, "--memory-mib", "query.memory_mib", "MIB",
                      "Memory the query may use (default: 1024)");
    add_config_option(app, context, "--threads", "query.threads", "N",
                      "Threads the query may use (default: one per core)");
    add_config_option(app, context, "--timeout", "query.timeout_s", "SECONDS",
                      "End the statement after so long (default: never)");
    add_config_option(app, context, "--max-rows", "query.rows_max", "N",
                      "Write at most so many rows, and warn when there are more (default: all)");
  }

  Result<ExitCode> run(Context& context) override {
    FM_ASSIGN(const jobs::Config config, context.config());
    jobs::QueryJobOptions options{.format = json_ ? "json" : format_};
    if (as_of_) {
      FM_ASSIGN(options.as_of, jobs::parse_as_of(*as_of_));
    }
    std::string sql = sql_;
    if (sql == "-") {
      FM_ASSIGN(sql, read_text(context.env(), "-", 1 << 20));
    }
    FM_ASSIGN(const auto out, context.env().create("-", Create::kAppend));
    if (engine_ == "bigquery") return run_in_cloud(context, config, sql, options, *out);
    if (engine_ != "duckdb")
      return fail(Code::kInvalidArgument, "--engine: found '{}', expected duckdb or bigquery",
                  engine_);
    FM_TRY(jobs::run_query(context.env(), config, sql, options, *out));
    return ExitCode::kOk;
  }

 private:
  Result<ExitCode> run_in_cloud(Context& context, const jobs::Config& config,
                                const std::string& sql, const jobs::QueryJobOptions& options,
                                WritableFile& out) {
    if (options.as_of)
      return fail(Code::kInvalidArgument, "--as-of is for the lake; BigQuery has FOR SYSTEM_TIME");
    FM_ASSIGN(jobs::CloudPlace place,
              jobs::open_cloud(context.env(), context.sources().environment, config));
    constexpr double kMib = 1 << 20;
    cloud_.format = options.format;
    cloud_.bytes_billed_max = config.google.query_gib_max << 30;
    cloud_.rows_max = static_cast<std::uint64_t>(config.query.rows_max);
    cloud_.on_estimate = [](std::int64_t bytes, double usd) {
      fmt::print(stderr, "Reads {:.1f} MiB, about ${:.4f}\n", static_cast<double>(bytes) / kMib,
                 usd);
    };
    FM_ASSIGN(const jobs::CloudQueryOutcome outcome,
              jobs::run_cloud_query(context.env(), config, place, sql, cloud_, out));
    if (!cloud_.dry_run)
      fmt::print(stderr, "Billed {:.1f} MiB\n", static_cast<double>(outcome.bytes_billed) / kMib);
    return ExitCode::kOk;
  }

  std::string engine_ = "duckdb";
  jobs::CloudQueryOptions cloud_;
  std::string sql_;
  std::string format_ = "table";
  std::optional<std::string> as_of_;
  bool json_ = false;
};

}  // namespace

std::unique_ptr<Command> query_command() { return std::make_unique<QueryCommand>(); }

}  // namespace fm::cli
