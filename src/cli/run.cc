#include "cli/run.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>

#include "base/assert.h"
#include "base/log.h"
#include "base/yaml.h"
#include "cli/command.h"
#include "cli/command_line.h"

namespace fm::cli {
namespace {

constexpr std::string_view kIndent = "            ";  // as wide as "frontmonth: "

void to_stderr(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stderr);
  std::fflush(stderr);
}

std::string indented(std::string_view text) {
  std::string out;
  for (const char c : text) {
    out += c;
    if (c == '\n') out += kIndent;
  }
  return out;
}

std::vector<std::string> flags_of(const CLI::App& app) {
  std::vector<std::string> flags;
  for (const auto* option : app.get_options())
    for (const auto& name : option->get_lnames()) flags.push_back("--" + name);
  return flags;
}

std::string with_nearest(std::string what, const std::string& word,
                         const std::vector<std::string>& known) {
  const std::vector<std::string_view> views(known.begin(), known.end());
  if (const auto close = nearest(word, views)) what += fmt::format("; did you mean '{}'?", *close);
  return what;
}

// What CLI11 found, in words that name the nearest thing that exists.
Error usage_error(const CLI::ParseError& problem, const CommandLine& line) {
  const auto selected = line.app.get_subcommands();
  const auto rest = line.app.remaining(true);
  const std::string help =
      selected.empty()
          ? "`frontmonth --help` lists the commands."
          : fmt::format("`frontmonth {} --help` shows how it is used.", selected[0]->get_name());
  std::string what = problem.what();
  if (!rest.empty() && rest[0].starts_with("-") && rest[0] != "-") {
    const std::string flag = rest[0].substr(0, rest[0].find('='));
    auto known = flags_of(line.app);
    if (!selected.empty()) std::ranges::copy(flags_of(*selected[0]), std::back_inserter(known));
    what = with_nearest(fmt::format("unknown flag '{}'", flag), flag, known);
  } else if (!rest.empty() && selected.empty()) {
    std::vector<std::string> known = {"help"};
    for (const auto& command : line.commands) known.emplace_back(command->name());
    what = with_nearest(fmt::format("unknown command '{}'", rest[0]), rest[0], known);
  } else if (!rest.empty()) {
    what = fmt::format("unexpected argument '{}'", rest[0]);
  }
  return Error(Code::kInvalidArgument, what).hint(help);
}

int report(const Error& error, bool json) {
  const ExitCode code = exit_code_of(error);
  if (code == ExitCode::kOk) return 0;
  if (json) {
    log(LogLevel::kError, error.advice().empty()
                              ? error.message()
                              : fmt::format("{} {}", error.message(), error.advice()));
  } else {
    to_stderr(to_text(error));
  }
  return static_cast<int>(code);
}

// `frontmonth help candles` is `frontmonth candles --help`.
void rewrite_help(std::vector<std::string>& arguments) {
  if (arguments.empty() || arguments[0] != "help") return;
  arguments.erase(arguments.begin());
  arguments.emplace_back("--help");
}

}  // namespace

std::string to_text(const Error& error) {
  std::string text = fmt::format("frontmonth: {}\n", indented(error.message()));
  if (!error.advice().empty()) text += fmt::format("{}{}\n", kIndent, indented(error.advice()));
  return text;
}

int run(Env& env, std::vector<std::string> arguments, Variables environment) {
  FM_ASSERT(!arguments.empty());
  Context context(env, arguments[0], std::move(environment));
  arguments.erase(arguments.begin());
  CommandLine line(context);
  rewrite_help(arguments);
  try {
    std::ranges::reverse(arguments);  // CLI11 takes them from the back
    line.app.parse(arguments);
  } catch (const CLI::CallForHelp& call) {
    // The help of a command that does not exist is a mistake, too.
    if (line.app.get_subcommands().empty() && !line.app.remaining().empty())
      return report(usage_error(call, line), false);
    const auto shown = context.print(line.app.help());  // of the chosen command where there is one
    return shown ? 0 : report(shown.error(), false);
  } catch (const CLI::ParseError& problem) {
    return report(usage_error(problem, line), false);
  }

  const auto selected = line.app.get_subcommands();
  if (selected.empty() && line.app.count("--version") == 0) {
    to_stderr(line.app.help());
    return static_cast<int>(ExitCode::kUsage);
  }
  const auto chosen = selected.empty() ? std::string("version") : selected[0]->get_name();
  const auto command = std::ranges::find_if(
      line.commands, [&](const auto& candidate) { return candidate->name() == chosen; });

  bool json = false;
  // A broken configuration is for the command to report: doctor, help and version do without.
  if (const auto config = context.config()) {
    start_logging(config->log.level, config->log.json);
    json = config->log.json;
  }
  const auto code = (*command)->run(context);
  return code ? static_cast<int>(*code) : report(code.error(), json);
}

}  // namespace fm::cli
