#include "jobs/load_symbols.h"

#include <algorithm>
#include <map>
#include <numeric>

#include "jobs/report.h"
#include "market/contract.h"

namespace fm::jobs {
namespace {

void classify(LoadSymbol& symbol) {
  switch (market::classify(symbol.text)) {
    case market::SymbolKind::kOutright:
      symbol.is_future = true;
      symbol.root = market::root_of(symbol.text);
      return;
    case market::SymbolKind::kSpread:
      symbol.is_future = true;
      symbol.is_spread = true;
      symbol.root = root_of_spread(symbol.text);
      return;
    case market::SymbolKind::kOption:
    case market::SymbolKind::kUserDefined:
    case market::SymbolKind::kOther:
      return;
  }
}

}  // namespace

std::optional<std::uint32_t> LoadSymbols::intern(std::string_view text) {
  if (const auto known = numbers_.find(text); known != numbers_.end()) return known->second;
  if (all_.size() >= kLoadSymbolsMax) return std::nullopt;
  LoadSymbol& symbol = all_.emplace_back();
  symbol.text = text;
  classify(symbol);
  const auto number = static_cast<std::uint32_t>(all_.size() - 1);
  numbers_.emplace(symbol.text, number);
  return number;
}

std::vector<LoadSymbols::Rank> LoadSymbols::ranks() const {
  std::vector<std::uint32_t> order(all_.size());
  std::iota(order.begin(), order.end(), 0U);
  std::ranges::sort(order, {}, [&](std::uint32_t i) { return std::string_view(all_[i].text); });
  std::map<std::string_view, std::uint32_t> roots;
  for (const LoadSymbol& symbol : all_) roots.emplace(symbol.root, 0);
  std::uint32_t next = 0;
  for (auto& [root, rank] : roots) rank = next++;
  std::vector<Rank> ranks(all_.size());
  for (std::uint32_t place = 0; place < order.size(); ++place)
    ranks[order[place]] = {place, roots.at(all_[order[place]].root)};
  return ranks;
}

}  // namespace fm::jobs
