// What shells propose behind "frontmonth", made from the option table.
#pragma once

#include <string>

#include "cli/option_table.h"

namespace fm::cli {

[[nodiscard]] std::string bash_completion(const OptionTable& table);
[[nodiscard]] std::string zsh_completion(const OptionTable& table);
[[nodiscard]] std::string fish_completion(const OptionTable& table);

}  // namespace fm::cli
