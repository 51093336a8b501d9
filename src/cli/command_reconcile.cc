#include <CLI/CLI.hpp>

#include "cli/command.h"
#include "cli/vendor.h"
#include "jobs/live_config.h"
#include "jobs/reconcile.h"

namespace fm::cli {
namespace {

class ReconcileCommand final : public Command {
 public:
  std::string_view name() const override { return "reconcile"; }
  std::string_view summary() const override {
    return "Compare what was captured live on a trade date with the vendor's own records";
  }
  std::string_view examples() const override {
    return "  frontmonth reconcile --date 2025-06-16 --lake lake\n"
           "  frontmonth reconcile --date 2025-06-16 --from GLBX-20250617-ABCDEFGHIJ/";
  }

  void declare(CLI::App& app, Context& context) override {
    app.add_option("--date", date_, "The trade date")->type_name("DATE")->required();
    declare_feed_flags(app, context);
    app.add_option("--from", paths_, "Compare with these downloads instead")->type_name("PATH");
    app.add_flag("--json", json_, "The report as one JSON object");
  }

  Result<ExitCode> run(Context& context) override {
    FM_ASSIGN(const jobs::Config config, context.config());
    FM_ASSIGN(const jobs::LiveJobOptions live, jobs::live_options(config));
    FM_ASSIGN(const Date date, parse_date_flag("--date", date_));
    const jobs::ReconcileOptions options{
        .places = jobs::places_of(live), .subscriptions = live.session.subscriptions, .date = date};
    FM_ASSIGN(const Vendor vendor, open_vendor(context, config, paths_));
    FM_ASSIGN(const jobs::ReconcileReport report,
              jobs::run_reconcile(context.env(), options, *vendor.records));
    FM_TRY(context.print(json_ ? jobs::to_json(report) : jobs::to_text(report)));
    return report.equal() ? ExitCode::kOk : ExitCode::kProblemsFound;
  }

 private:
  std::string date_;
  std::vector<std::string> paths_;
  bool json_ = false;
};

}  // namespace

std::unique_ptr<Command> reconcile_command() { return std::make_unique<ReconcileCommand>(); }

}  // namespace fm::cli
