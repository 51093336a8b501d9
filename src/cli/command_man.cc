#include <CLI/CLI.hpp>
#include <algorithm>

#include "base/env.h"
#include "cli/command.h"
#include "cli/command_line.h"
#include "cli/man_page.h"

namespace fm::cli {
namespace {

constexpr std::string_view kProgram = "frontmonth";

std::string page_of(const CommandEntry& command) {
  return fmt::format("{}-{}", kProgram, command.name);
}

class ManCommand final : public Command {
 public:
  std::string_view name() const override { return "man"; }
  std::string_view summary() const override { return "Print a manual page, or write all of them"; }
  std::string_view examples() const override {
    return "  frontmonth man frontmonth-candles | man -l -\n"
           "  frontmonth man --output share/man/man1";
  }

  void declare(CLI::App& app, Context&) override {
    app.add_option("PAGE", page_, "frontmonth (default) or frontmonth-COMMAND");
    app.add_option("-o,--output", folder_, "Write frontmonth.1 and a page of each command here")
        ->type_name("DIR");
  }

  Result<ExitCode> run(Context& context) override {
    Context unused = context;  // the table is read off a parser that parses nothing
    const OptionTable table = option_table(CommandLine(unused));
    if (!folder_.empty()) {
      FM_TRY(write_all(context.env(), table));
      return ExitCode::kOk;
    }
    if (page_ == kProgram) {
      FM_TRY(context.print(program_page(table)));
      return ExitCode::kOk;
    }
    // A bare command's name would be taken for that command itself.
    const auto entry = std::ranges::find_if(
        table.commands, [&](const auto& command) { return page_of(command) == page_; });
    if (entry == table.commands.end())
      return std::unexpected(Error(Code::kInvalidArgument, fmt::format("no page '{}'", page_))
                                 .hint("frontmonth, or frontmonth-COMMAND for a command."));
    FM_TRY(context.print(command_page(table, *entry)));
    return ExitCode::kOk;
  }

 private:
  Status write_all(Env& env, const OptionTable& table) const {
    FM_TRY(env.make_directories(folder_));
    FM_TRY(write_text_atomically(env, join(folder_, "frontmonth.1"), program_page(table)));
    for (const auto& command : table.commands)
      FM_TRY(write_text_atomically(env, join(folder_, page_of(command) + ".1"),
                                   command_page(table, command)));
    return {};
  }

  std::string page_ = std::string(kProgram);
  std::string folder_;
};

}  // namespace

std::unique_ptr<Command> man_command() { return std::make_unique<ManCommand>(); }

}  // namespace fm::cli
