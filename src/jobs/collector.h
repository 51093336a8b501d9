// Takes the engine's rows: keeps them per ticker (and trade date) until somebody writes them.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "candles/engine.h"
#include "jobs/quarantine.h"
#include "jobs/run_store.h"

namespace fm::jobs {

// A session row that owns what it points to.
struct FinishedSession {
  candles::SessionRow row;
  std::vector<candles::ContractDay> contracts;
  std::vector<candles::SessionStint> stints;
};

// Where the engine's sources came from, for whoever looks into the quarantine.
class SourceNames {
 public:
  virtual ~SourceNames() = default;
  [[nodiscard]] virtual std::string_view path_of(candles::SourceId source) const = 0;
  [[nodiscard]] virtual bool is_text(candles::SourceId source) const = 0;
};

class Collector final : public candles::Output {
 public:
  enum class Grouping { kByTicker, kByTickerAndDate };

  Collector(RunStore& store, Quarantine& quarantine, Grouping grouping)
      : store_(store), quarantine_(&quarantine), grouping_(grouping) {}
  // What is left out from here on goes there.
  void set_quarantine(Quarantine& quarantine) { quarantine_ = &quarantine; }
  // Before anything is fed.
  void bind(const candles::Engine& engine, const SourceNames& sources) {
    engine_ = &engine;
    sources_ = &sources;
  }

  void candles(std::span<const candles::CandleRow> rows) override;
  void seconds(std::span<const candles::SecondRow> rows) override;
  void session(const candles::SessionRow& row) override;
  void rejected(const candles::Rejection& rejection) override;

  // The first thing that went wrong; the engine cannot be told.
  [[nodiscard]] const Status& status() const { return status_; }
  [[nodiscard]] std::uint64_t rows() const { return rows_; }

  // Candles of a ticker (of one trade date when grouped so); nothing when there are none.
  [[nodiscard]] std::optional<RunStore::RunId> candle_run(candles::TickerId ticker,
                                                          Date date) const;
  // Seconds of a ticker and trade date, one run per contract in the order of symbol texts.
  [[nodiscard]] std::vector<RunStore::RunId> second_runs(candles::TickerId ticker, Date date) const;
  void drop(candles::TickerId ticker, Date date);
  // Tickers and trade dates that have rows here; grouped by ticker and date.
  [[nodiscard]] std::set<std::pair<candles::TickerId, Date>> pending() const;

  // Trades outside their root's trading hours, by root and UTC date of the event: they belong to no
  // trade date.
  struct RootDate {
    std::string root;
    Date date;
    friend auto operator<=>(const RootDate&, const RootDate&) = default;
  };
  [[nodiscard]] const std::map<RootDate, std::uint64_t>& off_session() const {
    return off_session_;
  }

  // Sessions that ended since the last call.
  [[nodiscard]] std::vector<FinishedSession> take_sessions() {
    return std::exchange(sessions_, {});
  }

 private:
  struct CandleKey {
    candles::TickerId ticker;
    Date date;
    friend auto operator<=>(const CandleKey&, const CandleKey&) = default;
  };
  struct SecondKey {
    candles::TickerId ticker;
    Date date;
    candles::SymbolId symbol;
    friend auto operator<=>(const SecondKey&, const SecondKey&) = default;
  };
  template <class Key, class Row, class KeyOf>
  void keep(std::map<Key, RunStore::RunId>& runs, std::span<const Row> rows, KeyOf key_of);
  [[nodiscard]] Date group_date(Date date) const {
    return grouping_ == Grouping::kByTicker ? Date{} : date;
  }

  RunStore& store_;
  Quarantine* quarantine_;
  Grouping grouping_;
  const candles::Engine* engine_ = nullptr;
  const SourceNames* sources_ = nullptr;
  std::map<CandleKey, RunStore::RunId> candle_runs_;
  std::map<SecondKey, RunStore::RunId> second_runs_;
  std::map<RootDate, std::uint64_t> off_session_;
  std::vector<FinishedSession> sessions_;
  std::uint64_t rows_ = 0;
  Status status_;
};

}  // namespace fm::jobs
