// Shorter bars, in the order of time, as the hours of one trade date after the other.
//
//   RolledDays days(*rows, calendar, "ES", "ohlcv-1m", {first, end});
//   TradeDay day;
//   while (FM_TRY… days.next(day)) use(day.hours), use(days_of(day));
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bars/bar.h"
#include "bars/trade_dates.h"
#include "base/error.h"
#include "table/row_batch.h"
#include "table/row_stream.h"

namespace fm::bars {

// One symbol in one hour of the UTC day.
struct HourBar {
  Second hour = 0;  // its first second
  std::string symbol;
  Bar bar;
  friend bool operator==(const HourBar&, const HourBar&) = default;
};

struct TradeDay {
  Date date;
  std::string source;          // schema of the shortest bars: "ohlcv-1m"
  std::vector<HourBar> hours;  // by hour, then symbol
};

// [first, end)
struct DateRange {
  Date first;
  Date end;
  [[nodiscard]] bool contains(Date date) const { return first <= date && date < end; }
};

class TradeDayStream {
 public:
  virtual ~TradeDayStream() = default;
  // The next trade date that has bars; false at the end.
  [[nodiscard]] virtual Result<bool> next(TradeDay& day) = 0;
};

// The columns of a table of bars that a roll-up reads.
[[nodiscard]] std::vector<std::string_view> bar_columns();

// From rows with the columns of bar_columns(), in the order of ts_event: of one root, or (where the
// table is of all roots and `root` is read, too) of any. Bars of trade dates outside `dates` are
// left out.
class RolledDays final : public TradeDayStream {
 public:
  RolledDays(std::unique_ptr<table::RowStream> rows, const market::Calendar& calendar,
             std::string_view root, std::string source, DateRange dates);
  [[nodiscard]] Result<bool> next(TradeDay& day) override;

 private:
  // Numbers of symbols are places in `symbols_` and `open_`.
  struct Columns;
  [[nodiscard]] Result<bool> take(TradeDay& day);
  void number_symbols();
  void close_hour(TradeDay& day);

  std::unique_ptr<table::RowStream> rows_;
  TradeDates dates_;
  std::string root_;
  std::string source_;
  DateRange range_;
  bool filters_root_;

  table::RowBatch batch_;
  std::size_t row_ = 0;
  bool ended_ = false;
  std::vector<std::uint32_t> number_of_code_;  // of the batch's symbols

  std::map<std::string, std::uint32_t, std::less<>> number_of_symbol_;
  std::vector<std::string> symbols_;
  std::vector<Bar> open_;               // of the hour under way
  std::vector<std::uint32_t> touched_;  // those of `open_` that hold something
  Second hour_ = 0;
  Date hour_date_;
};

// Trade dates of `first`, and those of `second` that `first` does not have.
class PreferredDays final : public TradeDayStream {
 public:
  PreferredDays(std::unique_ptr<TradeDayStream> first, std::unique_ptr<TradeDayStream> second);
  [[nodiscard]] Result<bool> next(TradeDay& day) override;

 private:
  struct Head {
    std::unique_ptr<TradeDayStream> stream;
    std::optional<TradeDay> day = {};
    bool ended = false;
    [[nodiscard]] Status fill();
  };
  Head first_;
  Head second_;
};

struct DayBar {
  Date date;
  std::string symbol;
  Bar bar;
  friend bool operator==(const DayBar&, const DayBar&) = default;
};

// The bars of a trade date, by symbol.
[[nodiscard]] std::vector<DayBar> days_of(const TradeDay& day);

}  // namespace fm::bars
