// The commands of a service that is left running.
#pragma once

#include <memory>

#include "cli/command.h"

namespace fm::cli {

std::unique_ptr<Command> up_command();
std::unique_ptr<Command> alarm_command();

}  // namespace fm::cli
