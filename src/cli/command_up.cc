#include <CLI/CLI.hpp>

#include "app/up.h"
#include "base/json_text.h"
#include "base/log.h"
#include "base/signals.h"
#include "cli/command.h"

namespace fm::cli {
namespace {

class UpCommand final : public Command {
 public:
  std::string_view name() const override { return "up"; }
  std::string_view summary() const override {
    return "Everything the configuration names, in one process: feeds, jobs, alarms, the page";
  }
  std::string_view examples() const override {
    return "  frontmonth up --lake lake                     the page over the lake that is there\n"
           "  frontmonth up --config /etc/frontmonth/frontmonth.yaml\n"
           "  frontmonth up --listen 127.0.0.1:0 --symbols ES.FUT --gateway 127.0.0.1:13000";
  }

  void declare(CLI::App& app, Context& context) override {
    add_config_option(app, context, "--listen", "server.listen", "HOST:PORT",
                      "Where the page and the API are (default: 127.0.0.1:8080)");
    add_config_option(app, context, "--lake", "lake", "DIR", "The lake's folder");
    add_config_option(app, context, "--state-dir", "state_dir", "DIR",
                      "Where the capture log and ops.sqlite lie (default: beside the lake)");
    add_config_option(app, context, "--token-file", "server.token_file", "FILE",
                      "Visitors must know this token, in a file of mode 0600");
    add_config_option(app, context, "--live", "up.live", "WHEN",
                      "Whether to stream, too: auto (default), on or off");
    add_config_option(app, context, "--gateway", "databento.gateway", "HOST:PORT",
                      "Another gateway than the dataset's own");
    add_config_option(app, context, "--symbols", "databento.symbols", "SYMBOLS",
                      "What to stream: ES.FUT,NQ.FUT");
    add_config_option(app, context, "--key-file", "databento.key_file", "FILE",
                      "The API key, in a file of mode 0600");
    add_config_option(app, context, "--poll", "poll.roots", "ROOTS",
                      "What to poll one-minute bars of: ES,ZL");
    app.add_flag("--json", json_, "Say where it serves as one JSON object");
  }

  Result<ExitCode> run(Context& context) override {
    FM_ASSIGN(const jobs::Config config, context.config());
    // What a service writes is its log.
    if (config.is_default("log.level")) start_logging(LogLevel::kInfo, config.log.json);
    StopSignal stop;
    FM_TRY(app::run_up(context.env(), {.sources = context.sources(), .program = context.program()},
                       stop,
                       [&](const app::UpReady& ready) { return context.print(text_of(ready)); }));
    return ExitCode::kOk;
  }

 private:
  [[nodiscard]] std::string text_of(const app::UpReady& ready) const {
    std::string parts;
    for (const std::string& part : ready.parts) {
      if (!parts.empty()) parts += json_ ? "," : ", ";
      parts += json_ ? json_quoted(part) : part;
    }
    if (json_) return fmt::format("{{\"url\":{},\"parts\":[{}]}}\n", json_quoted(ready.url), parts);
    return fmt::format("serving {}{}{}\n", ready.url, parts.empty() ? "" : " beside ", parts);
  }

  bool json_ = false;
};

}  // namespace

std::unique_ptr<Command> up_command() { return std::make_unique<UpCommand>(); }

}  // namespace fm::cli
