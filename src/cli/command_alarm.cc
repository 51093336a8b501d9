#include <CLI/CLI.hpp>

#include "base/child_process.h"
#include "base/json_text.h"
#include "cli/command.h"
#include "schedule/alarms.h"

namespace fm::cli {
namespace {

class AlarmCommand final : public Command {
 public:
  std::string_view name() const override { return "alarm"; }
  std::string_view summary() const override {
    return "List the alarms that are raised, or try where they go";
  }
  std::string_view examples() const override {
    return "  frontmonth alarm list\n"
           "  frontmonth alarm test --to desk";
  }

  void declare(CLI::App& app, Context& context) override {
    app.add_option("WHAT", what_, "list or test")
        ->required()
        ->check(CLI::IsMember({"list", "test"}));
    app.add_option("--to", to_, "With test: to this target of alarms.targets alone")
        ->type_name("NAME");
    add_config_option(app, context, "--lake", "lake", "DIR", "The lake's folder");
    add_config_option(app, context, "--state-dir", "state_dir", "DIR",
                      "Where alarms.json lies (default: beside the lake)");
    app.add_flag("--json", json_, "One JSON object");
  }

  Result<ExitCode> run(Context& context) override {
    FM_ASSIGN(const jobs::Config config, context.config());
    if (what_ == "test") return test(context, config);
    if (!to_.empty()) return fail(Code::kInvalidArgument, "--to goes with `alarm test` alone");
    return list(context, config);
  }

 private:
  Result<ExitCode> list(Context& context, const jobs::Config& config) {
    FM_ASSIGN(const schedule::AlarmFile file,
              schedule::read_alarms(context.env(), config.state_dir));
    std::string text;
    for (const schedule::Alarm& alarm : file.alarms) {
      if (json_)
        text += (text.empty() ? "" : ",") + schedule::to_json(alarm);
      else
        text += fmt::format("{}  {:8}  {}\n", iso_second(alarm.raised_at),
                            schedule::name(alarm.severity), alarm.text);
    }
    if (json_)
      text = fmt::format("{{\"alarms\":[{}],\"undelivered\":{}}}\n", text, file.pending.size());
    else if (text.empty())
      text = "no alarm is raised\n";
    else if (!file.pending.empty())
      text += fmt::format("{} could not be delivered yet\n", file.pending.size());
    FM_TRY(context.print(text));
    return file.alarms.empty() ? ExitCode::kOk : ExitCode::kProblemsFound;
  }

  Result<ExitCode> test(Context& context, const jobs::Config& config) {
    FM_ASSIGN(const auto tested,
              schedule::test_targets(context.env(), ChildStarter::posix(), config,
                                     context.sources().environment, to_));
    std::string text;
    bool all = true;
    for (const schedule::TestedTarget& one : tested) {
      const bool sent = one.sent.has_value();
      all = all && sent;
      const std::string error = sent ? "" : one.sent.error().message();
      const std::string advice = sent ? "" : one.sent.error().advice();
      if (json_)
        text += fmt::format(R"({}{{"target":{},"kind":{},"delivered":{},"error":{}}})",
                            text.empty() ? "" : ",", json_quoted(one.name), json_quoted(one.kind),
                            sent, sent ? "null" : json_quoted(error));
      else
        text += fmt::format("{} ({}): {}{}{}\n", one.name, one.kind, sent ? "delivered" : error,
                            advice.empty() ? "" : "\n  ", advice);
    }
    FM_TRY(context.print(json_ ? fmt::format("{{\"targets\":[{}]}}\n", text) : text));
    return all ? ExitCode::kOk : ExitCode::kFailure;
  }

  std::string what_;
  std::string to_;
  bool json_ = false;
};

}  // namespace

std::unique_ptr<Command> alarm_command() { return std::make_unique<AlarmCommand>(); }

}  // namespace fm::cli
