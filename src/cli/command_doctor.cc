#include <CLI/CLI.hpp>

#include "cli/command.h"
#include "jobs/doctor.h"

namespace fm::cli {
namespace {

class DoctorCommand final : public Command {
 public:
  std::string_view name() const override { return "doctor"; }
  std::string_view summary() const override {
    return "Check libraries, configuration, disk, state, database and clock";
  }
  std::string_view examples() const override {
    return "  frontmonth doctor\n"
           "  frontmonth doctor --lake /srv/lake --json";
  }

  void declare(CLI::App& app, Context& context) override {
    add_config_option(app, context, "--lake", "lake", "DIR", "The lake's folder");
    add_config_option(app, context, "--state-dir", "state_dir", "DIR",
                      "Where ops.sqlite and quarantine lie (default: beside the lake)");
    app.add_flag("--json", json_, "One JSON object");
  }

  Result<ExitCode> run(Context& context) override {
    const auto report = jobs::examine(context.env(), context.sources());
    FM_TRY(context.print(json_ ? jobs::to_json(report) : jobs::to_text(report)));
    return report.healthy() ? ExitCode::kOk : ExitCode::kProblemsFound;
  }

 private:
  bool json_ = false;
};

}  // namespace

std::unique_ptr<Command> doctor_command() { return std::make_unique<DoctorCommand>(); }

}  // namespace fm::cli
