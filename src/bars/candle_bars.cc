#include "bars/candle_bars.h"

#include <simdjson.h>

#include <algorithm>
#include <cmath>

#include "bars/bar.h"
#include "base/assert.h"
#include "candles/derive.h"
#include "table/catalogue.h"

namespace fm::bars {
namespace {

using candles::CandleRow;

// Columns of candles_1s, read by name.
struct SecondColumns {
  explicit SecondColumns(const table::RowBatch& rows) : batch(&rows) {}
  [[nodiscard]] std::int64_t int64(std::string_view name, std::size_t row) const {
    return batch->int64s(batch->table().column_index(name))[row];
  }
  [[nodiscard]] double number(std::string_view name, std::size_t row) const {
    return batch->doubles(batch->table().column_index(name))[row];
  }
  const table::RowBatch* batch;
};

CandleRow second_of_row(const SecondColumns& in, std::size_t row, std::int64_t offset) {
  CandleRow out{};
  out.sum_price_volume = static_cast<Int128>(
      std::nearbyint(in.number("sum_price_volume", row) * static_cast<double>(kPriceScale)));
  out.time = in.int64("time", row) / kMicrosPerSecond;
  out.seconds_traded = 1;
  out.open = price_of(in.number("open", row));
  out.high = price_of(in.number("high", row));
  out.low = price_of(in.number("low", row));
  out.close = price_of(in.number("close", row));
  out.volume = in.int64("volume", row);
  out.ask_volume = in.int64("ask_volume", row);
  out.bid_volume = in.int64("bid_volume", row);
  out.unknown_volume = in.int64("unknown_volume", row);
  out.cvd_open = in.int64("delta_open", row) + offset;
  out.cvd_high = in.int64("delta_high", row) + offset;
  out.cvd_low = in.int64("delta_low", row) + offset;
  out.cvd_close = in.int64("delta_close", row) + offset;
  out.trades = in.int64("trades", row);
  out.max_trade_size = in.int64("max_trade_size", row);
  out.big_trades = in.int64("big_trades", row);
  out.big_volume = in.int64("big_volume", row);
  out.sum_bid_depth = in.int64("sum_bid_depth", row);
  out.sum_ask_depth = in.int64("sum_ask_depth", row);
  return out;
}

void add(CandleRow& bar, const CandleRow& second) {
  bar.sum_price_volume += second.sum_price_volume;
  bar.seconds_traded += second.seconds_traded;
  bar.high = std::max(bar.high, second.high);
  bar.low = std::min(bar.low, second.low);
  bar.close = second.close;
  bar.volume += second.volume;
  bar.ask_volume += second.ask_volume;
  bar.bid_volume += second.bid_volume;
  bar.unknown_volume += second.unknown_volume;
  bar.cvd_high = std::max(bar.cvd_high, second.cvd_high);
  bar.cvd_low = std::min(bar.cvd_low, second.cvd_low);
  bar.cvd_close = second.cvd_close;
  bar.trades += second.trades;
  bar.max_trade_size = std::max(bar.max_trade_size, second.max_trade_size);
  bar.big_trades += second.big_trades;
  bar.big_volume += second.big_volume;
  bar.sum_bid_depth += second.sum_bid_depth;
  bar.sum_ask_depth += second.sum_ask_depth;
}

void append_optional(table::RowAppender& to, const std::optional<double>& value) {
  if (value)
    to.number(*value);
  else
    to.null();
}

}  // namespace

Result<std::vector<Stint>> decode_stints(std::string_view json) {
  simdjson::dom::parser parser;
  simdjson::dom::array array;
  const auto broken = [&] {
    return fail(Code::kCorrupt, "stints: found {}, expected [[second, \"contract\", offset], …]",
                json);
  };
  if (parser.parse(simdjson::padded_string(json)).get(array) != simdjson::SUCCESS) return broken();
  std::vector<Stint> stints;
  for (const auto element : array) {
    simdjson::dom::array parts;
    Stint stint;
    std::string_view symbol;
    if (element.get(parts) != simdjson::SUCCESS || parts.size() != 3 ||
        parts.at(0).get(stint.from) != simdjson::SUCCESS ||
        parts.at(1).get(symbol) != simdjson::SUCCESS ||
        parts.at(2).get(stint.cvd_offset) != simdjson::SUCCESS)
      return broken();
    stint.symbol = symbol;
    if (!stints.empty() && stint.from <= stints.back().from) return broken();
    stints.push_back(std::move(stint));
  }
  return stints;
}

Result<std::vector<FrontSecond>> front_seconds(table::RowStream& rows,
                                               const std::vector<Stint>& stints) {
  std::vector<FrontSecond> seconds;
  table::RowBatch batch(rows.table());
  const std::size_t symbol = rows.table().column_index("symbol");
  for (;;) {
    FM_ASSIGN(const bool more, rows.next(batch));
    if (!more) break;
    const SecondColumns in(batch);
    for (std::size_t row = 0; row < batch.size(); ++row) {
      const Second time = in.int64("time", row) / kMicrosPerSecond;
      const auto next = std::ranges::upper_bound(stints, time, {}, &Stint::from);
      if (stints.empty()) continue;
      const std::size_t stint =
          next == stints.begin() ? 0 : static_cast<std::size_t>(next - stints.begin()) - 1;
      if (batch.text(symbol, row) != stints[stint].symbol) continue;
      seconds.push_back({second_of_row(in, row, stints[stint].cvd_offset), stint});
    }
  }
  std::ranges::sort(seconds, {}, [](const FrontSecond& second) { return second.row.time; });
  return seconds;
}

std::vector<CandleBar> candle_bars(const std::vector<FrontSecond>& seconds, Second bar_seconds,
                                   Second open) {
  std::vector<CandleBar> bars;
  std::size_t stint = 0;
  for (const FrontSecond& second : seconds) {
    const Second start = bar_seconds == 0 ? open : second.row.time - second.row.time % bar_seconds;
    if (bars.empty() || bars.back().row.time != start) {
      bars.push_back({second.row, second.stint, 0});
      bars.back().row.time = start;
    } else {
      CandleBar& bar = bars.back();
      add(bar.row, second.row);
      bar.switches += second.stint != stint ? 1 : 0;
      bar.stint = second.stint;
    }
    stint = second.stint;
  }
  return bars;
}

void append_candle_bar(const CandleBar& bar, const std::vector<Stint>& stints,
                       std::string_view ticker, Date trade_date, table::RowBatch& batch) {
  const CandleRow& row = bar.row;
  const candles::Derived derived = candles::derive(row);
  table::RowAppender to(batch);
  to.timestamp(row.time * kMicrosPerSecond).text(ticker).date(trade_date);
  to.text(stints[bar.stint].symbol);
  to.number(derived.open).number(derived.high).number(derived.low).number(derived.close);
  to.int64(row.volume).int64(row.ask_volume).int64(row.bid_volume).int64(row.unknown_volume);
  to.int64(row.cvd_open).int64(row.cvd_high).int64(row.cvd_low).int64(row.cvd_close);
  to.int64(row.vd());
  append_optional(to, derived.vd_ratio);
  append_optional(to, derived.book_imbalance);
  append_optional(to, derived.price_change_bps);
  to.int8(static_cast<std::int8_t>(derived.divergence));
  append_optional(to, derived.vwap);
  to.int64(row.trades).int64(row.max_trade_size).int64(row.big_trades).int64(row.big_volume);
  to.int64(row.sum_bid_depth).int64(row.sum_ask_depth).number(derived.sum_price_volume);
  to.int32(row.seconds_traded).int32(bar.switches).end();
}

}  // namespace fm::bars
