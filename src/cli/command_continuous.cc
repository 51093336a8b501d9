#include <CLI/CLI.hpp>

#include "app/progress.h"
#include "cli/command.h"
#include "jobs/continuous.h"
#include "jobs/poll.h"

namespace fm::cli {
namespace {

class ContinuousCommand final : public Command {
 public:
  std::string_view name() const override { return "continuous"; }
  std::string_view summary() const override {
    return "Make continuous series, their roll calendar and the futures curve from day bars";
  }
  std::string_view examples() const override {
    return "  frontmonth continuous --rule volume --lake lake\n"
           "  frontmonth continuous --roots ES,ZL --rule calendar,days:8 --rank 0,1 --lake lake\n"
           "  frontmonth continuous --lake lake        # the stored series, brought up to date";
  }

  void declare(CLI::App& app, Context& context) override {
    add_config_option(app, context, "--lake", "lake", "DIR", "Whose tables");
    add_config_option(app, context, "--state-dir", "state_dir", "DIR",
                      "Where ops.sqlite lies (default: beside the lake)");
    app.add_option("--rule", options_.rules,
                   "calendar, volume, open_interest, volume_forward, open_interest_forward, "
                   "days:N (default: what is stored)")
        ->type_name("RULES")
        ->delimiter(',');
    app.add_option("--rank", options_.ranks,
                   "0: the contract that the rule puts first, 1: the next, ... (default: 0)")
        ->type_name("RANKS")
        ->delimiter(',');
    app.add_option("--roots", roots_, "Only these: ES,ZL (default: all)")->type_name("ROOTS");
    app.add_option("--tables", options_.tables,
                   "Only these, such as databento_futures_continuous_1d (default: all)")
        ->type_name("TABLES")
        ->delimiter(',');
    app.add_flag("--replace", options_.replace,
                 "Drop the stored series of other rules and ranks than those given");
    app.add_flag("--dry-run", options_.place.dry_run, "Say what would be made, and change nothing");
    app.add_flag("--json", json_, "The report as one JSON object");
  }

  Result<ExitCode> run(Context& context) override {
    if (options_.replace && options_.rules.empty())
      return fail(Code::kInvalidArgument, "--replace: is given without --rule");
    FM_ASSIGN(const jobs::Config config, context.config());
    options_.place.lake = config.lake;
    options_.place.state_dir = config.state_dir;
    options_.place.keep_days = config.lake_keep_days;
    options_.universe_file = config.universe;
    if (!roots_.empty()) {
      FM_ASSIGN(options_.roots, jobs::parse_roots(roots_));
    }
    const Result<jobs::ContinuousJobReport> report = [&] {
      app::TerminalProgress progress(context.env(), "continuous");
      return jobs::run_continuous(context.env(), options_, progress);
    }();
    if (!report) return std::unexpected(report.error());
    FM_TRY(context.print(json_ ? jobs::to_json(*report) : jobs::to_text(*report)));
    return report->refused.empty() ? ExitCode::kOk : ExitCode::kFailure;
  }

 private:
  jobs::ContinuousOptions options_;
  std::string roots_;
  bool json_ = false;
};

}  // namespace

std::unique_ptr<Command> continuous_command() { return std::make_unique<ContinuousCommand>(); }

}  // namespace fm::cli
