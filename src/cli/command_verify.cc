#include <CLI/CLI.hpp>

#include "app/progress.h"
#include "cli/command.h"
#include "jobs/database.h"
#include "jobs/verify.h"

namespace fm::cli {
namespace {

class VerifyCommand final : public Command {
 public:
  std::string_view name() const override { return "verify"; }
  std::string_view summary() const override {
    return "Prove that a copy holds what the lake holds, or mend it";
  }
  std::string_view examples() const override {
    return "  frontmonth verify --against postgres --lake lake\n"
           "  frontmonth verify --against postgres --tables candles_1m,candles_1s --repair\n"
           "  frontmonth verify --against bigquery --from 2025-01-01 --json";
  }

  void declare(CLI::App& app, Context& context) override {
    app.add_option("--against", against_, "The copy: postgres (of DATABASE_URL) or bigquery")
        ->type_name("COPY")
        ->required();
    add_config_option(app, context, "--lake", "lake", "DIR", "The lake, which is right");
    add_config_option(app, context, "--state-dir", "state_dir", "DIR",
                      "Where the lake's state lies (default: beside it)");
    add_config_option(app, context, "--url-file", "postgres.url_file", "FILE",
                      "The database's connection URI, in a file of mode 0600");
    add_cloud_options(app, context);
    add_config_option(app, context, "--gcs-bucket", "google.bucket", "NAME",
                      "The mirror's bucket, which names the copy and serves repairs");
    add_config_option(app, context, "--gcs-prefix", "google.prefix", "PREFIX",
                      "What names of the mirror's objects begin with");
    app.add_option("--tables", tables_, "candles_1m,… (default: those that hold rows in the copy)")
        ->type_name("TABLES")
        ->delimiter(',');
    app.add_option("--from", from_, "Partitions from this date on")->type_name("DATE");
    app.add_option("--to", to_, "Partitions up to this date")->type_name("DATE");
    app.add_flag(
        "--repair", repair_,
        "Send the lake's rows of partitions that differ, and remove what it does not hold");
    app.add_flag("--json", json_, "The report as one JSON object");
  }

  Result<ExitCode> run(Context& context) override {
    if (against_ != "postgres" && against_ != "bigquery")
      return fail(Code::kInvalidArgument, "--against: found '{}', expected postgres or bigquery",
                  against_);
    FM_ASSIGN(const jobs::Config config, context.config());
    jobs::VerifyOptions options{.lake = config.lake, .state_dir = config.state_dir};
    options.tables = tables_;
    options.repair = repair_;
    if (!from_.empty()) {
      FM_ASSIGN(options.from, parse_date_flag("--from", from_));
    }
    if (!to_.empty()) {
      FM_ASSIGN(options.to, parse_date_flag("--to", to_));
    }
    FM_ASSIGN(const jobs::VerifyReport report, against_ == "postgres"
                                                   ? against_postgres(context, config, options)
                                                   : against_bigquery(context, config, options));
    FM_TRY(context.print(json_ ? jobs::to_json(report) : jobs::to_text(report)));
    return report.equal() ? ExitCode::kOk : ExitCode::kProblemsFound;
  }

 private:
  static Result<jobs::VerifyReport> against_postgres(Context& context, const jobs::Config& config,
                                                     const jobs::VerifyOptions& options) {
    FM_ASSIGN(const FoundSecret uri,
              jobs::find_database(context.env(), context.sources().environment, config));
    app::TerminalProgress progress(context.env(), "verify");
    return jobs::run_verify(context.env(), options, uri.secret, progress);
  }
  static Result<jobs::VerifyReport> against_bigquery(Context& context, const jobs::Config& config,
                                                     const jobs::VerifyOptions& options) {
    FM_ASSIGN(jobs::CloudPlace place,
              jobs::open_cloud(context.env(), context.sources().environment, config));
    app::TerminalProgress progress(context.env(), "verify");
    return jobs::run_verify(context.env(), options, place, jobs::mirror_options(config), progress);
  }

  std::string against_;
  std::vector<std::string> tables_;
  std::string from_, to_;
  bool repair_ = false;
  bool json_ = false;
};

}  // namespace

std::unique_ptr<Command> verify_command() { return std::make_unique<VerifyCommand>(); }

}  // namespace fm::cli
