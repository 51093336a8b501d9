#include "cli/command.h"

#include <CLI/CLI.hpp>

namespace fm::cli {

ExitCode exit_code_of(const Error& error) {
  if (error.can_retry()) return ExitCode::kTemporary;
  switch (error.code()) {
    case Code::kInvalidArgument:
    case Code::kInvalidConfig:
      return ExitCode::kUsage;
    case Code::kCheckFailed:
      return ExitCode::kProblemsFound;
    case Code::kBusy:
      return ExitCode::kTemporary;
    case Code::kBrokenPipe:
      return ExitCode::kOk;  // `frontmonth dump FILE | head` has what it wanted
    default:
      return ExitCode::kFailure;
  }
}

Status Context::print(std::string_view text) {
  FM_ASSIGN(auto out, env_.create("-", Create::kAppend));
  return out->write(text);
}

std::vector<std::unique_ptr<Command>> all_commands() {
  std::vector<std::unique_ptr<Command>> commands;
  commands.push_back(demo_command());
  commands.push_back(up_command());
  commands.push_back(alarm_command());
  commands.push_back(live_command());
  commands.push_back(poll_command());
  commands.push_back(load_command());
  commands.push_back(rollup_command());
  commands.push_back(audit_command());
  commands.push_back(continuous_command());
  commands.push_back(mirror_command());
  commands.push_back(verify_command());
  commands.push_back(cost_command());
  commands.push_back(repair_command());
  commands.push_back(reconcile_command());
  commands.push_back(candles_command());
  commands.push_back(replay_command());
  commands.push_back(synth_command());
  commands.push_back(query_command());
  commands.push_back(schema_command());
  commands.push_back(fetch_command());
  commands.push_back(backup_command());
  commands.push_back(retention_command());
  commands.push_back(dump_command());
  commands.push_back(doctor_command());
  commands.push_back(completion_command());
  commands.push_back(man_command());
  commands.push_back(version_command());
  return commands;
}

CLI::Option* add_config_option(CLI::App& app, Context& context, const std::string& flag,
                               std::string_view key, const std::string& type,
                               const std::string& description) {
  return app
      .add_option_function<std::string>(
          flag,
          [&context, flag, key = std::string(key)](const std::string& text) {
            context.sources().flags[key] = {flag, text};
          },
          description)
      ->type_name(type);
}

void add_cloud_options(CLI::App& app, Context& context) {
  add_config_option(app, context, "--bq-project", "google.project", "ID",
                    "The project in Google Cloud");
  add_config_option(app, context, "--bq-dataset", "google.dataset", "NAME",
                    "The dataset in place of market_data");
  add_config_option(app, context, "--google-key-file", "google.key_file", "FILE",
                    "A service account's key, in a file of mode 0600");
  add_config_option(app, context, "--google-endpoint", "google.endpoint", "URL",
                    "One address in place of all of Google's");
}

CLI::Option* add_config_flag(CLI::App& app, Context& context, const std::string& flag,
                             std::string_view key, const std::string& description) {
  return app.add_flag_function(
      flag,
      [&context, flag, key = std::string(key)](std::int64_t) {
        context.sources().flags[key] = {flag, "true"};
      },
      description);
}

Result<Date> parse_date_flag(std::string_view flag, std::string_view text) {
  auto date = Date::parse(text);
  if (!date) return std::unexpected(std::move(date).error().in(flag));
  return date;
}

}  // namespace fm::cli
