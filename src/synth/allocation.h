// How many trades each root has on each trade date.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace fm::synth {

// Shares `total` among cells in proportion to their weights, none above `cell_max`; a cell of
// weight 0 gets nothing. The sum is exact. Requires total ≤ cell_max × the number of cells with a
// weight.
[[nodiscard]] std::vector<std::uint32_t> share_out(std::uint64_t total,
                                                   std::span<const std::uint32_t> weights,
                                                   std::uint32_t cell_max);

}  // namespace fm::synth
