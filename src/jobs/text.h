// Small texts of the reports for people.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace fm::jobs {

// "1,234,567"
[[nodiscard]] std::string with_commas(std::uint64_t value);
[[nodiscard]] std::string with_commas(std::int64_t value);
// "1 file", "1,234 files"
[[nodiscard]] std::string plural(std::uint64_t count, std::string_view one);

}  // namespace fm::jobs
