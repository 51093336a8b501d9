#include <CLI/CLI.hpp>

#include "cli/command.h"
#include "cli/command_line.h"
#include "cli/completion.h"

namespace fm::cli {
namespace {

class CompletionCommand final : public Command {
 public:
  std::string_view name() const override { return "completion"; }
  std::string_view summary() const override { return "Print what completes commands in a shell"; }
  std::string_view examples() const override {
    return "  source <(frontmonth completion bash)\n"
           "  frontmonth completion zsh > ~/.zfunc/_frontmonth\n"
           "  frontmonth completion fish > ~/.config/fish/completions/frontmonth.fish";
  }

  void declare(CLI::App& app, Context&) override {
    app.add_option("SHELL", shell_, "bash, zsh or fish")->required();
  }

  Result<ExitCode> run(Context& context) override {
    Context unused = context;  // the table is read off a parser that parses nothing
    const OptionTable table = option_table(CommandLine(unused));
    if (shell_ == "bash")
      FM_TRY(context.print(bash_completion(table)));
    else if (shell_ == "zsh")
      FM_TRY(context.print(zsh_completion(table)));
    else if (shell_ == "fish")
      FM_TRY(context.print(fish_completion(table)));
    else
      return fail(Code::kInvalidArgument, "no completion for '{}'; expected bash, zsh or fish",
                  shell_);
    return ExitCode::kOk;
  }

 private:
  std::string shell_;
};

}  // namespace

std::unique_ptr<Command> completion_command() { return std::make_unique<CompletionCommand>(); }

}  // namespace fm::cli
