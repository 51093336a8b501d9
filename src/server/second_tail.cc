#include "server/second_tail.h"

#include <algorithm>
#include <vector>

#include "jobs/candle_rows.h"
#include "table/catalogue.h"

namespace fm::server {

void SecondTail::take(std::span<const candles::SecondRow> rows, const candles::Engine& names) {
  const std::lock_guard lock(mutex_);
  for (const candles::SecondRow& row : rows) {
    first_ = std::min(first_.value_or(row.time), row.time);
    const std::string_view root = names.ticker(row.ticker);
    auto found = roots_.find(root);
    if (found == roots_.end()) {
      if (roots_.size() >= kTailRootsMax) continue;
      found = roots_.try_emplace(std::string(root)).first;
      found->second.complete_from = *first_;
    }
    auto& [kept, complete_from] = found->second;
    kept.insert_or_assign({row.time, std::string(names.symbol(row.symbol))}, row);
    const Second oldest = kept.rbegin()->first.first - kTailSeconds;
    while (kept.begin()->first.first <= oldest) {
      complete_from = std::max(complete_from, kept.begin()->first.first + 1);
      kept.erase(kept.begin());
    }
  }
}

std::optional<SecondTail::Seconds> SecondTail::of(std::string_view root) const {
  std::vector<candles::SecondRow> rows;
  std::vector<std::string> symbols;
  Seconds seconds;
  {
    const std::lock_guard lock(mutex_);
    const auto found = roots_.find(root);
    if (found == roots_.end()) return std::nullopt;
    rows.reserve(found->second.rows.size());
    for (const auto& [key, row] : found->second.rows) {
      const auto known = std::ranges::find(symbols, key.second);
      rows.push_back(row);
      rows.back().ticker = 0;
      rows.back().symbol = static_cast<candles::SymbolId>(known - symbols.begin());
      if (known == symbols.end()) symbols.push_back(key.second);
    }
    seconds.complete_from = found->second.complete_from;
  }
  const std::string tickers[] = {std::string(root)};
  auto batch = std::make_shared<table::RowBatch>(table::candles_1s(), rows.size());
  jobs::append_rows(*batch, rows, jobs::RowNames{.tickers = tickers, .symbols = symbols});
  seconds.rows = std::move(batch);
  return seconds;
}

}  // namespace fm::server
