// Bars as rows of the catalogue's tables.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bars/statistics.h"
#include "bars/trade_days.h"
#include "bars/utc_days.h"
#include "market/universe.h"
#include "table/row_batch.h"
#include "table/row_stream.h"

namespace fm::bars {

// Rows that are added first and read afterwards. Held in memory.
class RowList {
 public:
  explicit RowList(const table::Table& table) : table_(&table) {}
  // A batch with room for at least one more row.
  [[nodiscard]] table::RowBatch& space();
  [[nodiscard]] std::size_t size() const;
  // The list must outlive the stream.
  [[nodiscard]] std::unique_ptr<table::RowStream> stream() const;

 private:
  const table::Table* table_;
  std::vector<table::RowBatch> batches_;
};

// Schemas of the bars that others are made from.
inline constexpr std::string_view kMinuteSource = "ohlcv-1m";
inline constexpr std::string_view kHourSource = "ohlcv-1h";
inline constexpr std::string_view kDaySource = "ohlcv-1d";

// market_data.bars_1h
void append_hour(const TradeDay& day, const HourBar& hour, std::string_view root,
                 table::RowBatch& batch);
// market_data.futures_ohlcv_1h_live
void append_live_hour(const TradeDay& day, const HourBar& hour, std::string_view root,
                      table::RowBatch& batch);
// market_data.futures_ohlcv_1d_live
void append_live_day(const DayBar& day, Second open, std::string_view root, table::RowBatch& batch);

struct DayRow {
  DayBar day;
  std::string source;
  bool basis_is_utc = false;
  bool merged_sunday = false;
};
// market_data.databento_futures_ohlcv_1d. `statistics` and `info` may be absent.
void append_day(const DayRow& row, std::string_view root, const DayStatistics* statistics,
                const market::Root* info, table::RowBatch& batch);

}  // namespace fm::bars
