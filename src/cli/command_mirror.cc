#include <CLI/CLI.hpp>

#include "base/log.h"
#include "base/signals.h"
#include "cli/command.h"
#include "jobs/mirror.h"

namespace fm::cli {
namespace {

class MirrorCommand final : public Command {
 public:
  std::string_view name() const override { return "mirror"; }
  std::string_view summary() const override {
    return "Bring the lake to Cloud Storage and BigQuery, each row once";
  }
  std::string_view examples() const override {
    return "  frontmonth mirror --lake lake --bq-project market-4711 --gcs-bucket market-lake\n"
           "  frontmonth mirror --watch --interval 300\n"
           "  frontmonth mirror --gc --json";
  }

  void declare(CLI::App& app, Context& context) override {
    add_config_option(app, context, "--lake", "lake", "DIR", "What is mirrored");
    add_config_option(app, context, "--state-dir", "state_dir", "DIR",
                      "Where ops.sqlite lies (default: beside the lake)");
    add_cloud_options(app, context);
    add_config_option(app, context, "--gcs-bucket", "google.bucket", "NAME", "The bucket");
    add_config_option(app, context, "--gcs-prefix", "google.prefix", "PREFIX",
                      "What names of objects begin with (default: frontmonth)");
    add_config_option(app, context, "--tables", "google.tables", "TABLES",
                      "candles_1m,… (default: those that hold rows in the lake)");
    auto* const watch = app.add_flag("--watch", watch_, "Again and again, until SIGTERM");
    add_config_option(app, context, "--interval", "google.interval_seconds", "SECONDS",
                      "With --watch: between two cycles (60 to 86400; default: 300)")
        ->needs(watch);
    app.add_flag("--dry-run", dry_run_, "Only say what would be brought")->excludes(watch);
    app.add_flag("--gc", garbage_, "Afterwards, remove objects that no file of the lake needs");
    app.add_flag("--forget", forget_,
                 "Begin as if nothing had been brought; rows that are there are replaced");
    app.add_flag("--json", json_, "The report as one JSON object");
  }

  Result<ExitCode> run(Context& context) override {
    FM_ASSIGN(const jobs::Config config, context.config());
    FM_ASSIGN(jobs::CloudPlace place,
              jobs::open_cloud_with_bucket(context.env(), context.sources().environment, config));
    jobs::MirrorJobOptions options = jobs::mirror_options(config);
    options.watch = watch_;
    options.garbage = garbage_;
    options.dry_run = dry_run_;
    options.forget = forget_;
    // What a service writes is its log.
    if (watch_ && config.is_default("log.level")) start_logging(LogLevel::kInfo, config.log.json);
    StopSignal stop;
    FM_ASSIGN(const jobs::MirrorReport report,
              jobs::run_mirror(context.env(), options, place, stop));
    FM_TRY(context.print(json_ ? jobs::to_json(report) : jobs::to_text(report)));
    if (report.plan || report.complete() || report.stopped) return ExitCode::kOk;
    return report.may_pass() ? ExitCode::kTemporary : ExitCode::kFailure;
  }

 private:
  bool watch_ = false;
  bool garbage_ = false;
  bool dry_run_ = false;
  bool forget_ = false;
  bool json_ = false;
};

}  // namespace

std::unique_ptr<Command> mirror_command() { return std::make_unique<MirrorCommand>(); }

}  // namespace fm::cli
