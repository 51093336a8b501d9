#include <CLI/CLI.hpp>

#include "cli/command.h"
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
           "  frontmonth query - --lake lake < report.sql";
  }

  void declare(CLI::App& app, Context& context) override {
    app.add_option("SQL", sql_,
                   "One SELECT, EXPLAIN, DESCRIBE or SHOW; - reads it from standard input")
        ->required();
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
    FM_TRY(jobs::run_query(context.env(), config, sql, options, *out));
    return ExitCode::kOk;
  }

 private:
  std::string sql_;
  std::string format_ = "table";
  std::optional<std::string> as_of_;
  bool json_ = false;
};

}  // namespace

std::unique_ptr<Command> query_command() { return std::make_unique<QueryCommand>(); }

}  // namespace fm::cli
