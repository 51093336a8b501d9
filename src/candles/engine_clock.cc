// The clock, and what it makes final: a second s is final when the clock has passed s + 60.
#include <algorithm>

#include "base/assert.h"
#include "candles/engine_state.h"

namespace fm::candles {
namespace {

// No trade date, open or to come, has begun this long ago: the longest, over a holiday, have two
// days.
constexpr Second kCoverageKept = 10 * kSecondsPerDay;

}  // namespace

void Engine::State::advance(Second to) {
  if (!clock) shared.rejects.date_waiting(Date::of_second(to));
  if (!early.empty()) [[unlikely]]
    enter_early_seconds(to + 1);
  if (!clock) {
    set_clock(to);
  } else if (to > *clock) {
    step(to);
  }
}

// Early seconds up to `until` become open ones, as the clock comes near them one by one.
void Engine::State::enter_early_seconds(Second until) {
  while (!early.empty() && early.begin()->first.first <= until) {
    const auto [second, symbol] = early.begin()->first;
    if (!clock) {
      set_clock(second - 1);
    } else if (second - 1 > *clock) {
      step(second - 1);
    }
    ContractState& contract = contract_of(symbol);
    if (contract.ring.empty()) acquire_ring(contract);
    contract.slot(second) = early.begin()->second;
    wheel[static_cast<std::size_t>(second) % kRingSeconds].push_back(&contract);
    early.erase(early.begin());
  }
}

void Engine::State::set_clock(Second to) {
  clock = to;
  final_to = to - kLatenessSeconds - 1;
  // The first and the last second hold the undefined times 0 and 2^64 − 1.
  const bool ordinary = to > 0 && to < second_of(kUndefTime);
  recv_begin = static_cast<Nanos>(to) * kNanosPerSecond;
  recv_length = ordinary ? kNanosPerSecond : 0;
}

void Engine::State::step(Second to) {
  const Second last = std::min(to - kLatenessSeconds - 1, *clock + 1);
  for (Second second = final_to + 1; second <= last; ++second) settle(second);
  set_clock(to);
  if (to - kLatenessSeconds > next_close) [[unlikely]]
    close_dates();
}

void Engine::State::settle(Second second) {
  std::vector<ContractState*>& traded = wheel[static_cast<std::size_t>(second) % kRingSeconds];
  for (ContractState* contract : traded) {
    const SecondData& data = contract->slot(second);
    FM_DCHECK(data.second == second);
    if (contract->current == &data) contract->forget_current();
    TickerState& ticker = *contract->ticker;
    if (ticker.rows.last_second() != second) {
      if (ticker.rows.open_date() && ticker.rows.open_date() != data.trade_date) {
        close_date(ticker);
      }
      ticker.rows.begin_second(second, data.trade_date);
      next_close = std::min(next_close, *ticker.rows.close_at());
    }
    contract->add_minute(data);
    ticker.rows.settle(*contract, data);
  }
  if (shared.options.every_second) {
    for (const ContractState* contract : traded) contract->ticker->rows.end_second();
  }
  traded.clear();
}

void Engine::State::close_date(TickerState& ticker) {
  ticker.rows.close_date(ticker.contracts);
  for (ContractState* contract : ticker.contracts) {
    // Contracts come and go over the years; the seconds of the idle ones serve the next.
    const bool idle = contract->newest_second < *clock - 10 * static_cast<Second>(kRingSeconds);
    if (!idle || contract->ring.empty()) continue;
    contract->forget_current();
    for (SecondData& data : contract->ring) data.second = kNever;
    spare_rings.push_back(std::move(contract->ring));
    contract->ring.clear();
  }
}

void Engine::State::close_dates() {
  next_close = std::numeric_limits<Second>::max();
  for (const auto& ticker : tickers) {
    const std::optional<Second> close = ticker->rows.close_at();
    if (!close) continue;
    if (*clock > *close + kLatenessSeconds) {
      close_date(*ticker);
    } else {
      next_close = std::min(next_close, *close);
    }
  }
  shared.coverage.forget_before(*clock - kCoverageKept);
}

void Engine::State::finish() {
  FM_ASSERT(!finished);
  finished = true;
  const std::optional<Second> arrived = clock;
  if (!arrived) shared.rejects.date_waiting(Date{});
  enter_early_seconds(std::numeric_limits<Second>::max());
  if (clock) {
    step(*clock + 2 * static_cast<Second>(kRingSeconds));
    for (const auto& ticker : tickers) {
      if (ticker->rows.open_date()) close_date(*ticker);
    }
  }
  shared.rows.flush();
  clock = arrived;
}

std::int64_t Engine::State::open_volume(const ContractState& contract, Second from,
                                        Second until) const {
  std::int64_t volume = 0;
  if (clock) {
    const Second last = std::min(until - 1, *clock + 1);
    for (Second second = std::max(from, final_to + 1); second <= last; ++second) {
      if (const SecondData* data = contract.find(second)) volume += data->sums.volume;
    }
  }
  if (!early.empty()) [[unlikely]] {
    for (const auto& [key, data] : early) {
      if (key.second != contract.symbol || key.first < from || key.first >= until) continue;
      volume += data.sums.volume;
    }
  }
  return volume;
}

}  // namespace fm::candles
