#include "jobs/collector.h"

#include <algorithm>
#include <limits>

#include "market/contract.h"

namespace fm::jobs {

template <class Key, class Row, class KeyOf>
void Collector::keep(std::map<Key, RunStore::RunId>& runs, std::span<const Row> rows,
                     KeyOf key_of) {
  while (!rows.empty() && status_) {
    const Key key = key_of(rows.front());
    std::size_t same = 1;
    while (same < rows.size() && key_of(rows[same]) == key) ++same;
    auto at = runs.find(key);
    if (at == runs.end()) at = runs.emplace(key, store_.begin_run(sizeof(Row))).first;
    status_ = store_.append(at->second, std::as_bytes(rows.first(same)));
    rows = rows.subspan(same);
  }
}

void Collector::candles(std::span<const candles::CandleRow> rows) {
  rows_ += rows.size();
  keep(candle_runs_, rows, [this](const candles::CandleRow& row) {
    return CandleKey{row.ticker, group_date(row.trade_date)};
  });
}

void Collector::seconds(std::span<const candles::SecondRow> rows) {
  keep(second_runs_, rows, [](const candles::SecondRow& row) {
    return SecondKey{row.ticker, row.trade_date, row.symbol};
  });
}

void Collector::session(const candles::SessionRow& row) {
  if (grouping_ == Grouping::kByTicker) return;
  FinishedSession session{
      row, {row.contracts.begin(), row.contracts.end()}, {row.stints.begin(), row.stints.end()}};
  session.row.contracts = {};
  session.row.stints = {};
  sessions_.push_back(std::move(session));
}

void Collector::rejected(const candles::Rejection& rejection) {
  quarantine_->add(rejection, sources_->path_of(rejection.source),
                   sources_->is_text(rejection.source), engine_->symbol(rejection.symbol));
  if (status_ && !quarantine_->status()) status_ = quarantine_->status();
  if (rejection.reason == candles::Reason::kOffSession) {
    const auto root = market::root_of(engine_->symbol(rejection.symbol));
    ++off_session_[{std::string(root),
                    Date::of_second(second_of(rejection.record->header.ts_event))}];
  }
}

std::optional<RunStore::RunId> Collector::candle_run(candles::TickerId ticker, Date date) const {
  const auto at = candle_runs_.find({ticker, group_date(date)});
  if (at == candle_runs_.end()) return std::nullopt;
  return at->second;
}

std::vector<RunStore::RunId> Collector::second_runs(candles::TickerId ticker, Date date) const {
  std::vector<std::pair<std::string_view, RunStore::RunId>> runs;
  const auto end =
      second_runs_.upper_bound({ticker, date, std::numeric_limits<candles::SymbolId>::max()});
  for (auto at = second_runs_.lower_bound({ticker, date, 0}); at != end; ++at)
    runs.emplace_back(engine_->symbol(at->first.symbol), at->second);
  std::ranges::sort(runs);
  std::vector<RunStore::RunId> ids;
  ids.reserve(runs.size());
  for (const auto& [symbol, id] : runs) ids.push_back(id);
  return ids;
}

std::set<std::pair<candles::TickerId, Date>> Collector::pending() const {
  std::set<std::pair<candles::TickerId, Date>> found;
  for (const auto& [key, run] : candle_runs_) found.emplace(key.ticker, key.date);
  for (const auto& [key, run] : second_runs_) found.emplace(key.ticker, key.date);
  return found;
}

void Collector::drop(candles::TickerId ticker, Date date) {
  if (const auto at = candle_runs_.find({ticker, group_date(date)}); at != candle_runs_.end()) {
    store_.drop(at->second);
    candle_runs_.erase(at);
  }
  const auto end =
      second_runs_.upper_bound({ticker, date, std::numeric_limits<candles::SymbolId>::max()});
  for (auto at = second_runs_.lower_bound({ticker, date, 0}); at != end;) {
    store_.drop(at->second);
    at = second_runs_.erase(at);
  }
}

}  // namespace fm::jobs
