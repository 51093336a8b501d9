#include "candles/window.h"

#include <algorithm>

#include "base/assert.h"

namespace fm::candles {

void Window::Extremes::take(const Extremes& other) {
  high = std::max(high, other.high);
  low = std::min(low, other.low);
  delta_high = std::max(delta_high, other.delta_high);
  delta_low = std::min(delta_low, other.delta_low);
  max_size = std::max(max_size, other.max_size);
}

void Window::clear() { head_ = middle_ = tail_; }

void Window::push(const SecondData& data, std::int64_t delta_open) {
  FM_DCHECK(empty() || at(tail_ - 1).second < data.second);
  FM_DCHECK(tail_ - head_ < kCapacity);
  Entry& entry = at(tail_);
  entry.before = total_;
  entry.second = data.second;
  entry.open = data.open;
  entry.delta_open = delta_open;
  entry.extremes = {data.high, data.low, delta_open + data.delta_high, delta_open + data.delta_low,
                    data.max_size};
  if (middle_ == tail_) {
    younger_ = entry.extremes;
  } else {
    younger_.take(entry.extremes);
  }
  total_ += data.sums;
  close_ = data.close;
  delta_close_ = delta_open + data.sums.delta;
  ++tail_;
}

void Window::slide_to(Second second) {
  const Second oldest = second - kWindowSeconds + 1;
  if (empty() || at(tail_ - 1).second < oldest) {
    clear();
    return;
  }
  while (at(head_).second < oldest) {
    if (head_ == middle_) turn();
    ++head_;
  }
}

// The younger part becomes the older one: each entry's extremes grow to those of its suffix.
void Window::turn() {
  for (std::size_t index = tail_ - 1; index > middle_; --index) {
    at(index - 1).extremes.take(at(index).extremes);
  }
  middle_ = tail_;
}

void Window::describe(CandleRow& row, std::int64_t cvd_offset) const {
  const Entry& oldest = at(head_);
  Extremes extremes = head_ == middle_ ? younger_ : oldest.extremes;
  if (head_ != middle_ && middle_ != tail_) extremes.take(younger_);
  Sums sums = total_;
  sums -= oldest.before;

  row.seconds_traded = static_cast<std::int32_t>(tail_ - head_);
  row.open = oldest.open;
  row.high = extremes.high;
  row.low = extremes.low;
  row.close = close_;
  row.volume = sums.volume;
  row.ask_volume = sums.buy_volume();
  row.bid_volume = sums.sell_volume();
  row.unknown_volume = sums.unknown_volume;
  row.cvd_open = oldest.delta_open + cvd_offset;
  row.cvd_high = extremes.delta_high + cvd_offset;
  row.cvd_low = extremes.delta_low + cvd_offset;
  row.cvd_close = delta_close_ + cvd_offset;
  row.trades = sums.trades;
  row.max_trade_size = extremes.max_size;
  row.big_trades = sums.big_trades;
  row.big_volume = sums.big_volume;
  row.sum_bid_depth = sums.bid_depth;
  row.sum_ask_depth = sums.ask_depth;
  row.sum_price_volume = sums.price_volume;
}

}  // namespace fm::candles
