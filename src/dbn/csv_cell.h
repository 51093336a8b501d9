// Quoted cells of CSV.
#pragma once

#include <string>
#include <string_view>

namespace fm::dbn {

// Takes the cell that begins with the quote at the front of `rest`, and not the delimiter behind
// it. Its content, with doubled quotes as one, is appended to `unquoted`, which `cell` then points
// into: its capacity must hold the whole row. False where the quote does not end, or something
// other than a delimiter follows it.
[[nodiscard]] inline bool take_quoted_cell(std::string_view& rest, char delimiter,
                                           std::string& unquoted, std::string_view& cell) {
  const std::size_t begin = unquoted.size();
  std::size_t at = 1;
  while (true) {
    const std::size_t quote = rest.find('"', at);
    if (quote == std::string_view::npos) return false;
    unquoted.append(rest.substr(at, quote - at));
    at = quote + 1;
    if (at == rest.size() || rest[at] != '"') break;
    unquoted.push_back('"');
    ++at;
  }
  rest.remove_prefix(at);
  cell = std::string_view(unquoted).substr(begin);
  return rest.empty() || rest.front() == delimiter;
}

}  // namespace fm::dbn
