#include "cli/man_page.h"

#include <fmt/format.h>

#include <algorithm>

namespace fm::cli {
namespace {

// Text that roff prints as it is: a line that begins with a dot or a quote would be a request, and
// a plain "-" becomes a hyphen that nobody can paste.
std::string roff(std::string_view text) {
  std::string out;
  bool at_start = true;
  for (const char c : text) {
    if (at_start && (c == '.' || c == '\'')) out += "\\&";
    if (c == '\\')
      out += "\\e";
    else if (c == '-')
      out += "\\-";
    else
      out += c;
    at_start = c == '\n';
  }
  return out;
}

std::string upper(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
  });
  return out;
}

std::string title(std::string_view page) {
  // Adjusted to the left and without hyphens, so that what is shown can be pasted.
  return fmt::format(".TH {} 1 \"\" \"frontmonth {}\" \"User Commands\"\n.ad l\n.nh\n",
                     roff(upper(page)), FM_VERSION);
}

std::string sentence(std::string_view summary) {
  std::string text = roff(summary);
  if (!text.ends_with('.')) text += '.';
  return text;
}

std::string heading_of(const OptionEntry& option) {
  std::string heading;
  for (const auto& name : option.names) {
    if (!heading.empty()) heading += ", ";
    heading += fmt::format("\\fB{}\\fR", roff(name));
  }
  if (!option.value.empty()) {
    if (!heading.empty()) heading += ' ';
    heading += fmt::format("\\fI{}\\fR", roff(option.value));
  }
  if (option.repeated) heading += " ...";
  return heading;
}

std::string items(const std::vector<OptionEntry>& options) {
  std::string out;
  for (const auto& option : options)
    out += fmt::format(".TP\n{}\n{}\n", heading_of(option), sentence(option.description));
  return out;
}

std::string examples(std::string_view text) {
  return fmt::format(".SH EXAMPLES\n.nf\n{}\n.fi\n", roff(text));
}

constexpr std::string_view kExitStatus =
    ".SH EXIT STATUS\n"
    ".TP\n0\nDone.\n"
    ".TP\n1\nFailure.\n"
    ".TP\n2\nThe command line or the configuration says something that cannot be.\n"
    ".TP\n3\nA check ran to its end and found problems.\n"
    ".TP\n4\nTemporary: the same again may succeed later.\n";

constexpr std::string_view kFiles =
    ".SH FILES\n"
    ".TP\n\\fI./frontmonth.yaml\\fR, \\fI~/.config/frontmonth/frontmonth.yaml\\fR, "
    "\\fI/etc/frontmonth/frontmonth.yaml\\fR\n"
    "The configuration: the first that exists.\n";

}  // namespace

std::string program_page(const OptionTable& table) {
  const auto& about = table.program.summary;  // "frontmonth: what it is."
  const auto colon = about.find(": ");
  std::string what = about.substr(colon + 2);
  if (what.ends_with('.')) what.pop_back();
  std::string page = title("frontmonth");
  page += fmt::format(".SH NAME\nfrontmonth \\- {}\n", roff(what));
  page += ".SH SYNOPSIS\n.B frontmonth\n.I COMMAND\n[\\fIOPTIONS\\fR]\n";
  page += ".SH COMMANDS\n";
  for (const auto& command : table.commands)
    page += fmt::format(".TP\n\\fB{}\\fR\n{}\n", roff(command.name), sentence(command.summary));
  page += ".SH OPTIONS\n" + items(table.program.options);
  page += examples(table.program.examples);
  page += kExitStatus;
  page += kFiles;
  page += ".SH SEE ALSO\n";
  for (std::size_t i = 0; i < table.commands.size(); ++i)
    page += fmt::format(".BR frontmonth\\-{} (1){}\n", roff(table.commands[i].name),
                        i + 1 < table.commands.size() ? "," : "");
  return page;
}

std::string command_page(const OptionTable& table, const CommandEntry& command) {
  std::string page = title("frontmonth-" + command.name);
  page +=
      fmt::format(".SH NAME\nfrontmonth\\-{} \\- {}\n", roff(command.name), roff(command.summary));
  page += fmt::format(".SH SYNOPSIS\n.B frontmonth {}\n[\\fIOPTIONS\\fR]\n", roff(command.name));
  for (const auto& positional : command.positionals)
    page +=
        fmt::format("{}\\fI{}\\fR{}{}\n", positional.required ? "" : "[", roff(positional.value),
                    positional.repeated ? " ..." : "", positional.required ? "" : "]");
  page += fmt::format(".SH DESCRIPTION\n{}\n", sentence(command.summary));
  if (!command.positionals.empty()) page += ".SH ARGUMENTS\n" + items(command.positionals);
  page += ".SH OPTIONS\n" + items(command.options) + items(table.common);
  page += examples(command.examples);
  page += kExitStatus;
  page += kFiles;
  page += ".SH SEE ALSO\n.BR frontmonth (1)\n";
  return page;
}

}  // namespace fm::cli
