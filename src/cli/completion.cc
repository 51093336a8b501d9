#include "cli/completion.h"

#include <fmt/format.h>

namespace fm::cli {
namespace {

std::string joined(const std::vector<std::string>& words, std::string_view between = " ") {
  return fmt::format("{}", fmt::join(words, between));
}

std::string names_of(const OptionTable& table) {
  std::string names;
  for (const auto& command : table.commands) names += (names.empty() ? "" : " ") + command.name;
  return names;
}

std::string flags_of(const std::vector<OptionEntry>& options) {
  std::string flags;
  for (const auto& option : options) flags += (flags.empty() ? "" : " ") + joined(option.names);
  return flags;
}

// Within single quotes, as every shell here reads them.
std::string in_quotes(std::string_view text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

// The arm of a case: what bash proposes for a flag's value.
std::string bash_value(const OptionEntry& option) {
  std::string reply = "COMPREPLY=()";
  if (option.proposal == Proposal::kChoices)
    reply = fmt::format("COMPREPLY=($(compgen -W '{}' -- \"$current\"))", joined(option.choices));
  if (option.proposal == Proposal::kFiles) reply = "COMPREPLY=($(compgen -f -- \"$current\"))";
  if (option.proposal == Proposal::kFolders) reply = "COMPREPLY=($(compgen -d -- \"$current\"))";
  return reply;
}

std::string bash_values(const CommandEntry& command) {
  std::string arms;
  for (const auto& option : command.options)
    if (!option.value.empty())
      arms +=
          fmt::format("    {}:{}) {}; return ;;\n", command.name.empty() ? "*" : command.name,
                      joined(option.names, "|" + (command.name.empty() ? "*" : command.name) + ":"),
                      bash_value(option));
  return arms;
}

// zsh's own separators within a description or message.
std::string zsh_text(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '[' || c == ']' || c == ':' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

std::string zsh_action(const OptionEntry& option) {
  switch (option.proposal) {
    case Proposal::kChoices:
      return fmt::format("({})", joined(option.choices));
    case Proposal::kFiles:
      return "_files";
    case Proposal::kFolders:
      return "_files -/";
    case Proposal::kNothing:
      break;
  }
  return " ";
}

std::string zsh_specs(const CommandEntry& command, std::string_view indent) {
  std::string specs;
  for (const auto& option : command.options)
    for (const auto& name : option.names) {
      std::string spec =
          fmt::format("{}{}[{}]", option.repeated ? "*" : "", name, zsh_text(option.description));
      if (!option.value.empty())
        spec += fmt::format(":{}:{}", zsh_text(option.value), zsh_action(option));
      specs += fmt::format("{}{} \\\n", indent, in_quotes(spec));
    }
  for (const auto& positional : command.positionals)
    specs +=
        fmt::format("{}{} \\\n", indent,
                    in_quotes(fmt::format("{}:{}:{}", positional.repeated ? "*" : "",
                                          zsh_text(positional.value), zsh_action(positional))));
  return specs;
}

std::string fish_options(const CommandEntry& command, std::string_view condition) {
  std::string out;
  for (const auto& option : command.options) {
    out += fmt::format("complete -c frontmonth{}", condition);
    for (const auto& name : option.names)
      out += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
    if (!option.value.empty()) {
      out += " -r";
      if (option.proposal == Proposal::kFiles) out += " -F";
      if (option.proposal == Proposal::kFolders) out += " -f -a '(__fish_complete_directories)'";
      if (option.proposal == Proposal::kChoices)
        out += " -f -a " + in_quotes(joined(option.choices));
      if (option.proposal == Proposal::kNothing) out += " -f";
    }
    out += fmt::format(" -d {}\n", in_quotes(option.description));
  }
  return out;
}

std::string positional_choices(const CommandEntry& command) {
  std::string choices;
  for (const auto& positional : command.positionals)
    for (const auto& choice : positional.choices) choices += choice + " ";
  return choices;
}

bool takes_files(const CommandEntry& command) {
  for (const auto& positional : command.positionals)
    if (positional.proposal == Proposal::kFiles) return true;
  return false;
}

}  // namespace

std::string bash_completion(const OptionTable& table) {
  std::string out =
      "# bash completion for frontmonth\n"
      "_frontmonth() {\n"
      "  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} command= "
      "word\n"
      "  for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
      "    if [[ $word != -* ]]; then command=$word; break; fi\n"
      "  done\n"
      "  compopt -o filenames 2>/dev/null\n"
      "  case $command:$previous in\n";
  for (const auto& command : table.commands) out += bash_values(command);
  out += bash_values(table.program);
  out += "  esac\n  local flags= files=\n  case $command in\n";
  out += fmt::format("    '') COMPREPLY=($(compgen -W '{} help {}' -- \"$current\")); return ;;\n",
                     names_of(table), flags_of(table.program.options));
  for (const auto& command : table.commands) {
    out += fmt::format("    {}) flags='{}{}'", command.name, positional_choices(command),
                       flags_of(command.options));
    if (takes_files(command)) out += " files=1";
    out += " ;;\n";
  }
  out += fmt::format("    help) flags='{}' ;;\n", names_of(table));
  out += "  esac\n";
  out += fmt::format(
      "  if [[ -n $files && $current != -* ]]; then COMPREPLY=($(compgen -f -- \"$current\")); "
      "return; fi\n"
      "  COMPREPLY=($(compgen -W \"$flags {}\" -- \"$current\"))\n"
      "}}\n"
      "complete -F _frontmonth frontmonth\n",
      flags_of(table.common));
  return out;
}

std::string zsh_completion(const OptionTable& table) {
  std::string out =
      "#compdef frontmonth\n"
      "_frontmonth() {\n"
      "  local context state state_descr line\n"
      "  typeset -A opt_args\n"
      "  _arguments -C \\\n";
  out += zsh_specs(table.program, "    ");
  out += "    '1: :->command' '*:: :->arguments' && return\n";
  out += "  case $state in\n    command)\n      local -a commands=(\n";
  for (const auto& command : table.commands)
    out += fmt::format("        {}\n",
                       in_quotes(fmt::format("{}:{}", command.name, zsh_text(command.summary))));
  out += "      )\n      _describe command commands ;;\n    arguments)\n      case $words[1] in\n";
  for (const auto& command : table.commands)
    out += fmt::format("        {})\n          _arguments \\\n{}{}            && return ;;\n",
                       command.name, zsh_specs(command, "            "),
                       zsh_specs({.options = table.common}, "            "));
  out += "      esac ;;\n  esac\n}\n";
  // Both when it is autoloaded from $fpath and when it is sourced.
  out +=
      "if [ \"$funcstack[1]\" = _frontmonth ]; then _frontmonth \"$@\"; else compdef _frontmonth "
      "frontmonth; fi\n";
  return out;
}

std::string fish_completion(const OptionTable& table) {
  std::string out = "# fish completion for frontmonth\ncomplete -c frontmonth -f\n";
  for (const auto& command : table.commands)
    out += fmt::format("complete -c frontmonth -n __fish_use_subcommand -a {} -d {}\n",
                       command.name, in_quotes(command.summary));
  for (const auto& command : table.commands) {
    const std::string condition = fmt::format(" -n '__fish_seen_subcommand_from {}'", command.name);
    out += fish_options(command, condition);
    if (takes_files(command)) out += fmt::format("complete -c frontmonth{} -F\n", condition);
    if (const std::string choices = positional_choices(command); !choices.empty())
      out += fmt::format("complete -c frontmonth{} -a {}\n", condition, in_quotes(choices));
  }
  out += fish_options(table.program, "");
  return out;
}

}  // namespace fm::cli
