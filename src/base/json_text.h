// Texts inside JSON that this program writes.
#pragma once

#include <string>
#include <string_view>

namespace fm {

// With the quotes around it; control characters, quotes and backslashes escaped, other bytes as
// they are.
[[nodiscard]] std::string json_quoted(std::string_view text);

}  // namespace fm
