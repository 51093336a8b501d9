// Continuous series of a root: what each is on each date, and their rows.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bars/bar_rows.h"
#include "bars/roll.h"
#include "base/error.h"
#include "market/session.h"

namespace fm::bars {

// One date of a series on which its contract traded.
struct SeriesDay {
  std::size_t date = 0;  // place in history.dates
  ContractNumber contract = 0;
  std::size_t stretch = 0;
  bool roll = false;  // the day before it was another contract's
};

struct Series {
  RollRule rule;
  std::vector<Stretch> stretches;
  std::vector<SeriesDay> days;
  std::vector<std::optional<Price>> differences;  // of each stretch
  std::vector<std::optional<Factor>> ratios;
  std::size_t dates_without_choice = 0;
  std::size_t dates_without_bar = 0;  // the chosen contract did not trade
};

// Errors: those of choose_contracts().
[[nodiscard]] Result<Series> make_series(const ContractHistory& history, const RollRule& rule,
                                         const TradeDates& dates,
                                         const OpenInterestKnown& open_interest);

// Prices of one stretch of a series, adjusted in one of the three ways.
class Adjuster {
 public:
  // Nothing where the stretch has no prices of this adjustment.
  [[nodiscard]] static std::optional<Adjuster> of(const Series& series, std::size_t stretch,
                                                  Adjustment adjustment);
  [[nodiscard]] Price operator()(Price price) const;
  // The column back_adj.
  [[nodiscard]] double back_adj() const;

 private:
  Adjustment adjustment_ = Adjustment::kNone;
  Price difference_ = 0;
  Factor ratio_ = kFactorOne;
};

// Rows of market_data.databento_futures_continuous_1d, of dates in `dates`.
[[nodiscard]] RowList continuous_days(const ContractHistory& history,
                                      const std::vector<Series>& series, DateRange dates);
// Rows of market_data.roll_calendar. The series of the rules `volume` and `open_interest` say when
// those would roll; they may be absent.
[[nodiscard]] RowList roll_rows(const ContractHistory& history, const std::vector<Series>& series,
                                const Series* by_volume, const Series* by_open_interest,
                                DateRange dates);

// Hours or minutes of a root, in the order of time, as rows of databento_futures_continuous_1h or
// _1m. The rows need the columns bar_columns(); their trade dates are the calendar's.
class ContinuousBars final : public table::RowStream {
 public:
  ContinuousBars(const table::Table& table, std::unique_ptr<table::RowStream> rows,
                 const ContractHistory& history, const std::vector<Series>& series,
                 const market::Calendar& calendar, DateRange dates);
  [[nodiscard]] const table::Table& table() const override { return *table_; }
  [[nodiscard]] Result<bool> next(table::RowBatch& batch) override;

 private:
  // One of the series in one adjustment.
  struct Output {
    const Series* series;
    Adjustment adjustment;
    std::string id;
    std::string method;
    std::size_t day = 0;                    // place in series->days: that of the date
    std::optional<Adjuster> adjuster = {};  // nothing: no row on this date
    std::string_view symbol = {};           // of the date's contract
    bool is_first = true;                   // of the date
  };
  // Bars of one moment, told apart by the outputs that they belong to.
  struct Pending {
    std::size_t output;
    Price open, high, low, close;
    std::int64_t volume;
  };
  [[nodiscard]] Result<bool> take_moment();
  void begin_date(Date date);
  void append(const Pending& pending, table::RowBatch& batch);

  const table::Table* table_;
  std::unique_ptr<table::RowStream> rows_;
  const ContractHistory* history_;
  TradeDates calendar_;
  DateRange range_;
  std::vector<Output> outputs_;  // by id
  std::optional<Date> date_;
  table::RowBatch in_;
  std::size_t row_ = 0;
  std::int64_t moment_us_ = 0;
  std::vector<Pending> pending_;  // by output
  std::size_t given_ = 0;
};

}  // namespace fm::bars
