#include <CLI/CLI.hpp>

#include "app/progress.h"
#include "cli/command.h"
#include "dbn/enums.h"
#include "jobs/housekeeping.h"
#include "jobs/load.h"
#include "jobs/load_daily.h"
#include "jobs/moment.h"

namespace fm::cli {
namespace {

class LoadCommand final : public Command {
 public:
  std::string_view name() const override { return "load"; }
  std::string_view summary() const override {
    return "Load downloaded bars, statistics and definitions into the lake, each row once";
  }
  std::string_view examples() const override {
    return "  frontmonth load GLBX-20250602-C83SEA9BN7/ --lake lake\n"
           "  frontmonth load downloads/ --lake lake --dry-run\n"
           "  frontmonth load --as yahoo ZL=F.csv --lake lake\n"
           "  zstd -dc bars.json.zst | frontmonth load - --lake lake --schema ohlcv-1m\n"
           "  frontmonth load glbx-mdp3-20240602-20250601.ohlcv-1m.dbn.zst --lake lake --json";
  }

  void declare(CLI::App& app, Context& context) override {
    app.add_option("PATH", options_.inputs,
                   "DBN, Databento JSON lines or CSV, each also as .zst; files, folders, or whole "
                   "folders of batch jobs; - is standard input")
        ->required();
    add_config_option(app, context, "--lake", "lake", "DIR", "Where the rows go");
    add_config_option(app, context, "--state-dir", "state_dir", "DIR",
                      "Where ops.sqlite and quarantine lie (default: beside the lake)");
    add_config_option(app, context, "--dataset", "databento.dataset", "NAME",
                      "Files of other datasets are refused (default: GLBX.MDP3)");
    auto* const dry_run =
        app.add_flag("--dry-run", options_.dry_run,
                     "Say of each file what would be done with it, and change nothing");
    auto* const test_one =
        app.add_flag("--test-one", options_.test_one,
                     "Load one file of each root and schema, and leave the others");
    app.add_flag("--rehash", options_.rehash,
                 "Read also files that look unchanged (size, time and inode) since they were "
                 "loaded");
    app.add_flag("--again", options_.again,
                 "Merge every file, as if none had been loaded; rows that are there stay");
    app.add_option("--schema", options_.hints.schema,
                   "What text holds whose lines, name and folder do not say it: trades, ohlcv-1m, "
                   "...")
        ->type_name("NAME");
    app.add_option("--symbology", options_.hints.symbology,
                   "A symbology.json, for files with instrument numbers that come without one")
        ->type_name("FILE");
    app.add_option("--published", published_,
                   "Since when the data of a pipe are known (default: now); a date or a time")
        ->type_name("TIME");
    app.add_option("--as", form_,
                   "The files are no feed of the exchange: yahoo (daily ZL before 2010-06-06, the "
                   "bridge) or barchart (daily histories of single contracts)")
        ->type_name("FORM")
        ->excludes(dry_run)
        ->excludes(test_one);
    app.add_flag("--json", json_, "The report as one JSON object, every file in it");
  }

  Result<ExitCode> run(Context& context) override {
    FM_ASSIGN(const jobs::Config config, context.config());
    options_.lake = config.lake;
    options_.state_dir = config.state_dir;
    options_.keep_days = config.lake_keep_days;
    options_.dataset = config.databento.dataset;
    if (!options_.hints.schema.empty() && !dbn::parse_schema(options_.hints.schema))
      return std::unexpected(
          Error(Code::kInvalidArgument, fmt::format("--schema: {} is none", options_.hints.schema))
              .hint("One of the vendor's, such as trades, tbbo or ohlcv-1m."));
    if (!published_.empty()) {
      FM_ASSIGN(options_.hints.published, jobs::parse_as_of(published_));
    }
    const Result<jobs::LoadReport> report = [&]() -> Result<jobs::LoadReport> {
      if (!form_.empty()) {
        FM_ASSIGN(const jobs::DailyForm form, jobs::parse_daily_form(form_));
        return jobs::run_load_daily(context.env(), options_, form);
      }
      app::TerminalProgress progress(context.env(), "load");
      return jobs::run_load(context.env(), options_, progress);
    }();
    if (!report) return std::unexpected(report.error());
    if (!options_.dry_run)
      jobs::keep_ops_in_lake(context.env(), {.directory = options_.lake,
                                             .state_dir = options_.state_dir,
                                             .keep_days = options_.keep_days});
    FM_TRY(context.print(json_ ? jobs::to_json(*report) : jobs::to_text(*report)));
    switch (report->verdict()) {
      case jobs::LoadVerdict::kOk:
        return ExitCode::kOk;
      case jobs::LoadVerdict::kProblems:
        return ExitCode::kProblemsFound;
      case jobs::LoadVerdict::kRetry:
        return ExitCode::kTemporary;
      case jobs::LoadVerdict::kFailed:
        break;
    }
    return ExitCode::kFailure;
  }

 private:
  jobs::LoadOptions options_;
  std::string form_;
  std::string published_;
  bool json_ = false;
};

}  // namespace

std::unique_ptr<Command> load_command() { return std::make_unique<LoadCommand>(); }

}  // namespace fm::cli
