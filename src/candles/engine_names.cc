#include "candles/engine_state.h"
#include "market/contract.h"

namespace fm::candles {

SymbolId Engine::State::intern(std::string_view text) {
  if (text.empty()) return kNoSymbol;
  lookup.assign(text);
  if (const auto known = symbol_ids.find(lookup); known != symbol_ids.end()) return known->second;
  const auto id = static_cast<SymbolId>(symbols.size());
  symbol_ids.emplace(lookup, id);
  shared.symbols.push_back(lookup);
  Symbol& symbol = symbols.emplace_back();
  if (market::is_outright(text)) symbol.ticker = &ticker_of(market::root_of(text));
  return id;
}

TickerState& Engine::State::ticker_of(std::string_view root) {
  if (const auto known = ticker_ids.find(root); known != ticker_ids.end()) {
    return *tickers[known->second];
  }
  const auto id = static_cast<TickerId>(tickers.size());
  ticker_ids.emplace(root, id);
  return *tickers.emplace_back(std::make_unique<TickerState>(root, id, universe, shared));
}

ContractState& Engine::State::contract_of(SymbolId id) {
  Symbol& symbol = symbols[id];
  if (symbol.contract != &no_contract()) return *symbol.contract;
  FM_ASSERT(symbol.ticker != nullptr);
  ContractState& contract = contracts.emplace_back();
  contract.ticker = symbol.ticker;
  contract.symbol = id;
  contract.index = static_cast<market::ContractIndex>(symbol.ticker->contracts.size());
  contract.big_threshold = symbol.ticker->big_threshold;
  symbol.ticker->contracts.push_back(&contract);
  symbol.ticker->rows.add_contract();
  // No second can have more contracts than there are: making room now spares the records the wait.
  if (contracts.size() > wheel_room) {
    wheel_room = 2 * contracts.size();
    for (auto& traded : wheel) traded.reserve(wheel_room);
  }
  symbol.contract = &contract;
  return contract;
}

}  // namespace fm::candles
