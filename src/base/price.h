// Fixed-point prices: 64-bit integers in units of 1e-9, until the edge where a user reads them.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "base/error.h"

namespace fm {

using Price = std::int64_t;  // units of 1e-9
inline constexpr Price kUndefPrice = std::numeric_limits<Price>::max();
inline constexpr Price kPriceScale = 1'000'000'000;

using Int128 = __int128;

// The double nearest to price / 1e9 (ties to even), for every price.
[[nodiscard]] double to_double(Price price);
// The double nearest to `sum`, divided once by 1e9: how Σ price·size becomes a column.
[[nodiscard]] double scaled_to_double(Int128 sum);

// `-?digits.digits` is decimal; digits beyond nine are cut towards zero. `-?digits` is in units of
// 1e-9. Errors: kInvalidArgument for anything else and for values outside 64 bits.
[[nodiscard]] Result<Price> parse_price(std::string_view text);
// As above, but a number without a point is whole units, as people write it in registries ("0.25",
// "50").
[[nodiscard]] Result<Price> parse_decimal(std::string_view text);

// Exactly nine decimals: -37.630000000. Writes at most 21 characters; returns the end.
char* write_price(Price price, char* out);
[[nodiscard]] std::string format_price(Price price);

}  // namespace fm
