// Hours and trade dates of the polled minutes, made in BigQuery as bars/live.h makes them in the
// lake. GoogleSQL.
//
// Which trade date an hour of the UTC day counts for follows from the exchange's calendar, which
// SQL has not. A rule says it as a clock in Chicago, right across daylight saving, and lists the
// hours for which the calendar says otherwise: holidays, early closes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/time.h"
#include "google/bigquery.h"
#include "table/catalogue.h"

namespace fm::google {

// [from, before) in hours since 1970, UTC.
struct HourSpan {
  std::int64_t from = 0;
  std::int64_t before = 0;
  Date trade_date;
  friend bool operator==(const HourSpan&, const HourSpan&) = default;
};
struct SessionOpen {
  Date trade_date;
  Second open = 0;
  friend bool operator==(const SessionOpen&, const SessionOpen&) = default;
};

struct TradeDateRule {
  std::vector<std::string> roots = {};  // empty: all that no other rule names
  // An hour counts for Chicago's date so many hours later; a Saturday's or Sunday's for Monday.
  int shift_hours = 0;
  // The session opens so many minutes after Chicago's midnight that begins the trade date.
  int open_minutes = 0;
  // And where not.
  std::vector<HourSpan> spans = {};
  std::vector<SessionOpen> opens = {};
};

// Dates as constant expressions: "DATE '2025-06-16'", "DATE_SUB(@run_date, INTERVAL 2 DAY)". A
// query whose partitions they name reads no others.
struct RollupRange {
  std::string from, before;                  // trade dates that are made
  std::string minutes_from, minutes_before;  // UTC dates of the minutes that they are made from
};
// With whole dates; minutes from `lead_days` before the first trade date to the day behind the
// last.
[[nodiscard]] RollupRange rollup_range(Date from, Date before, int lead_days);
// Of a scheduled query: the trade dates since `days` before the day on which it runs.
[[nodiscard]] RollupRange scheduled_range(int days, int lead_days);

// Makes the rows of futures_ohlcv_1h_live or futures_ohlcv_1d_live within the range those that
// follow from the minutes, in one atomic step; rows that are right already are not written. The
// last rule has no roots.
[[nodiscard]] std::string rollup_statement(const table::Table& table, const TableName& target,
                                           const TableName& minutes,
                                           const std::vector<TradeDateRule>& rules,
                                           const RollupRange& range);

// Partitions of a table with the time of their last change: "20250616", microseconds.
[[nodiscard]] std::string partitions_statement(const TableName& table);

}  // namespace fm::google
