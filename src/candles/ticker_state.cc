#include "candles/ticker_state.h"

#include <algorithm>

#include "base/assert.h"

namespace fm::candles {

using market::FrontMonthRule;

TickerState::TickerState(std::string_view name, TickerId ticker, const market::Universe& universe,
                         Shared& the_shared)
    : root(name),
      id(ticker),
      shared(the_shared),
      sessions(shared.calendar.template_of(name)),
      big_threshold(universe.large_trade_threshold(name)),
      front(shared.options.confirm),
      rows(ticker, sessions, the_shared, the_shared.rows) {}

bool TickerState::look_up_span(Second second) {
  const auto found = shared.calendar.span_at(sessions, second);
  if (found) span = *found;
  return found.has_value();
}

void TickerState::arrive(ContractState& contract, Second second, Date date,
                         const OpenVolumes& open) {
  const bool new_date = !newest_date || date > *newest_date;
  if (new_date || contracts.size() != volumes_.size()) {
    refresh_expiries(new_date ? date : *newest_date);
  }
  if (shared.options.front_month == FrontMonthRule::kFiveMinuteVolume) {
    arrive_by_minute(contract, second, new_date, open);
  } else if (new_date) {
    arrive_by_session(contract, second, date, open);
  }
  if (new_date) newest_date = date;
}

// A year digit means another decade as time goes on.
void TickerState::refresh_expiries(Date date) {
  volumes_.clear();
  for (const ContractState* contract : contracts) {
    const auto expiry = market::Contract::parse(shared.symbols[contract->symbol], date);
    FM_ASSERT(expiry.has_value());
    volumes_.push_back({contract->index, 0, *expiry});
  }
}

void TickerState::arrive_by_minute(ContractState& contract, Second second, bool new_date,
                                   const OpenVolumes& open) {
  if (new_date) front.begin_trade_date();
  const std::int64_t minute = second / kSecondsPerMinute;
  if (!newest_date) {
    front.start(contract.index, minute);
    begin_stint(minute * kSecondsPerMinute);
    return;
  }
  if (!front.due(minute)) return;
  for (market::ContractVolume& volume : volumes_) {
    volume.volume = volume_of_minutes(*contracts[volume.contract],
                                      minute - market::kFrontMonthMinutes, minute, open);
  }
  if (front.evaluate(minute, volumes_)) begin_stint(minute * kSecondsPerMinute);
}

void TickerState::arrive_by_session(ContractState& contract, Second second, Date date,
                                    const OpenVolumes& open) {
  const market::SessionSpan first = shared.calendar.spans_of(sessions, date).front();
  for (market::ContractVolume& volume : volumes_) {
    const ContractState& one = *contracts[volume.contract];
    volume.volume = 0;
    if (!newest_date) {
      for (const auto& [symbol, resumed] : resumed_volumes) {
        if (symbol == one.symbol) volume.volume += resumed;
      }
      continue;
    }
    volume.volume += rows.final_volume(one, *newest_date);
    const auto before = shared.calendar.spans_of(sessions, *newest_date);
    volume.volume += open.open_volume(one, before.front().open, before.back().close);
  }
  const bool changed = front.choose(volumes_, contract.index);
  if (!newest_date) {
    begin_stint(second / kSecondsPerMinute * kSecondsPerMinute);
  } else if (changed) {
    begin_stint(first.open / kSecondsPerMinute * kSecondsPerMinute);
  }
}

void TickerState::begin_stint(Second from) {
  const ContractState& active = *contracts[*front.active()];
  if (stints.empty()) {
    rows.start(active);
  } else {
    rows.switch_to(active, from);
    switches += 1;
  }
  stints.emplace_back(from, active.symbol);
}

std::int64_t TickerState::volume_of_minutes(const ContractState& contract, std::int64_t first,
                                            std::int64_t last, const OpenVolumes& open) const {
  if (contract.newest_second < first * kSecondsPerMinute) return 0;
  std::int64_t volume =
      open.open_volume(contract, first * kSecondsPerMinute, last * kSecondsPerMinute);
  for (const auto& place : contract.minutes) {
    if (place.minute >= first && place.minute < last) volume += place.volume;
  }
  return volume;
}

}  // namespace fm::candles
