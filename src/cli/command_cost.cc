#include <CLI/CLI.hpp>

#include "cli/command.h"
#include "jobs/cost.h"

namespace fm::cli {
namespace {

class CostCommand final : public Command {
 public:
  std::string_view name() const override { return "cost"; }
  std::string_view summary() const override {
    return "What the copies in Google Cloud cost, and will have cost this month";
  }
  std::string_view examples() const override {
    return "  frontmonth cost --bq-project market-4711\n"
           "  frontmonth cost --all-jobs --budget 20 --json";
  }

  void declare(CLI::App& app, Context& context) override {
    add_cloud_options(app, context);
    add_config_option(app, context, "--lake", "lake", "DIR", "What is mirrored");
    add_config_option(app, context, "--state-dir", "state_dir", "DIR",
                      "Where ops.sqlite lies (default: beside the lake)");
    add_config_option(app, context, "--gcs-bucket", "google.bucket", "NAME", "The bucket");
    add_config_option(app, context, "--budget", "google.budget_usd", "USD",
                      "Exit code 3 when the month will have cost more");
    app.add_flag(
        "--all-jobs", options_.project,
        "Also what everybody's jobs in the project were billed, where this account may ask");
    app.add_flag("--json", json_, "The report as one JSON object");
  }

  Result<ExitCode> run(Context& context) override {
    FM_ASSIGN(const jobs::Config config, context.config());
    FM_ASSIGN(jobs::CloudPlace place,
              jobs::open_cloud(context.env(), context.sources().environment, config));
    FM_ASSIGN(const jobs::CostReport report,
              jobs::run_cost(context.env(), config, place, options_));
    FM_TRY(context.print(json_ ? jobs::to_json(report) : jobs::to_text(report)));
    return report.over_budget() ? ExitCode::kProblemsFound : ExitCode::kOk;
  }

 private:
  jobs::CostOptions options_;
  bool json_ = false;
};

}  // namespace

std::unique_ptr<Command> cost_command() { return std::make_unique<CostCommand>(); }

}  // namespace fm::cli
