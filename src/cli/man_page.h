// Manual pages in roff, made from the option table.
#pragma once

#include <string>

#include "cli/option_table.h"

namespace fm::cli {

// frontmonth(1): what it is, every command with its line, the flags of all.
[[nodiscard]] std::string program_page(const OptionTable& table);
// frontmonth-COMMAND(1).
[[nodiscard]] std::string command_page(const OptionTable& table, const CommandEntry& command);

}  // namespace fm::cli
