#include <CLI/CLI.hpp>

#include "app/demo.h"
#include "app/progress.h"
#include "cli/command.h"

namespace fm::cli {
namespace {

class DemoCommand final : public Command {
 public:
  std::string_view name() const override { return "demo"; }
  std::string_view summary() const override {
    return "Make a trading day, turn it into candles, draw it: no data needed";
  }
  std::string_view examples() const override {
    return "  frontmonth demo\n"
           "  frontmonth demo --dir /tmp/demo --trades 2000000 --date 2024-03-12";
  }

  void declare(CLI::App& app, Context&) override {
    app.add_option(
           "--dir", options_.directory,
           fmt::format("Everything goes below this folder (default: {})", options_.directory))
        ->type_name("DIR");
    app.add_option("--trades", options_.trades,
                   fmt::format("Trades of all roots together (default: {})", options_.trades))
        ->type_name("N");
    app.add_option(
           "--date", date_,
           fmt::format("Trade date, or the next one after it (default: {})", options_.date.iso()))
        ->type_name("DATE");
    app.add_flag("--json", json_, "The report as one JSON object");
  }

  Result<ExitCode> run(Context& context) override {
    if (!date_.empty()) {
      FM_ASSIGN(options_.date, parse_date_flag("--date", date_));
    }
    const Result<app::DemoReport> report = [&] {
      app::TerminalProgress progress(context.env(), "demo");
      return app::run_demo(context.env(), options_, progress);
    }();
    if (!report) return std::unexpected(report.error());
    FM_TRY(context.print(json_ ? app::to_json(*report) : app::to_text(*report, context.program())));
    return ExitCode::kOk;
  }

 private:
  app::DemoOptions options_;
  std::string date_;
  bool json_ = false;
};

}  // namespace

std::unique_ptr<Command> demo_command() { return std::make_unique<DemoCommand>(); }

}  // namespace fm::cli
