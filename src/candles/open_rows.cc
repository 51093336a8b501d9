// The rows of open seconds: each ticker's rows go on, in a copy, as if its open seconds were final.
#include "candles/open_rows.h"

#include <algorithm>

#include "candles/engine_state.h"
#include "candles/row_buffer.h"
#include "candles/ticker_rows.h"

namespace fm::candles {

struct OpenRows::State final : Output {
  void candles(std::span<const CandleRow> more) override {
    candle_rows.insert(candle_rows.end(), more.begin(), more.end());
  }
  void seconds(std::span<const SecondRow> more) override {
    second_rows.insert(second_rows.end(), more.begin(), more.end());
  }
  void session(const SessionRow& row) override {
    session_rows.push_back(row);
    contract_days.insert(contract_days.end(), row.contracts.begin(), row.contracts.end());
    stints.insert(stints.end(), row.stints.begin(), row.stints.end());
  }
  void rejected(const Rejection&) override {}

  void clear();
  void look_ahead(const TickerState& ticker, Second first, Second last, Second covered_until);
  // Points the accounts to what they hold, which moved while it grew.
  void attach_spans();

  std::vector<CandleRow> candle_rows;
  std::vector<SecondRow> second_rows;
  std::vector<SessionRow> session_rows;
  std::vector<ContractDay> contract_days;  // of all sessions, one after the other
  std::vector<SessionStint> stints;
  RowBuffer buffer{*this};
  std::optional<TickerRows> rows;            // the copy that goes on
  std::vector<const ContractState*> traded;  // that may have open seconds, by symbol
};

OpenRows::OpenRows() : state_(std::make_unique<State>()) {}
OpenRows::~OpenRows() = default;
OpenRows::OpenRows(OpenRows&&) noexcept = default;
OpenRows& OpenRows::operator=(OpenRows&&) noexcept = default;

std::span<const CandleRow> OpenRows::candles() const { return state_->candle_rows; }
std::span<const SecondRow> OpenRows::seconds() const { return state_->second_rows; }
std::span<const SessionRow> OpenRows::sessions() const { return state_->session_rows; }

void OpenRows::State::clear() {
  candle_rows.clear();
  second_rows.clear();
  session_rows.clear();
  contract_days.clear();
  stints.clear();
}

void OpenRows::State::look_ahead(const TickerState& ticker, Second first, Second last,
                                 Second covered_until) {
  traded.clear();
  for (const ContractState* contract : ticker.contracts) {
    if (contract->newest_second >= first && !contract->ring.empty()) traded.push_back(contract);
  }
  if (traded.empty() && !ticker.rows.open_date()) return;
  std::sort(traded.begin(), traded.end(),
            [](const ContractState* a, const ContractState* b) { return a->symbol < b->symbol; });
  if (!rows) rows.emplace(ticker.rows);
  rows->continue_from(ticker.rows, buffer);
  for (Second second = first; second <= last && !traded.empty(); ++second) {
    for (const ContractState* contract : traded) {
      const SecondData* data = contract->find(second);
      if (data == nullptr) continue;
      if (rows->last_second() != second) {
        if (rows->open_date() && rows->open_date() != data->trade_date) {
          rows->close_date(ticker.contracts, covered_until);
        }
        rows->begin_second(second, data->trade_date);
      }
      rows->settle(*contract, *data);
    }
    if (rows->last_second() == second) rows->end_second();
  }
  if (rows->open_date()) rows->close_date(ticker.contracts, covered_until);
  buffer.flush();
}

void OpenRows::State::attach_spans() {
  const ContractDay* days = contract_days.data();
  const SessionStint* stint = stints.data();
  for (SessionRow& row : session_rows) {
    row.contracts = {days, row.contracts.size()};
    row.stints = {stint, row.stints.size()};
    days += row.contracts.size();
    stint += row.stints.size();
  }
}

void Engine::provisional(OpenRows& open) const {
  const State& engine = *state_;
  OpenRows::State& rows = *open.state_;
  rows.clear();
  if (!engine.clock) return;
  const Second last = *engine.clock + 1;
  const bool last_traded = !engine.wheel[static_cast<std::size_t>(last) % kRingSeconds].empty();
  for (const auto& ticker : engine.tickers) {
    rows.look_ahead(*ticker, engine.final_to + 1, last, last_traded ? last + 1 : last);
  }
  rows.attach_spans();
}

}  // namespace fm::candles
