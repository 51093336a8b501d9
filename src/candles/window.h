// The trailing window of one contract: final seconds are pushed in order, old ones leave, and the
// figures of the whole are at hand without folding 60 seconds again.
//
// Sums are differences of running totals. Extremes use two stacks in one queue: the older part
// knows the extremes of each of its suffixes, the younger part those of itself; when the older part
// is used up, the younger becomes it. A second is touched a constant number of times.
#pragma once

#include <array>
#include <cstddef>

#include "candles/second.h"

namespace fm::candles {

class Window {
 public:
  void clear();
  // `data` is later than everything here; `delta_open` is the contract's delta before it.
  void push(const SecondData& data, std::int64_t delta_open);
  // Drops what is older than [second − 59, second].
  void slide_to(Second second);

  [[nodiscard]] bool empty() const { return head_ == tail_; }
  // Fills the window's part of a row; `row` keeps ids, time and coverage. `cvd_offset` is added to
  // the contract's delta. Requires !empty().
  void describe(CandleRow& row, std::int64_t cvd_offset) const;

 private:
  // A power of two above the 60 seconds that can be here at once.
  static constexpr std::size_t kCapacity = 64;

  struct Extremes {
    Price high;
    Price low;
    std::int64_t delta_high;
    std::int64_t delta_low;
    std::int64_t max_size;
    void take(const Extremes& other);
  };
  struct Entry {
    Sums before;  // running total without this second
    Second second;
    Price open;
    std::int64_t delta_open;
    Extremes extremes;  // of this second; in the older part, of it and all later ones of that part
  };

  [[nodiscard]] Entry& at(std::size_t index) { return entries_[index % kCapacity]; }
  [[nodiscard]] const Entry& at(std::size_t index) const { return entries_[index % kCapacity]; }
  void turn();

  // Older part [head_, middle_), younger part [middle_, tail_); indexes only grow.
  std::size_t head_ = 0;
  std::size_t middle_ = 0;
  std::size_t tail_ = 0;
  Extremes younger_{};  // of [middle_, tail_); meaningless while that is empty
  Sums total_;
  Price close_ = 0;
  std::int64_t delta_close_ = 0;
  std::array<Entry, kCapacity> entries_;
};

}  // namespace fm::candles
