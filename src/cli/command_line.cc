#include "cli/command_line.h"

namespace fm::cli {
namespace {

constexpr std::string_view kExitCodes =
    "Exit codes:\n"
    "  0 done, 1 failure, 2 usage, 3 a check found problems, 4 temporary: try again";

}  // namespace

CommandLine::CommandLine(Context& context) {
  app.name("frontmonth");
  app.get_formatter()->column_width(34);
  app.get_formatter()->label("SUBCOMMAND", "COMMAND");
  app.get_formatter()->label("REQUIRED", "(required)");
  app.footer(fmt::format("Examples:\n{}\n\n{}", kTopExamples, kExitCodes));
  app.set_help_flag("-h,--help", "Say how it is used");
  app.add_flag_function("--version", [](std::int64_t) {}, "Print the version");
  // Flags of the whole program may also stand behind a subcommand.
  app.fallthrough();
  app.add_option_function<std::string>(
         "--config", [&context](const std::string& path) { context.sources().file = path; },
         "Read this frontmonth.yaml")
      ->type_name("FILE");
  add_config_option(app, context, "--log-level", "log.level", "LEVEL",
                    "debug, info, warning or error");
  add_config_flag(app, context, "--log-json", "log.json", "Messages as JSON lines");
  for (const auto& command : commands) {
    CLI::App* parser =
        app.add_subcommand(std::string(command->name()), std::string(command->summary()));
    parser->group("Commands");
    parser->footer(
        fmt::format("Examples:\n{}\n\n{}\n\n{}", command->examples(), kCommonFlags, kExitCodes));
    parser->set_help_flag("-h,--help", "Say how it is used");
    command->declare(*parser, context);
    parsers.push_back(parser);
  }
}

}  // namespace fm::cli
