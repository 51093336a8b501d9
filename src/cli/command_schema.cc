#include <CLI/CLI.hpp>

#include "cli/command.h"
#include "jobs/cloud_schema.h"
#include "jobs/database.h"
#include "jobs/schema_job.h"
#include "server/openapi.h"
#include "table/ddl.h"

namespace fm::cli {
namespace {

class SchemaCommand final : public Command {
 public:
  std::string_view name() const override { return "schema"; }
  std::string_view summary() const override {
    return "Show tables as statements for an SQL engine";
  }
  std::string_view examples() const override {
    return "  frontmonth schema candles_1m\n"
           "  frontmonth schema --engine postgres | psql market\n"
           "  DATABASE_URL=postgresql://… frontmonth schema --engine postgres --apply\n"
           "  frontmonth schema --engine bigquery --diff --bq-project market-4711\n"
           "  frontmonth schema --engine bigquery --apply --collector "
           "serviceAccount:collector@market-4711.iam.gserviceaccount.com";
  }

  void declare(CLI::App& app, Context& context) override {
    auto* const table = app.add_option(
        "TABLE", table_, "candles_1m or market_data.candles_1m; default: every table");
    app.add_option("--engine", engine_, "duckdb, postgres, timescale or bigquery (default: duckdb)")
        ->type_name("ENGINE");
    app.add_flag("--apply", apply_,
                 "Make what is missing: in the PostgreSQL database of DATABASE_URL, or in "
                 "BigQuery");
    app.add_flag("--diff", diff_,
                 "BigQuery: what --apply would do, and the roles that each account needs");
    app.add_flag("--force", force_, "BigQuery, with --apply: also replace views");
    app.add_option("--expire-live", cloud_.expire_live_days,
                   "BigQuery: partitions of futures_ohlcv_…_live go after so many days (default: "
                   "never); history has no such limit")
        ->type_name("DAYS")
        ->check(CLI::Range(0, 3'650));
    app.add_option("--collector", cloud_.principals.collector,
                   "BigQuery: the account that mirrors, such as serviceAccount:NAME@…; --apply "
                   "grants it its roles")
        ->type_name("MEMBER");
    app.add_option("--trainer", cloud_.principals.trainer, "BigQuery: the account that trains")
        ->type_name("MEMBER");
    app.add_option("--dashboard", cloud_.principals.dashboard, "BigQuery: the account that shows")
        ->type_name("MEMBER");
    add_cloud_options(app, context);
    add_config_option(app, context, "--gcs-bucket", "google.bucket", "NAME",
                      "BigQuery: the bucket that the accounts use");
    app.add_option(
           "--ahead", months_ahead_,
           "With --apply: partitions for this month and so many behind it (0 to 120); those "
           "of rows that are written are made anyway")
        ->type_name("MONTHS")
        ->check(CLI::Range(0, jobs::kMonthsAheadMax));
    add_config_option(app, context, "--url-file", "postgres.url_file", "FILE",
                      "With --apply: the connection URI, in a file of mode 0600");
    app.add_flag("--json", json_, "Columns, keys and partitions as JSON");
    app.add_flag("--markdown", markdown_, "Every table as a page of documentation")
        ->excludes(table);
    app.add_flag("--api", api_, "The HTTP API of `frontmonth up` as a page of documentation")
        ->excludes(table);
  }

  Result<ExitCode> run(Context& context) override {
    if (engine_ == "bigquery" && (apply_ || diff_)) return apply_to_cloud(context);
    if (diff_)
      return fail(Code::kInvalidArgument, "--diff is for --engine bigquery; found {}", engine_);
    if (apply_) return apply(context);
    if (api_) {
      FM_ASSIGN(const std::string page, server::api_markdown());
      FM_TRY(context.print(page));
      return ExitCode::kOk;
    }
    if (markdown_) {
      FM_TRY(context.print(table::catalogue_markdown()));
      return ExitCode::kOk;
    }
    FM_ASSIGN(const std::string text,
              json_ ? jobs::schema_json(table_, engine_) : jobs::schema_text(table_, engine_));
    FM_TRY(context.print(text));
    return ExitCode::kOk;
  }

 private:
  Result<ExitCode> apply(Context& context) {
    if (engine_ != "postgres" && engine_ != "timescale")
      return fail(Code::kInvalidArgument,
                  "--apply is for --engine postgres, timescale or bigquery; found {}", engine_);
    FM_ASSIGN(const jobs::Config config, context.config());
    FM_ASSIGN(const FoundSecret uri,
              jobs::find_database(context.env(), context.sources().environment, config));
    FM_ASSIGN(const std::vector<std::string> changes,
              jobs::apply_schema(context.env(), uri.secret,
                                 {.table = table_, .months_ahead = months_ahead_}));
    std::string text;
    for (const std::string& change : changes) text += change + "\n";
    FM_TRY(context.print(text.empty() ? "everything is there\n" : text));
    return ExitCode::kOk;
  }

  Result<ExitCode> apply_to_cloud(Context& context) {
    FM_ASSIGN(const jobs::Config config, context.config());
    FM_ASSIGN(jobs::CloudPlace place,
              jobs::open_cloud_with_bucket(context.env(), context.sources().environment, config));
    cloud_.table = table_;
    cloud_.apply = apply_;
    cloud_.force = force_;
    FM_ASSIGN(const jobs::CloudSchemaReport report,
              jobs::run_cloud_schema(context.env(), place, cloud_));
    FM_TRY(context.print(jobs::to_text(report, place, apply_)));
    return apply_ || report.changes.empty() ? ExitCode::kOk : ExitCode::kProblemsFound;
  }

  bool apply_ = false;
  bool diff_ = false;
  bool force_ = false;
  jobs::CloudSchemaOptions cloud_;
  int months_ahead_ = 0;
  std::optional<std::string> table_;
  std::string engine_ = "duckdb";
  bool json_ = false;
  bool markdown_ = false;
  bool api_ = false;
};

}  // namespace

std::unique_ptr<Command> schema_command() { return std::make_unique<SchemaCommand>(); }

}  // namespace fm::cli
