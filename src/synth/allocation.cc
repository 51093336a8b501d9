#include "synth/allocation.h"

#include <algorithm>

#include "base/assert.h"

namespace fm::synth {
namespace {

// Cells that would exceed the cap get it and leave; what they could not take is shared among the
// others.
struct Fill {
  std::uint64_t left = 0;
  std::uint64_t weight = 0;
};

Fill fill_capped(std::uint64_t total, std::span<const std::uint32_t> weights,
                 std::uint32_t cell_max, std::vector<std::uint32_t>& cells) {
  Fill fill{total, 0};
  for (const std::uint32_t weight : weights) fill.weight += weight;
  for (bool again = true; again;) {
    again = false;
    const Fill before = fill;
    for (std::size_t i = 0; i < weights.size(); ++i) {
      const bool open = weights[i] > 0 && cells[i] < cell_max;
      if (!open || before.left * weights[i] / before.weight < cell_max) continue;
      cells[i] = cell_max;
      fill.left -= cell_max;
      fill.weight -= weights[i];
      again = fill.weight > 0;
    }
  }
  return fill;
}

}  // namespace

std::vector<std::uint32_t> share_out(std::uint64_t total, std::span<const std::uint32_t> weights,
                                     std::uint32_t cell_max) {
  const auto open_cells = static_cast<std::uint64_t>(
      std::count_if(weights.begin(), weights.end(), [](std::uint32_t w) { return w > 0; }));
  FM_ASSERT(total <= open_cells * cell_max);
  std::vector<std::uint32_t> cells(weights.size(), 0);
  const Fill fill = fill_capped(total, weights, cell_max, cells);

  // Cut at the running total, so that the rounded shares add up exactly.
  std::uint64_t weight_so_far = 0;
  std::uint64_t given = 0;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    if (weights[i] == 0 || cells[i] == cell_max) continue;
    weight_so_far += weights[i];
    const std::uint64_t until = fill.left * weight_so_far / fill.weight;
    cells[i] = static_cast<std::uint32_t>(until - given);
    given = until;
  }
  FM_ASSERT(given == fill.left);
  return cells;
}

}  // namespace fm::synth
