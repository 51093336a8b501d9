// Messages for people and for machines, always on standard error: results alone go to standard
// output.
#pragma once

#include <fmt/core.h>

#include <string_view>

namespace fm {

enum class LogLevel { kDebug, kInfo, kWarning, kError };

// Call once, before any thread starts. Without it, warnings and errors are written as plain lines.
void start_logging(LogLevel least, bool json);

void log(LogLevel level, std::string_view message);

template <class... Args>
void log_info(fmt::format_string<Args...> text, Args&&... args) {
  log(LogLevel::kInfo, fmt::format(text, std::forward<Args>(args)...));
}
template <class... Args>
void log_warning(fmt::format_string<Args...> text, Args&&... args) {
  log(LogLevel::kWarning, fmt::format(text, std::forward<Args>(args)...));
}

}  // namespace fm
