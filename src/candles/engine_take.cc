// One record: which rule it falls under, and where it goes when it falls under none.
#include <algorithm>

#include "base/assert.h"
#include "candles/engine_state.h"

namespace fm::candles {
namespace {

bool is_undefined(Nanos time) { return time == 0 || time == kUndefTime; }

}  // namespace

void Engine::State::take(const dbn::Mbp1Msg& record, SymbolId symbol, std::uint64_t position,
                         SourceId source) {
  const Nanos event = record.header.ts_event;
  const Nanos recv = record.ts_recv;
  const bool has_event = !is_undefined(event);
  const bool has_recv = !is_undefined(recv);
  const Second second = second_of(event);
  std::optional<Date> arrival_date;
  if (has_recv || has_event) {
    const Second arrival = has_recv ? second_of(recv) : second;
    arrival_date = Date::of_second(arrival);
    if (!sources[source].begun) {
      begin_coverage(source, has_event ? std::min(arrival, second) : arrival);
    }
    if (record.header.publisher_id != 0 && (!clock || arrival > *clock)) advance(arrival);
  }

  TickerState* ticker = symbols[symbol].ticker;
  const market::SessionSpan* span =
      ticker != nullptr && has_event ? ticker->span_at(second) : nullptr;
  const auto reason = [&]() -> std::optional<Reason> {
    if (record.action != dbn::kActionTrade) return Reason::kNotTrade;
    if (record.price == kUndefPrice) return Reason::kNoPrice;
    if (record.size == 0 || record.size == dbn::kUndefOrderSize) return Reason::kZeroSize;
    if (symbol == kNoSymbol) return Reason::kUnmapped;
    if (ticker == nullptr) return Reason::kNotOutright;
    if (!has_event) return Reason::kNoTime;
    if (has_recv && event > recv && event - recv > kNanosPerSecond) return Reason::kFuture;
    if (span == nullptr) return Reason::kOffSession;
    if (clock && second < *clock - kLatenessSeconds) return Reason::kLate;
    return std::nullopt;
  }();
  if (!reason) {
    accept(record, symbol, second, span->trade_date);
    return;
  }
  const Rejection rejection{*reason, source, position, symbol, &record, {}};
  if (span != nullptr) {
    shared.rejects.count(*reason, ticker->id, span->trade_date);
    report(rejection);
  } else {
    count_out(rejection, arrival_date);
  }
  if (reason == Reason::kNotOutright) symbols[symbol].not_outright += 1;
  if (reason == Reason::kOffSession) ticker->off_session += 1;
}

void Engine::State::count_out(const Rejection& rejection, std::optional<Date> arrival) {
  if (!arrival && clock) arrival = Date::of_second(*clock);
  shared.rejects.count(rejection.reason, arrival);
  report(rejection);
}

void Engine::State::report(const Rejection& rejection) {
  if (rejection.reason == Reason::kNotTrade || rejection.reason == Reason::kNotOutright) return;
  shared.rows.rejected(rejection);
}

void Engine::State::begin_coverage(SourceId source, Second from) {
  sources[source].begun = true;
  sources[source].coverage = shared.coverage.add(from, Coverage::kOpenEnd);
}

void Engine::State::accept(const dbn::Mbp1Msg& record, SymbolId symbol, Second second, Date date) {
  accepted += 1;
  newest_event = std::max(newest_event, second);
  ContractState& contract = contract_of(symbol);
  const bool early_second = !clock || second > *clock + 1;
  SecondData* data = nullptr;
  if (early_second) {
    const auto known = early.find({second, symbol});
    data = known == early.end() ? nullptr : &known->second;
  } else {
    if (contract.ring.empty()) acquire_ring(contract);
    data = &contract.slot(second);
    if (data->second != second) data = nullptr;
  }
  // The first trade of a contract's second may be the first of a minute and of a trade date; none
  // of the others can.
  if (data == nullptr) contract.ticker->arrive(contract, second, date, *this);
  contract.enter_date(date, record.price);
  const auto offset_ns = static_cast<std::uint32_t>(record.header.ts_event % kNanosPerSecond);
  if (data == nullptr) {
    if (early_second) {
      data = &early[{second, symbol}];
    } else {
      data = &contract.slot(second);
      wheel[static_cast<std::size_t>(second) % kRingSeconds].push_back(&contract);
    }
    data->begin(second, date, record.price, offset_ns);
  }
  contract.newest_second = std::max(contract.newest_second, second);
  add_trade(*data, contract.tick, record, offset_ns, contract.big_threshold);
  if (early_second) {
    // The tick test may be of another trade date now than the second of the short way.
    contract.forget_current();
  } else {
    contract.set_current(*data);
  }
}

void Engine::State::acquire_ring(ContractState& contract) {
  const std::size_t size = shared.options.every_second ? kRingSecondsForEverySecond : kRingSeconds;
  if (spare_rings.empty()) {
    contract.ring.resize(size);
  } else {
    contract.ring = std::move(spare_rings.back());
    spare_rings.pop_back();
  }
  contract.mask = size - 1;
}

}  // namespace fm::candles
