#include "candles/engine.h"

#include <algorithm>

#include "base/assert.h"
#include "candles/engine_state.h"
#include "dbn/record_v1.h"

namespace fm::candles {

Engine::Engine(const market::Universe& universe, const market::Calendar& calendar,
               const EngineOptions& options, Output& output)
    : state_(std::make_unique<State>(universe, calendar, options, output)) {
  FM_ASSERT(options.warmup_seconds >= 1 && options.confirm >= 1);
}
Engine::~Engine() = default;

void Engine::resume(std::string_view ticker, const Resume& resume) {
  TickerState& state = state_->ticker_of(ticker);
  FM_ASSERT(!state.newest_date);
  state.rows.set_cvd(resume.cvd_close);
  const auto named = [&](std::string_view symbol) -> ContractState* {
    const SymbolId id = state_->intern(symbol);
    // What is not a contract of this root cannot become its front month.
    return state_->symbols[id].ticker == &state ? &state_->contract_of(id) : nullptr;
  };
  if (const ContractState* active = named(resume.front_month)) state.front.resume(active->index);
  for (const auto& [symbol, volume] : resume.volumes) {
    if (const ContractState* contract = named(symbol)) {
      state.resumed_volumes.emplace_back(contract->symbol, volume);
    }
  }
}

void Engine::set_cvd_base(std::string_view ticker, std::int64_t cvd) {
  TickerState& state = state_->ticker_of(ticker);
  FM_ASSERT(!state.newest_date);
  state.rows.set_cvd(cvd);
}

void Engine::cover(Second from, Second until) { state_->shared.coverage.add(from, until); }
Engine::CoverId Engine::cover_from(Second from) {
  return state_->shared.coverage.add(from, Coverage::kOpenEnd);
}
void Engine::cover_until(CoverId cover, Second until) { state_->shared.coverage.end(cover, until); }

Engine::CoverId Engine::cover_gap(CoverId cover, Nanos from, Nanos until) {
  return state_->shared.coverage.cut(cover, from, until);
}

SourceId Engine::begin_source(bool covers) {
  state_->sources.push_back({.begun = !covers, .covers = covers});
  return static_cast<SourceId>(state_->sources.size() - 1);
}

void Engine::end_source(SourceId source) {
  State::Source& ending = state_->sources.at(source);
  FM_ASSERT(!ending.ended);
  ending.ended = true;
  if (!ending.begun || !ending.covers) return;
  const Second newest = std::max(state_->clock.value_or(kNever), state_->newest_event);
  state_->shared.coverage.end(ending.coverage, newest + 1);
}

SymbolId Engine::intern(std::string_view symbol) { return state_->intern(symbol); }

void Engine::feed(const dbn::Mbp1Msg& record, SymbolId symbol, std::uint64_t position,
                  SourceId source) {
  State& state = *state_;
  FM_DCHECK(!state.finished);
  state.records += 1;
  ContractState& contract = *state.symbols[symbol].contract;
  if (state.sources[source].begun &&
      State::take_shortcut(record, contract, state.recv_begin, state.recv_length)) {
    state.accepted += 1;
  } else {
    state.take(record, symbol, position, source);
  }
}

void Engine::malformed(std::span<const std::byte> bytes, std::uint64_t position, SourceId source) {
  state_->records += 1;
  state_->count_out({Reason::kMalformed, source, position, kNoSymbol, nullptr, bytes}, {});
}

void Engine::not_trade() {
  state_->records += 1;
  state_->count_out({.reason = Reason::kNotTrade}, {});
}

void Engine::flush() { state_->shared.rows.flush(); }
void Engine::finish() { state_->finish(); }

std::vector<RejectCount> Engine::rejects() const { return state_->shared.rejects.all(); }
std::uint64_t Engine::not_outright(SymbolId symbol) const {
  return state_->symbols.at(symbol).not_outright;
}
std::optional<Second> Engine::clock() const { return state_->clock; }
std::optional<Second> Engine::final_to() const {
  if (!state_->clock) return std::nullopt;
  return state_->final_to;
}

std::string_view Engine::symbol(SymbolId id) const { return state_->shared.symbols.at(id); }
std::string_view Engine::ticker(TickerId id) const { return state_->tickers.at(id)->root; }
std::size_t Engine::symbol_count() const { return state_->symbols.size(); }
std::size_t Engine::ticker_count() const { return state_->tickers.size(); }

}  // namespace fm::candles
