#include <unistd.h>

#include <CLI/CLI.hpp>

#include "app/demo.h"
#include "app/demo_page.h"
#include "app/progress.h"
#include "base/signals.h"
#include "cli/command.h"

namespace fm::cli {
namespace {

class DemoCommand final : public Command {
 public:
  std::string_view name() const override { return "demo"; }
  std::string_view summary() const override {
    return "Make a trading day, turn it into candles, show it on a page: no data needed";
  }
  std::string_view examples() const override {
    return "  frontmonth demo\n"
           "  frontmonth demo --serve\n"
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
    CLI::Option* const serve = app.add_flag(
        "--serve", serve_,
        "Then serve the page over it, with the next day coming in live, until Ctrl-C (default on a "
        "terminal)");
    app.add_flag("--no-serve", no_serve_, "End when it is made")->excludes(serve);
    app.add_option("--listen", listen_,
                   "Where the page is (default: 127.0.0.1:8080, or another port where that is "
                   "taken)")
        ->type_name("HOST:PORT");
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
    const bool is_watched = ::isatty(STDOUT_FILENO) == 1 && !json_;
    if (serve_ || (is_watched && !no_serve_)) return serve(context, *report);
    if (!json_)
      FM_TRY(context.print(
          fmt::format("\nSee it on a page, with the next day coming in live:\n"
                      "  {} demo --dir {} --serve\n",
                      app::shell_word(context.program()), app::shell_word(report->directory))));
    return ExitCode::kOk;
  }

 private:
  Result<ExitCode> serve(Context& context, const app::DemoReport& report) {
    StopSignal stop;
    FM_TRY(app::serve_demo(context.env(),
                           {.directory = report.directory,
                            .lake = report.lake,
                            .trade_date = report.trade_date,
                            .trades = options_.trades,
                            .program = context.program(),
                            .listen = listen_},
                           stop, [&](const app::UpReady& ready) {
                             return context.print(fmt::format(
                                 "\nThe page, with the next day coming in live (Ctrl-C ends "
                                 "it):\n  {}\n",
                                 ready.url));
                           }));
    return ExitCode::kOk;
  }

  app::DemoOptions options_;
  std::string listen_;
  bool serve_ = false;
  bool no_serve_ = false;
  std::string date_;
  bool json_ = false;
};

}  // namespace

std::unique_ptr<Command> demo_command() { return std::make_unique<DemoCommand>(); }

}  // namespace fm::cli
