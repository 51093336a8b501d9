// How often each record is held, by the hash of its bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/hash.h"

namespace fm::capture {

// 24 bytes a slot, at most half of them used.
class RecordMultiset {
 public:
  // Makes room for so many distinct records.
  void reserve(std::uint64_t records);
  void add(const Hash128& hash, std::uint32_t count = 1);
  // Takes one away; false when none is held.
  [[nodiscard]] bool take(const Hash128& hash);
  [[nodiscard]] std::uint32_t count(const Hash128& hash) const;
  // Holds each record as often as this or the other does, whichever is more.
  void unite(const RecordMultiset& other);
  // Records held.
  [[nodiscard]] std::uint64_t size() const { return size_; }
  void clear();

 private:
  struct Slot {
    Hash128 hash;
    std::uint32_t count = 0;  // 0 in a slot that is used: all taken away
    bool used = false;
  };
  [[nodiscard]] std::size_t slot_of(const Hash128& hash) const;
  void grow(std::size_t slots);

  std::vector<Slot> slots_;
  std::size_t used_ = 0;
  std::uint64_t size_ = 0;
};

}  // namespace fm::capture
