// A subcommand, and what all of them share. Each lives in command_NAME.cc, thin: flags in, one call
// of the rooms below, words out.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/env.h"
#include "base/error.h"
#include "jobs/config.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace fm::cli {

enum class ExitCode : int {
  kOk = 0,
  kFailure = 1,
  kUsage = 2,          // the command line or the configuration says something that cannot be
  kProblemsFound = 3,  // a check ran to its end and found problems
  kTemporary = 4,      // the same again may succeed later
};

[[nodiscard]] ExitCode exit_code_of(const Error& error);

class Context {
 public:
  Context(Env& env, std::string program, Variables environment)
      : env_(env), program_(std::move(program)) {
    sources_.environment = std::move(environment);
  }

  [[nodiscard]] Env& env() { return env_; }
  // As it was called: "frontmonth" or a path.
  [[nodiscard]] const std::string& program() const { return program_; }
  // What flags were given, for load_config.
  [[nodiscard]] jobs::ConfigSources& sources() { return sources_; }
  // The configuration in force. Errors: those of load_config.
  [[nodiscard]] Result<jobs::Config> config() { return jobs::load_config(env_, sources_); }
  // Results, on standard output. Errors: kBrokenPipe and the like.
  [[nodiscard]] Status print(std::string_view text);

 private:
  Env& env_;
  std::string program_;
  jobs::ConfigSources sources_;
};

class Command {
 public:
  virtual ~Command() = default;
  [[nodiscard]] virtual std::string_view name() const = 0;
  [[nodiscard]] virtual std::string_view summary() const = 0;  // one line, in the list of commands
  // What follows the flags in the help: at least one line that can be pasted.
  [[nodiscard]] virtual std::string_view examples() const = 0;
  virtual void declare(CLI::App& app, Context& context) = 0;
  [[nodiscard]] virtual Result<ExitCode> run(Context& context) = 0;
};

// In the order of the help.
[[nodiscard]] std::vector<std::unique_ptr<Command>> all_commands();

// A flag that stands for a configuration key; its text is checked as the file's would be.
CLI::Option* add_config_option(CLI::App& app, Context& context, const std::string& flag,
                               std::string_view key, const std::string& type,
                               const std::string& description);
CLI::Option* add_config_flag(CLI::App& app, Context& context, const std::string& flag,
                             std::string_view key, const std::string& description);

// --bq-project, --bq-dataset, --google-key-file, --google-endpoint: who and where in Google Cloud.
void add_cloud_options(CLI::App& app, Context& context);

// A flag's text as a date; the error names the flag.
[[nodiscard]] Result<Date> parse_date_flag(std::string_view flag, std::string_view text);

std::unique_ptr<Command> demo_command();
std::unique_ptr<Command> up_command();
std::unique_ptr<Command> alarm_command();
std::unique_ptr<Command> candles_command();
std::unique_ptr<Command> live_command();
std::unique_ptr<Command> poll_command();
std::unique_ptr<Command> load_command();
std::unique_ptr<Command> rollup_command();
std::unique_ptr<Command> audit_command();
std::unique_ptr<Command> continuous_command();
std::unique_ptr<Command> mirror_command();
std::unique_ptr<Command> verify_command();
std::unique_ptr<Command> cost_command();
std::unique_ptr<Command> repair_command();
std::unique_ptr<Command> reconcile_command();
std::unique_ptr<Command> synth_command();
std::unique_ptr<Command> replay_command();
std::unique_ptr<Command> query_command();
std::unique_ptr<Command> schema_command();
std::unique_ptr<Command> fetch_command();
std::unique_ptr<Command> backup_command();
std::unique_ptr<Command> retention_command();
std::unique_ptr<Command> dump_command();
std::unique_ptr<Command> doctor_command();
std::unique_ptr<Command> completion_command();
std::unique_ptr<Command> man_command();
std::unique_ptr<Command> version_command();

}  // namespace fm::cli
