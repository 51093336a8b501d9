#include "synth/bars.h"

#include <algorithm>

#include "base/assert.h"

namespace fm::synth {
namespace {

Nanos length_of(dbn::Schema schema) {
  switch (schema) {
    case dbn::Schema::kOhlcv1s:
      return kNanosPerSecond;
    case dbn::Schema::kOhlcv1m:
      return 60 * kNanosPerSecond;
    case dbn::Schema::kOhlcv1h:
      return 3'600 * kNanosPerSecond;
    case dbn::Schema::kOhlcv1d:
      return kNanosPerDay;
    default:
      return 0;
  }
}

}  // namespace

bool BarMaker::makes(dbn::Schema schema) { return length_of(schema) != 0; }

BarMaker::BarMaker(dbn::Schema schema) : rtype_(dbn::rtype_of(schema)), length_(length_of(schema)) {
  FM_ASSERT(makes(schema));
}

void BarMaker::add(const dbn::Mbp1Msg& trade) {
  const Nanos time = trade.header.ts_event;
  newest_ = std::max(newest_, time);
  const Nanos start = time / length_ * length_;
  const auto [place, fresh] =
      open_.try_emplace(std::pair(start, trade.header.instrument_id), Open{});
  Open& open = place->second;
  dbn::OhlcvMsg& bar = open.bar;
  if (fresh) {
    bar.header = {.length = dbn::kLengthOf<dbn::OhlcvMsg>,
                  .rtype = rtype_,
                  .publisher_id = trade.header.publisher_id,
                  .instrument_id = trade.header.instrument_id,
                  .ts_event = start};
    bar.open = bar.high = bar.low = bar.close = trade.price;
    bar.volume = 0;
    open.first = open.last = time;
  }
  if (time < open.first) {
    open.first = time;
    bar.open = trade.price;
  }
  if (time >= open.last) {
    open.last = time;
    bar.close = trade.price;
  }
  bar.high = std::max(bar.high, trade.price);
  bar.low = std::min(bar.low, trade.price);
  bar.volume += trade.size;
}

std::span<const dbn::OhlcvMsg> BarMaker::take() {
  return take_before(newest_ < kLateness ? 0 : (newest_ - kLateness) / length_ * length_);
}

std::span<const dbn::OhlcvMsg> BarMaker::finish() { return take_before(kUndefTime); }

std::span<const dbn::OhlcvMsg> BarMaker::take_before(Nanos time) {
  done_.clear();
  const auto end = open_.lower_bound(std::pair(time, std::uint32_t{0}));
  for (auto it = open_.begin(); it != end; ++it) done_.push_back(it->second.bar);
  open_.erase(open_.begin(), end);
  return done_;
}

}  // namespace fm::synth
