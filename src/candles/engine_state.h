// What the engine is made of. Rows come out in step(); everything else is about records coming in.
#pragma once

#include <array>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "candles/contract_state.h"
#include "candles/engine.h"
#include "candles/shared.h"
#include "candles/ticker_state.h"

namespace fm::candles {

struct Engine::State final : OpenVolumes {
  State(const market::Universe& the_universe, const market::Calendar& calendar,
        const EngineOptions& options, Output& output)
      : universe(the_universe), shared(calendar, options, output) {}

  // --- names (engine_names.cc)
  struct Symbol {
    TickerState* ticker = nullptr;             // null when not an outright
    ContractState* contract = &no_contract();  // until its first trade
    std::uint64_t not_outright = 0;
  };
  SymbolId intern(std::string_view text);
  TickerState& ticker_of(std::string_view root);
  ContractState& contract_of(SymbolId symbol);

  // --- one record (engine_take.cc)
  // The long way: every rule in order.
  void take(const dbn::Mbp1Msg& record, SymbolId symbol, std::uint64_t position, SourceId source);
  // The short way, for nearly all trades: nothing about the record is new. Arrival in the clock's
  // second (recv_begin, recv_length), event in the contract's current second. Says whether it was.
  [[nodiscard]] static bool take_shortcut(const dbn::Mbp1Msg& record, ContractState& contract,
                                          Nanos recv_begin, Nanos recv_length);
  // A rejection without a ticker and trade date.
  void count_out(const Rejection& rejection, std::optional<Date> arrival);
  void report(const Rejection& rejection);
  void begin_coverage(SourceId source, Second from);
  void accept(const dbn::Mbp1Msg& record, SymbolId symbol, Second second, Date date);
  void acquire_ring(ContractState& contract);

  // --- the clock and what it makes final (engine_clock.cc)
  void advance(Second to);
  void step(Second to);
  void set_clock(Second to);
  void enter_early_seconds(Second until);
  void settle(Second second);
  void close_date(TickerState& ticker);
  void close_dates();
  void finish();
  [[nodiscard]] std::int64_t open_volume(const ContractState& contract, Second from,
                                         Second until) const override;

  const market::Universe& universe;
  Shared shared;
  std::vector<Symbol> symbols{Symbol{}};  // by SymbolId
  std::unordered_map<std::string, SymbolId> symbol_ids;
  std::string lookup;  // scratch of intern()
  std::deque<ContractState> contracts;
  std::vector<std::unique_ptr<TickerState>> tickers;  // by TickerId
  std::map<std::string, TickerId, std::less<>> ticker_ids;

  std::optional<Second> clock;
  Second final_to = kNever;  // seconds up to here are final; clock − 61
  // Arrivals with ts_recv − recv_begin < recv_length are in the clock's second.
  Nanos recv_begin = 0;
  Nanos recv_length = 0;
  Second newest_event = kNever;
  // Contracts with an open second s, at s % 128.
  std::array<std::vector<ContractState*>, kRingSeconds> wheel;
  std::size_t wheel_room = 0;  // that every place of the wheel has
  // Seconds that begin after the clock's next one, or before there is a clock: only a record that
  // does not move the clock can bring one.
  std::map<std::pair<Second, SymbolId>, SecondData> early;
  std::vector<std::vector<SecondData>> spare_rings;
  Second next_close = std::numeric_limits<Second>::max();  // of any open trade date

  struct Source {
    bool begun = false;  // nothing is left to do at its first record
    bool covers = true;
    bool ended = false;
    Coverage::Handle coverage = 0;
  };
  std::vector<Source> sources;
  std::uint64_t records = 0;
  std::uint64_t accepted = 0;
  bool finished = false;
};

inline bool Engine::State::take_shortcut(const dbn::Mbp1Msg& record, ContractState& contract,
                                         Nanos begin, Nanos length) {
  const Nanos event = record.header.ts_event;
  const Nanos offset = event - contract.current_begin;
  const bool usual = record.ts_recv - begin < length && offset < contract.current_length &&
                     static_cast<std::int64_t>(event - record.ts_recv) <=
                         static_cast<std::int64_t>(kNanosPerSecond) &&
                     record.action == dbn::kActionTrade && record.price != kUndefPrice &&
                     record.size - 1 < dbn::kUndefOrderSize - 1;
  if (!usual) return false;
  add_trade(*contract.current, contract.tick, record, static_cast<std::uint32_t>(offset),
            contract.big_threshold);
  return true;
}

}  // namespace fm::candles
