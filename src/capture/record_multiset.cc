#include "capture/record_multiset.h"

#include <algorithm>
#include <bit>
#include <utility>

namespace fm::capture {
namespace {

constexpr std::size_t kLeastSlots = 1024;  // a power of two, as every size is

}  // namespace

// Of the hash or, where it is not held, the free slot for it.
std::size_t RecordMultiset::slot_of(const Hash128& hash) const {
  const std::size_t mask = slots_.size() - 1;
  std::size_t at = hash.low & mask;
  while (slots_[at].used && slots_[at].hash != hash) at = (at + 1) & mask;
  return at;
}

void RecordMultiset::grow(std::size_t slots) {
  const auto old = std::exchange(slots_, {});
  slots_.resize(std::max(kLeastSlots, slots));
  for (const Slot& slot : old)
    if (slot.used) slots_[slot_of(slot.hash)] = slot;
}

void RecordMultiset::reserve(std::uint64_t records) {
  const std::size_t slots = std::bit_ceil(records * 2);
  if (slots > slots_.size()) grow(slots);
}

void RecordMultiset::add(const Hash128& hash, std::uint32_t count) {
  if ((used_ + 1) * 2 > slots_.size()) grow(slots_.size() * 2);
  Slot& slot = slots_[slot_of(hash)];
  if (!slot.used) {
    slot.used = true;
    slot.hash = hash;
    ++used_;
  }
  slot.count += count;
  size_ += count;
}

bool RecordMultiset::take(const Hash128& hash) {
  if (slots_.empty()) return false;
  Slot& slot = slots_[slot_of(hash)];
  if (slot.count == 0) return false;
  --slot.count;
  --size_;
  return true;
}

std::uint32_t RecordMultiset::count(const Hash128& hash) const {
  return slots_.empty() ? 0 : slots_[slot_of(hash)].count;
}

void RecordMultiset::unite(const RecordMultiset& other) {
  for (const Slot& slot : other.slots_) {
    if (slot.count == 0) continue;
    const std::uint32_t held = count(slot.hash);
    if (slot.count > held) add(slot.hash, slot.count - held);
  }
}

void RecordMultiset::clear() { *this = RecordMultiset(); }

}  // namespace fm::capture
