// What is known of each root: from the registry, and from what the lake holds of it. Private to
// this room.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/price.h"
#include "base/time.h"
#include "server/context.h"

namespace fm::server {

// How people write a root's prices: 6012.25, or 110'165 in steps of a 32nd's parts.
struct PriceFormat {
  bool is_fraction = false;
  int places = 2;        // decimal
  int denominator = 32;  // fraction
  int sub = 1;           // parts of a denominator's step
};
// By the tick; without one, two places.
[[nodiscard]] PriceFormat price_format(std::optional<Price> tick);

struct RootTable {
  const table::Table* table = nullptr;
  std::optional<Date> first = {};  // of its rows; for tables without times, of its partitions
  std::optional<Date> last = {};
  std::uint64_t rows = 0;
};
// Tables of roots that have rows of this one, in the catalogue's order.
[[nodiscard]] Result<std::vector<RootTable>> tables_of(Context& context, const std::string& root);

// The contract of the newest row; nothing where no table of contracts has rows. Errors: the lake's.
[[nodiscard]] Result<std::optional<std::string>> front_month(Context& context,
                                                             const std::string& root);
// Contracts that candles or bars have rows of, the newest delivery first; at most kContractsMax.
inline constexpr std::size_t kContractsMax = 200;
[[nodiscard]] Result<std::vector<std::string>> contracts_of(Context& context,
                                                            const std::string& root);

}  // namespace fm::server
