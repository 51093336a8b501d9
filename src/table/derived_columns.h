// Columns and keys of the tables that are made from others: bars of hours and days, continuous
// series, the curve. They have no bookkeeping columns: the same inputs make the same bytes, in
// every lake and at any time; when they were made is in the manifest. Private to this room.
#pragma once

#include <array>
#include <string_view>

#include "table/column_kinds.h"

namespace fm::table {

// Shared with tables that are not made from others.
inline constexpr std::array<std::string_view, 2> kCandleKey{"ticker", "time"};
inline constexpr std::array<std::string_view, 2> kBarKey{"ts_event", "symbol"};
inline constexpr std::array<std::string_view, 2> kBarCluster{"root", "symbol"};

inline constexpr std::array kBars1h{
    time("ts_event", "start of the hour"),
    text("root", "root of the contract; of a spread, that of its first leg"),
    text("symbol", "contract or spread, as the exchange names it"),
    date("trade_date", "exchange trade date"),
    int64("instrument_id", "", "the vendor's number for the symbol at the end of the hour"),
    int64("publisher_id", "", "the vendor's number for the venue"),
    number("open", "price", "first price of the hour", kPriceDigits),
    number("high", "price", "highest price of the hour", kPriceDigits),
    number("low", "price", "lowest price of the hour", kPriceDigits),
    number("close", "price", "last price of the hour", kPriceDigits),
    int64("volume", "contracts", "traded in the hour"),
    number("vwap", "price",
           "sum of close x volume over the minutes / volume; null where the hour was not made from "
           "minutes",
           kPriceDigits, kNullable),
    int32("minutes", "count", "bars that it was made from"),
    flag("is_spread", "several legs: its prices are differences"),
    date("delivery", "first day of the delivery month, its decade resolved; null for spreads",
         kNullable),
    text("source", "schema of the bars that it was made from"),
};

inline constexpr std::array kDatabentoFuturesOhlcv1d{
    date("date", "exchange trade date; where basis is utc, the UTC date"),
    text("root", "root of the contract; of a spread, that of its first leg"),
    text("symbol", "contract or spread, as the exchange names it"),
    number("open", "price", "first price of the day", kPriceDigits),
    number("high", "price", "highest price of the day", kPriceDigits),
    number("low", "price", "lowest price of the day", kPriceDigits),
    number("close", "price", "last price of the day", kPriceDigits),
    number("settle", "price", "settlement of this trade date; null where none is loaded",
           kPriceDigits, kNullable),
    int64("volume", "contracts", "traded in the day, as the bars have it"),
    int64("cleared_volume", "contracts", "of this trade date, blocks included", kNullable),
    int64("open_interest", "contracts", "at the end of this trade date", kNullable),
    number("vwap", "price",
           "sum of close x volume over the minutes / volume; null where the day was not made from "
           "minutes",
           kPriceDigits, kNullable),
    flag("is_spread", "several legs: its prices are differences"),
    date("delivery", "first day of the delivery month, its decade resolved; null for spreads",
         kNullable),
    int64("instrument_id", "", "the vendor's number for the symbol at the end of the day"),
    int64("publisher_id", "", "the vendor's number for the venue"),
    text("basis", "trade_date, or utc where only bars of UTC days are loaded"),
    text("source", "schema of the bars that it was made from"),
    flag("merged_sunday", "basis utc: the bar of the weekend before it is part of this one"),
    int32("bars", "count", "bars that it was made from"),
    time("first_time", "start of the first of them"),
    time("last_time", "start of the last of them"),
    time("settle_time", "since when the settlement has been known", kNullable),
    time("open_interest_time", "since when the open interest has been known: the next day",
         kNullable),
    text("exchange", "of the root; null where the registry does not list it", kNullable),
    text("currency", "of the prices; null where the registry does not list it", kNullable),
};
inline constexpr std::array<std::string_view, 2> kDayBarKey{"date", "symbol"};
inline constexpr std::array<std::string_view, 3> kDayBarCluster{"root", "symbol", "is_spread"};

inline constexpr std::array kFuturesOhlcv1hLive{
    time("ts_hour", "start of the hour"),
    text("root", "root of the contract"),
    text("symbol", "contract"),
    int64("instrument_id", "", "the vendor's number for the contract at the end of the hour"),
    int64("publisher_id", "", "the vendor's number for the venue"),
    number("open", "price", "first price of the hour", kPriceDigits),
    number("high", "price", "highest price of the hour", kPriceDigits),
    number("low", "price", "lowest price of the hour", kPriceDigits),
    number("close", "price", "last price of the hour", kPriceDigits),
    int64("volume", "contracts", "traded in the hour"),
    date("trade_date", "exchange trade date"),
};
inline constexpr std::array<std::string_view, 2> kLiveHourKey{"ts_hour", "symbol"};

inline constexpr std::array kFuturesOhlcv1dLive{
    time("ts_day", "when the session of the trade date opens"),
    text("root", "root of the contract"),
    text("symbol", "contract"),
    int64("instrument_id", "", "the vendor's number for the contract at the end of the day"),
    int64("publisher_id", "", "the vendor's number for the venue"),
    number("open", "price", "first price of the trade date", kPriceDigits),
    number("high", "price", "highest price of the trade date", kPriceDigits),
    number("low", "price", "lowest price of the trade date", kPriceDigits),
    number("close", "price", "last price of the trade date so far", kPriceDigits),
    int64("volume", "contracts", "traded in the trade date so far"),
    date("trade_date", "exchange trade date"),
};
inline constexpr std::array<std::string_view, 2> kLiveDayKey{"ts_day", "symbol"};

// Plain bars, the same columns for every length.
inline constexpr std::array kCandleBars{
    time("time", "start of the bar; of days, of the trade date's session"),
    text("ticker", "root of the contract"),
    date("trade_date", "exchange trade date"),
    text("symbol", "front month in the bar's last traded second"),
    number("open", "price", "first price of the bar", kPriceDigits),
    number("high", "price", "highest price of the bar", kPriceDigits),
    number("low", "price", "lowest price of the bar", kPriceDigits),
    number("close", "price", "last price of the bar", kPriceDigits),
    int64("volume", "contracts", "traded in the bar"),
    int64("ask_volume", "contracts", "bought by the aggressor"),
    int64("bid_volume", "contracts", "sold by the aggressor"),
    int64("unknown_volume", "contracts", "traded with no known aggressor"),
    int64("cvd_open", "contracts", "cumulative volume delta before the bar's first trade"),
    int64("cvd_high", "contracts", "highest cumulative volume delta of the bar"),
    int64("cvd_low", "contracts", "lowest cumulative volume delta of the bar"),
    int64("cvd_close", "contracts", "cumulative volume delta after the bar's last trade"),
    int64("vd", "contracts", "ask_volume - bid_volume"),
    number("vd_ratio", "ratio", "vd / (ask_volume + bid_volume); null when that is 0", kRatioDigits,
           kNullable),
    number("book_imbalance", "ratio",
           "(sum_bid_depth - sum_ask_depth) / (sum_bid_depth + sum_ask_depth); null when that is 0",
           kRatioDigits, kNullable),
    number("price_change_bps", "basis points", "(close - open) / |open|; null when open is 0",
           kPriceDigits, kNullable),
    Column{.name = "divergence",
           .type = Type::kInt8,
           .unit = "",
           .description = "+1 price up against selling, -1 price down against buying, else 0"},
    number("vwap", "price", "sum_price_volume / volume", kPriceDigits, kNullable),
    int64("trades", "count", "trades in the bar"),
    int64("max_trade_size", "contracts", "largest trade of the bar"),
    int64("big_trades", "count", "trades of at least the root's large-trade threshold"),
    int64("big_volume", "contracts", "volume of those trades"),
    int64("sum_bid_depth", "contracts", "best bid's size, summed over the trades"),
    int64("sum_ask_depth", "contracts", "best ask's size, summed over the trades"),
    number("sum_price_volume", "price x contracts", "price times size, summed over the trades", 6),
    int32("seconds_traded", "seconds", "seconds of the bar with a trade"),
    int32("switches", "count", "changes of the front month between its traded seconds"),
};

inline constexpr std::array kRollCalendar{
    date("roll_date", "first trade date of the contract in the series"),
    text("root", "root of the contract"),
    text("method", "which rule chose it"),
    int32("rank", "", "0 is the front of the series, 1 the next, ..."),
    text("contract", "contract from that date on"),
    text("previous_contract", "contract before; null where the series begins", kNullable),
    date("first_notice_date",
         "of `contract`, by the registry's rule; null where no source gives one", kNullable),
    date("last_trade_date",
         "of `contract`: its definition's, else by the registry's rule; null where neither is",
         kNullable),
    date("volume_roll_date", "when the volume rule first makes `contract` the front", kNullable),
    date("oi_roll_date", "when the open-interest rule first makes `contract` the front", kNullable),
    date("gap_date", "trade date before the roll, at whose close the gap was measured", kNullable),
    number("back_adjustment", "price", "`contract` - `previous_contract` then", kPriceDigits,
           kNullable),
    number("ratio", "ratio", "`contract` / `previous_contract` then; null unless both are positive",
           kRatioDigits, kNullable),
};
inline constexpr std::array<std::string_view, 4> kRollCalendarKey{"roll_date", "root", "method",
                                                                  "rank"};
inline constexpr std::array<std::string_view, 2> kRollCalendarCluster{"root", "method"};

inline constexpr std::array kContinuous1d{
    date("date", "trade date; where basis is utc, the UTC date"),
    text("root", "root of the contracts"),
    text("cont_id", "the series: root, rule, rank and adjustment"),
    number("open", "price", "first price of the day", kPriceDigits),
    number("high", "price", "highest price of the day", kPriceDigits),
    number("low", "price", "lowest price of the day", kPriceDigits),
    number("close", "price", "last price of the day", kPriceDigits),
    number("settle", "price", "settlement, adjusted as the prices", kPriceDigits, kNullable),
    int64("volume", "contracts", "of the active contract"),
    int64("open_interest", "contracts", "of the active contract", kNullable),
    number("back_adj", "price or ratio",
           "what was added to the prices, or what they were multiplied by; 0 where unadjusted",
           kPriceDigits),
    flag("roll_flag", "first row of another contract than in the row before"),
    text("active_contract", "whose prices these are"),
    text("method", "which rule chose it"),
    int32("rank", "", "0 is the front of the series, 1 the next, ..."),
    text("adjustment", "none, difference or ratio"),
    text("basis", "of the day's bar: trade_date or utc"),
    flag("merged_sunday", "basis utc: the bar of the weekend before it is part of this one"),
};
inline constexpr std::array<std::string_view, 2> kContinuousDayKey{"date", "cont_id"};
inline constexpr std::array<std::string_view, 2> kContinuousCluster{"root", "cont_id"};

// Hours and minutes.
inline constexpr std::array kContinuousBars{
    time("ts_event", "start of the bar"),
    text("root", "root of the contracts"),
    text("cont_id", "the series: root, rule, rank and adjustment"),
    date("date", "exchange trade date"),
    number("open", "price", "first price of the bar", kPriceDigits),
    number("high", "price", "highest price of the bar", kPriceDigits),
    number("low", "price", "lowest price of the bar", kPriceDigits),
    number("close", "price", "last price of the bar", kPriceDigits),
    int64("volume", "contracts", "of the active contract"),
    number("back_adj", "price or ratio",
           "what was added to the prices, or what they were multiplied by; 0 where unadjusted",
           kPriceDigits),
    flag("roll_flag", "first bar of another contract than in the bar before"),
    text("active_contract", "whose prices these are"),
    text("method", "which rule chose it"),
    int32("rank", "", "0 is the front of the series, 1 the next, ..."),
    text("adjustment", "none, difference or ratio"),
};
inline constexpr std::array<std::string_view, 2> kContinuousBarKey{"ts_event", "cont_id"};

inline constexpr std::array kFuturesCurve1d{
    date("date", "trade date; where only bars of UTC days are loaded, the UTC date"),
    text("root", "root of the contract"),
    text("contract", "the contract"),
    date("delivery", "first day of the delivery month"),
    text("month_code", "its letter: F January, ..., Z December"),
    int64("months_to_expiry", "months", "from the date's month to the delivery month"),
    int32("rank", "", "0 is the nearest delivery on that date, 1 the next, ..."),
    number("settle", "price", "settlement of the date", kPriceDigits, kNullable),
    number("close", "price", "last price of the date; null when it did not trade", kPriceDigits,
           kNullable),
    int64("volume", "contracts", "traded in the date; null when it did not trade", kNullable),
    int64("open_interest", "contracts", "at the end of the date", kNullable),
    date("last_trade_date", "its definition's, else by the registry's rule; null where neither is",
         kNullable),
};
inline constexpr std::array<std::string_view, 3> kCurveKey{"date", "root", "contract"};
inline constexpr std::array<std::string_view, 2> kCurveCluster{"root", "contract"};

inline constexpr std::array kCalendarSpreads1d{
    date("date", "trade date; where only bars of UTC days are loaded, the UTC date"),
    text("root", "root of the contracts"),
    text("spread_tenor", "m1_m2, m1_m3, ...: places on the curve of the date, nearest first"),
    number("spread_close", "price", "close of m1 - close of m2; null unless both traded",
           kPriceDigits, kNullable),
    number("spread_settle", "price", "settlement of m1 - settlement of m2", kPriceDigits,
           kNullable),
    text("m1_contract", "the nearer contract"),
    text("m2_contract", "the farther contract"),
};
inline constexpr std::array<std::string_view, 3> kSpreadKey{"date", "root", "spread_tenor"};
inline constexpr std::array<std::string_view, 2> kSpreadCluster{"root", "spread_tenor"};

}  // namespace fm::table
