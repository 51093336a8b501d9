// Rows on their way out, in blocks: one virtual call for many rows, no allocation for any.
#pragma once

#include <cstddef>
#include <vector>

#include "candles/types.h"

namespace fm::candles {

class RowBuffer {
 public:
  explicit RowBuffer(Output& output) : output_(output), candles_(kRows), seconds_(kRows) {}

  // The place of the next row, to be filled by the caller before the next call.
  [[nodiscard]] CandleRow& next_candle() {
    if (candle_count_ == kRows) flush();
    return candles_[candle_count_++];
  }
  [[nodiscard]] SecondRow& next_second() {
    if (second_count_ == kRows) flush();
    return seconds_[second_count_++];
  }
  void session(const SessionRow& row) {
    flush();
    output_.session(row);
  }
  void rejected(const Rejection& rejection) { output_.rejected(rejection); }
  void flush() {
    if (candle_count_ > 0) output_.candles(std::span(candles_).first(candle_count_));
    if (second_count_ > 0) output_.seconds(std::span(seconds_).first(second_count_));
    candle_count_ = second_count_ = 0;
  }

 private:
  static constexpr std::size_t kRows = 64;  // of each kind: they stay in the nearest cache

  Output& output_;
  std::vector<CandleRow> candles_;
  std::vector<SecondRow> seconds_;
  std::size_t candle_count_ = 0;
  std::size_t second_count_ = 0;
};

}  // namespace fm::candles
