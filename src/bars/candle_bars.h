// Plain bars of a ticker's front month out of its seconds: market_data.candle_bars_1m, _5m, _15m,
// _1h and _1d. No window overlaps another, and nothing has to warm up.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "bars/history.h"
#include "bars/live.h"
#include "base/error.h"
#include "candles/types.h"
#include "lake/lake.h"
#include "market/session.h"
#include "table/row_batch.h"
#include "table/row_stream.h"

namespace fm::bars {

// From `from` on, `symbol` is the front month, and the ticker's CVD is the contract's delta +
// `cvd_offset`. A trade date's first stint holds for all its earlier seconds, too.
struct Stint {
  Second from = 0;
  std::string symbol;
  std::int64_t cvd_offset = 0;
  friend bool operator==(const Stint&, const Stint&) = default;
};

// As market_data.candle_sessions has them: [[from, "symbol", offset], …]. Errors: kCorrupt.
[[nodiscard]] Result<std::vector<Stint>> decode_stints(std::string_view json);

// A second in which the front month traded; `stint` is a place in the list of stints. Its CVD is
// the ticker's.
struct FrontSecond {
  candles::CandleRow row{};
  std::size_t stint = 0;
};

// The front month's seconds of one ticker and trade date, in the order of time. `rows` are of
// market_data.candles_1s, of that ticker and date. Errors: the stream's.
[[nodiscard]] Result<std::vector<FrontSecond>> front_seconds(table::RowStream& rows,
                                                             const std::vector<Stint>& stints);

// `row.time` is the bar's first second; for a whole trade date, that of the session.
struct CandleBar {
  candles::CandleRow row{};
  std::size_t stint = 0;      // of its last traded second
  std::int32_t switches = 0;  // changes of contract between its traded seconds
};

// 0 seconds: the whole trade date, which opens at `open`. Bars are aligned to UTC, and only those
// with a trade are there.
[[nodiscard]] std::vector<CandleBar> candle_bars(const std::vector<FrontSecond>& seconds,
                                                 Second bar_seconds, Second open);

// Behind the batch's last row, which must have room.
void append_candle_bar(const CandleBar& bar, const std::vector<Stint>& stints,
                       std::string_view ticker, Date trade_date, table::RowBatch& batch);

struct CandleBarKind {
  const table::Table* table;
  Second seconds;  // 0: the trade date
};
[[nodiscard]] std::array<CandleBarKind, 5> candle_bar_kinds();

// A ticker and year: for each kind, the trade dates whose seconds, or whose account in
// candle_sessions, have changed. A trade date whose account is not stored yet is not over: it has
// no bars yet.
struct CandleBarPlan {
  std::string ticker;
  int year = 0;
  std::array<DatesPlan, 5> kinds;  // of candle_bar_kinds()
  [[nodiscard]] bool is_due() const;
};
// Those with something due. Errors: the lake's.
[[nodiscard]] Result<std::vector<CandleBarPlan>> plan_candle_bars(const lake::Lake& lake,
                                                                  const Selection& selection,
                                                                  const std::string& parameters);

struct MadeBars {
  std::uint64_t rows = 0;  // of the partitions that were made
  bool changed = false;
};
struct CandleBarReport {
  std::array<MadeBars, 5> kinds;  // of candle_bar_kinds()
};
// Reads the seconds of each trade date once.
[[nodiscard]] Result<CandleBarReport> make_candle_bars(lake::Lake& lake,
                                                       const market::Calendar& calendar,
                                                       const CandleBarPlan& plan);

}  // namespace fm::bars
