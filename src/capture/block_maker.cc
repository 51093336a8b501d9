#include "capture/block_maker.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"

namespace fm::capture {

void BlockMaker::add(std::span<const std::byte> bytes, const Survey& survey) {
  FM_ASSERT(open_.length + bytes.size() <= kBlockBytesMax);
  open_.offset = at_;
  open_.length += bytes.size();
  open_.record_count += static_cast<std::uint32_t>(survey.record_count);
  open_.holds |= survey.holds;
  open_.first_arrival = std::min(open_.first_arrival, survey.first_arrival);
  open_.last_arrival = std::max(open_.last_arrival, survey.last_arrival);
  hasher_.add(bytes);
}

std::optional<Block> BlockMaker::end() {
  if (open_.length == 0) return std::nullopt;
  open_.hash = hasher_.digest().low;
  hasher_ = Hasher();
  at_ = open_.end();
  return std::exchange(open_, Block{});
}

}  // namespace fm::capture
