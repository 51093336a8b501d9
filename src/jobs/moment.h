// Times as users give them.
#pragma once

#include <string_view>

#include "base/error.h"
#include "base/time.h"

namespace fm::jobs {

// ISO 8601 or nanoseconds; 0 is everything that the gateway has. Errors: kInvalidArgument.
[[nodiscard]] Result<Nanos> parse_start(std::string_view text);
// 2025-06-16 (its first moment, UTC), 2025-06-16T13:30:00Z or nanoseconds since 1970, of this
// century: a shorter number is another unit. Errors: kInvalidArgument.
[[nodiscard]] Result<Nanos> parse_as_of(std::string_view text);

}  // namespace fm::jobs
