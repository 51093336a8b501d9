#include "jobs/text.h"

#include <fmt/core.h>

#include <cstddef>

namespace fm::jobs {

std::string with_commas(std::uint64_t value) {
  std::string digits = std::to_string(value);
  for (auto at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > 0; at -= 3)
    digits.insert(static_cast<std::size_t>(at), 1, ',');
  return digits;
}

std::string with_commas(std::int64_t value) {
  if (value >= 0) return with_commas(static_cast<std::uint64_t>(value));
  return with_commas(static_cast<std::uint64_t>(-value)).insert(0, 1, '-');
}

std::string plural(std::uint64_t count, std::string_view one) {
  return fmt::format("{} {}{}", with_commas(count), one, count == 1 ? "" : "s");
}

}  // namespace fm::jobs
