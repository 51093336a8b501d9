// A place in a capture log.
#pragma once

#include <compare>
#include <cstdint>

#include "base/time.h"

namespace fm::capture {

// Behind a whole record: `byte` counts in the uncompressed segment, so that a place outlives the
// segment's compression. Ordered as the records are. The default lies before every record.
struct Position {
  Date day;
  std::uint32_t segment = 0;  // 1, 2, … within a day
  std::uint64_t byte = 0;
  friend constexpr auto operator<=>(const Position&, const Position&) = default;
};

}  // namespace fm::capture
