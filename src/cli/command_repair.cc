#include <CLI/CLI.hpp>

#include "cli/command.h"
#include "cli/vendor.h"
#include "jobs/live_config.h"
#include "jobs/repair.h"

namespace fm::cli {
namespace {

class RepairCommand final : public Command {
 public:
  std::string_view name() const override { return "repair"; }
  std::string_view summary() const override {
    return "Fetch what the live feed missed, and make the trade dates concerned anew";
  }
  std::string_view examples() const override {
    return "  frontmonth repair --lake lake\n"
           "  frontmonth repair --from GLBX-20250617-ABCDEFGHIJ/";
  }

  void declare(CLI::App& app, Context& context) override {
    declare_feed_flags(app, context);
    app.add_option("--from", paths_, "Take the records from these downloads instead")
        ->type_name("PATH");
    app.add_flag("--json", json_, "The report as one JSON object");
  }

  Result<ExitCode> run(Context& context) override {
    FM_ASSIGN(const jobs::Config config, context.config());
    FM_ASSIGN(const jobs::LiveJobOptions live, jobs::live_options(config));
    FM_ASSIGN(const Vendor vendor, open_vendor(context, config, paths_));
    const jobs::RepairOptions options{.places = jobs::places_of(live),
                                      .subscriptions = live.session.subscriptions};
    FM_ASSIGN(const jobs::RepairReport report,
              jobs::run_repair(context.env(), options, *vendor.records));
    FM_TRY(context.print(json_ ? jobs::to_json(report) : jobs::to_text(report)));
    return ExitCode::kOk;
  }

 private:
  std::vector<std::string> paths_;
  bool json_ = false;
};

}  // namespace

std::unique_ptr<Command> repair_command() { return std::make_unique<RepairCommand>(); }

}  // namespace fm::cli
