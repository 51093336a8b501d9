#include <CLI/CLI.hpp>

#include "cli/command.h"

namespace fm::cli {
namespace {

class VersionCommand final : public Command {
 public:
  std::string_view name() const override { return "version"; }
  std::string_view summary() const override { return "Print the version"; }
  std::string_view examples() const override { return "  frontmonth version --json"; }

  void declare(CLI::App& app, Context&) override {
    app.add_flag("--json", json_, "One JSON object");
  }

  Result<ExitCode> run(Context& context) override {
    FM_TRY(context.print(
        json_ ? fmt::format("{{\"name\":\"frontmonth\",\"version\":\"{}\"}}\n", FM_VERSION)
              : fmt::format("frontmonth {}\n", FM_VERSION)));
    return ExitCode::kOk;
  }

 private:
  bool json_ = false;
};

}  // namespace

std::unique_ptr<Command> version_command() { return std::make_unique<VersionCommand>(); }

}  // namespace fm::cli
