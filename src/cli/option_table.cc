#include "cli/option_table.h"

#include <algorithm>

#include "cli/command_line.h"
#include "table/catalogue.h"

namespace fm::cli {
namespace {

bool is_choice(std::string_view word) {
  return !word.empty() && std::ranges::all_of(word, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

std::vector<std::string> table_names() {
  std::vector<std::string> names;
  for (const auto& table : table::all_tables()) names.emplace_back(table.name);
  return names;
}

void propose(OptionEntry& entry) {
  const auto is_one_of = [&](std::initializer_list<std::string_view> names) {
    return std::ranges::find(names, entry.value) != names.end();
  };
  entry.choices = choices_in(entry.description);
  if (is_one_of({"TABLE", "TABLES"})) entry.choices = table_names();
  if (!entry.choices.empty())
    entry.proposal = Proposal::kChoices;
  else if (is_one_of({"FILE", "OUT", "PATH", "IN"}))
    entry.proposal = Proposal::kFiles;
  else if (is_one_of({"DIR"}))
    entry.proposal = Proposal::kFolders;
}

OptionEntry entry_of(const CLI::Option& option) {
  OptionEntry entry;
  for (const auto& name : option.get_snames()) entry.names.push_back("-" + name);
  for (const auto& name : option.get_lnames()) entry.names.push_back("--" + name);
  const bool takes_value = option.get_items_expected_max() > 0;
  // A positional is known by its own name, "IN", whatever its type is called.
  if (takes_value)
    entry.value = entry.names.empty() ? option.get_name(true) : option.get_type_name();
  // CLI11 appends what it checks: "N:POSITIVE".
  if (const auto colon = entry.value.find(':'); entry.value != "HOST:PORT")
    entry.value = entry.value.substr(0, colon);
  entry.description = option.get_description();
  entry.required = option.get_required();
  entry.repeated = takes_value && option.get_items_expected_max() > 1;
  propose(entry);
  return entry;
}

CommandEntry entry_of(const CLI::App& app) {
  CommandEntry entry;
  for (const auto* option : app.get_options())
    (option->nonpositional() ? entry.options : entry.positionals).push_back(entry_of(*option));
  return entry;
}

}  // namespace

std::vector<std::string> choices_in(std::string_view description) {
  constexpr std::string_view kDefault = " (default)";
  std::vector<std::string> choices;
  for (bool is_last = false; !is_last;) {
    const auto comma = description.find(", ");
    const auto end = std::min(comma, description.find(" or "));
    is_last = end == std::string_view::npos;
    std::string_view word = description.substr(0, end);
    if (!is_last) description.remove_prefix(end + (end == comma ? 2 : 4));
    if (word.ends_with(kDefault)) word.remove_suffix(kDefault.size());
    if (!is_choice(word)) return {};
    choices.emplace_back(word);
  }
  if (choices.size() < 2) choices.clear();
  return choices;
}

OptionTable option_table(const CommandLine& line) {
  OptionTable table;
  table.program = entry_of(line.app);
  table.program.summary = kAbout;
  for (const auto& option : table.program.options)
    if (option.names.back() != "--help" && option.names.back() != "--version")
      table.common.push_back(option);
  table.program.examples = kTopExamples;
  for (std::size_t i = 0; i < line.commands.size(); ++i) {
    CommandEntry entry = entry_of(*line.parsers[i]);
    entry.name = line.commands[i]->name();
    entry.summary = line.commands[i]->summary();
    entry.examples = line.commands[i]->examples();
    table.commands.push_back(std::move(entry));
  }
  return table;
}

}  // namespace fm::cli
