#include <CLI/CLI.hpp>

#include "app/progress.h"
#include "base/json_text.h"
#include "base/signals.h"
#include "cli/command.h"
#include "jobs/replay.h"

namespace fm::cli {
namespace {

std::string to_text(const jobs::ReplayPlaces& places) {
  std::string datasets;
  for (const std::string& name : places.datasets) datasets += (datasets.empty() ? "" : ", ") + name;
  std::string text =
      fmt::format("serving {} from {} file{}\n  live  {}:{}\n", datasets, places.files,
                  places.files == 1 ? "" : "s", places.host, places.live_port);
  if (places.http_port != 0)
    text += fmt::format("  http  http://{}:{}\n", places.host, places.http_port);
  if (places.https_port != 0)
    text += fmt::format("  https https://{}:{}, certificate {}\n", places.host, places.https_port,
                        places.certificate);
  return text;
}

std::string to_json(const jobs::ReplayPlaces& places) {
  std::string datasets;
  for (const std::string& name : places.datasets)
    datasets += (datasets.empty() ? "" : ",") + json_quoted(name);
  std::string text =
      fmt::format("{{\"host\":{},\"live_port\":{},\"files\":{},\"datasets\":[{}]",
                  json_quoted(places.host), places.live_port, places.files, datasets);
  if (places.http_port != 0) text += fmt::format(",\"http_port\":{}", places.http_port);
  if (places.https_port != 0)
    text += fmt::format(",\"https_port\":{},\"certificate\":{}", places.https_port,
                        json_quoted(places.certificate));
  return text + "}\n";
}

std::string to_text(const jobs::ReplayReport& report) {
  return fmt::format("{} live session{}, {} records sent\n", report.sessions,
                     report.sessions == 1 ? "" : "s",
                     app::grouped(static_cast<std::int64_t>(report.records)));
}

std::string to_json(const jobs::ReplayReport& report) {
  return fmt::format("{{\"connections\":{},\"sessions\":{},\"records\":{}}}\n", report.connections,
                     report.sessions, report.records);
}

class ReplayCommand final : public Command {
 public:
  std::string_view name() const override { return "replay"; }
  std::string_view summary() const override {
    return "Serve files as Databento's live gateway and historical service";
  }
  std::string_view examples() const override {
    return "  frontmonth replay day.dbn.zst --speed max\n"
           "  frontmonth replay 2025-06/ --speed 10 --http-port 8000\n"
           "  frontmonth replay day.dbn --speed max --once --port 0 --json\n"
           "  frontmonth replay day.dbn --speed max --fault drop@1000,stall@5000:40s --seed 7";
  }

  void declare(CLI::App& app, Context&) override {
    app.add_option("PATH", options_.paths,
                   "DBN files, also .zst, and folders: downloads, batch jobs, capture logs")
        ->required();
    app.add_option("--port", options_.port, "Of the live gateway (default: 13000); 0 is any free")
        ->type_name("N");
    http_ = app.add_option("--http-port", http_port_, "Also serve the historical service here");
    http_->type_name("N");
    https_ = app.add_option("--https-port", https_port_,
                            "And here over TLS, with a certificate made for this machine");
    https_->type_name("N");
    app.add_option("--host", options_.host, "Listen on this address (default: 127.0.0.1)")
        ->type_name("HOST");
    app.add_option("--speed", options_.speed,
                   "1 or 10 times real time from now on; max: each session as fast as it reads, "
                   "from its start to the end of the files (default: 1)")
        ->type_name("SPEED");
    app.add_flag("--once", options_.once, "End after the first live session");
    app.add_option("--key-file", options_.key_file,
                   "Take this API key alone (default: any key is taken)")
        ->type_name("FILE");
    app.add_option(
           "--fault", options_.faults,
           "Break on order: drop@1000,half@50000,stall@60000:5s and more; see docs/replay.md")
        ->type_name("FAULTS");
    app.add_option("--seed", options_.seed, "Of what faults leave to chance (default: 1)")
        ->type_name("N");
    app.add_option("--work-dir", options_.work_directory,
                   "Keep batch jobs and the certificate here (default: a folder that goes away)")
        ->type_name("DIR");
    app.add_flag("--json", json_, "What is served, and at the end what was, as JSON objects");
  }

  Result<ExitCode> run(Context& context) override {
    if (http_->count() > 0) options_.http_port = http_port_;
    if (https_->count() > 0) options_.https_port = https_port_;
    if (const auto folder = context.sources().environment.find("TMPDIR");
        folder != context.sources().environment.end() && !folder->second.empty())
      options_.temporary = folder->second;
    const StopSignal stop;
    FM_ASSIGN(const jobs::ReplayReport report,
              jobs::replay(context.env(), options_, stop, [&](const jobs::ReplayPlaces& places) {
                return context.print(json_ ? to_json(places) : to_text(places));
              }));
    FM_TRY(context.print(json_ ? to_json(report) : to_text(report)));
    return ExitCode::kOk;
  }

 private:
  jobs::ReplayOptions options_;
  CLI::Option* http_ = nullptr;
  CLI::Option* https_ = nullptr;
  std::uint16_t http_port_ = 0;
  std::uint16_t https_port_ = 0;
  bool json_ = false;
};

}  // namespace

std::unique_ptr<Command> replay_command() { return std::make_unique<ReplayCommand>(); }

}  // namespace fm::cli
