// What the program can be asked, as plain data: the manual pages and the shells' completions are
// made from it, so that they say what the parser takes.
#pragma once

#include <string>
#include <vector>

namespace fm::cli {

// What a shell may propose for a value.
enum class Proposal { kNothing, kFiles, kFolders, kChoices };

struct OptionEntry {
  std::vector<std::string> names = {};  // "--lake", "-o"; none: a positional argument
  std::string value = {};               // "DIR"; empty: a flag without one
  std::string description = {};
  bool required = false;
  bool repeated = false;
  Proposal proposal = Proposal::kNothing;
  std::vector<std::string> choices = {};
};

struct CommandEntry {
  std::string name = {};  // empty: the program itself
  std::string summary = {};
  std::string examples = {};
  std::vector<OptionEntry> options = {};      // in the order of the help
  std::vector<OptionEntry> positionals = {};  // likewise
};

struct CommandLine;

struct OptionTable {
  CommandEntry program = {};
  std::vector<OptionEntry> common = {};  // the program's that may stand behind any command
  std::vector<CommandEntry> commands = {};
};

[[nodiscard]] OptionTable option_table(const CommandLine& line);

// The words that a description enumerates: "dbn (default) or json" has two. Empty when it says
// anything else.
[[nodiscard]] std::vector<std::string> choices_in(std::string_view description);

}  // namespace fm::cli
