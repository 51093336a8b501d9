#include "candles/contract_state.h"

#include <algorithm>

namespace fm::candles {

void ContractState::set_current(SecondData& data) {
  // The first and the last second that a time can lie in hold the undefined times 0 and 2^64 − 1:
  // they have no short way.
  const bool ordinary = data.second > 0 && data.second < second_of(kUndefTime);
  current = &data;
  current_begin = static_cast<Nanos>(data.second) * kNanosPerSecond;
  current_length = ordinary ? kNanosPerSecond : 0;
}

void ContractState::enter_date(Date date, Price price) {
  if (newest_second != kNever) {
    if (tick.date == date) return;
    // Two dates are in use at once only when a trade is stamped far ahead of the clock.
    const Date oldest = std::min(date, tick.date) - 7;
    std::erase_if(other_ticks, [&](const TickTest& other) { return other.date < oldest; });
    other_ticks.push_back(tick);
  }
  const auto known = std::find_if(other_ticks.begin(), other_ticks.end(),
                                  [&](const TickTest& other) { return other.date == date; });
  if (known != other_ticks.end()) {
    tick = *known;
    other_ticks.erase(known);
  } else {
    tick = {.date = date, .last = price, .before = price};
  }
}

void ContractState::add_minute(const SecondData& data) {
  const std::int64_t minute = data.second / kSecondsPerMinute;
  MinuteVolume& place = minutes[static_cast<std::size_t>(minute) % minutes.size()];
  if (place.minute != minute) place = {.minute = minute};
  place.volume += data.sums.volume;
}

ContractState& no_contract() {
  static ContractState nobody;
  return nobody;
}

int aggressor_of(const dbn::Mbp1Msg& record, const TickTest& tick) {
  const dbn::BidAskPair& book = record.levels[0];
  if (book.bid_px != kUndefPrice && book.ask_px != kUndefPrice) {
    const Int128 twice = Int128{record.price} * 2;
    const Int128 both = Int128{book.bid_px} + book.ask_px;
    if (twice != both) return twice > both ? 1 : -1;
  }
  return tick.direction();
}

}  // namespace fm::candles
