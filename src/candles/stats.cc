#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>

#include "candles/engine_state.h"

namespace fm::candles {

std::string_view name(Reason reason) {
  static constexpr std::array<std::string_view, kReasonCount> kNames{
      "malformed",    "not_trade", "no_price", "zero_size",   "unmapped",
      "not_outright", "no_time",   "future",   "off_session", "late"};
  return kNames[static_cast<std::size_t>(reason)];
}

Stats Engine::stats() const {
  Stats stats;
  stats.records = state_->records;
  stats.accepted = state_->accepted;
  stats.rejected = state_->shared.rejects.totals();
  for (const auto& [root, id] : state_->ticker_ids) {
    const TickerState& ticker = *state_->tickers[id];
    TickerStats& totals = stats.tickers.emplace_back();
    totals.ticker = root;
    totals.off_session = ticker.off_session;
    totals.accepted = ticker.rows.accepted();
    totals.volume = ticker.rows.volume();
    totals.rows = ticker.rows.row_count();
    totals.switches = ticker.switches;
    if (totals.accepted > 0) totals.cvd_close = ticker.rows.cvd();
    for (const auto& [from, symbol] : ticker.stints) {
      totals.stints.emplace_back(from, state_->shared.symbols[symbol]);
    }
    stats.rows += totals.rows;
  }
  return stats;
}

std::string to_json(const Stats& stats) {
  std::string json = "{\n \"rejected\": {";
  const auto out = std::back_inserter(json);
  const char* separator = "\n";
  const auto count = [&](std::string_view name, std::uint64_t value) {
    if (value == 0) return;
    fmt::format_to(out, "{}  \"{}\": {}", separator, name, value);
    separator = ",\n";
  };
  std::map<std::string_view, std::uint64_t> rejected;  // by name, like all that follows
  for (std::size_t reason = 0; reason < kReasonCount; ++reason) {
    rejected[name(static_cast<Reason>(reason))] = stats.rejected[reason];
  }
  for (const auto& [reason, value] : rejected) count(reason, value);
  json += "\n },\n \"stats\": {";
  separator = "\n";
  count("accepted", stats.accepted);
  count("records", stats.records);
  count("rows", stats.rows);
  for (const TickerStats& ticker : stats.tickers) {
    count("switches:" + ticker.ticker, ticker.switches);
  }
  json += "\n },\n \"stints\": {";
  separator = "\n";
  for (const TickerStats& ticker : stats.tickers) {
    if (ticker.stints.empty()) continue;
    fmt::format_to(out, "{}  \"{}\": [", separator, ticker.ticker);
    separator = ",\n";
    const char* comma = "";
    for (const auto& [from, symbol] : ticker.stints) {
      fmt::format_to(out, "{}[{}, \"{}\"]", comma, from, symbol);
      comma = ", ";
    }
    json += "]";
  }
  json += "\n }\n}\n";
  return json;
}

}  // namespace fm::candles
