// Columns and keys of the tables that the vendor's files are loaded into. Private to this room.
#pragma once

#include <array>
#include <string_view>

#include "table/column_kinds.h"

namespace fm::table {

// Bars as the vendor's files have them, the same columns for every length of bar.
inline constexpr std::array kVendorBars{
    time("ts_event", "start of the bar"),
    text("root", "root of the contract; of a spread, that of its first leg"),
    text("symbol", "contract or spread, as the exchange names it"),
    int64("instrument_id", "", "the vendor's number for the symbol on that date"),
    int64("publisher_id", "", "the vendor's number for the venue"),
    number("open", "price", "first price of the bar", kPriceDigits),
    number("high", "price", "highest price of the bar", kPriceDigits),
    number("low", "price", "lowest price of the bar", kPriceDigits),
    number("close", "price", "last price of the bar", kPriceDigits),
    int64("volume", "contracts", "traded in the bar"),
    flag("is_spread", "several legs: its prices are differences"),
    date("delivery", "first day of the delivery month, its decade resolved; null for spreads",
         kNullable),
    date("ts_date", "UTC date of ts_event"),
    time("source_published_at", "since when the vendor's data are as in the file of this row"),
    text("source_hash", "content hash of that file: ops.databento_load_state names it"),
    first_loaded("ingest_timestamp"),
};

// Messages of the venue as the vendor's files have them. Times are kept to the nanosecond beside
// the timestamps, which engines cut to microseconds: messages are told apart by them.
inline constexpr std::array kDatabentoStatus{
    int64("ts_recv_ns", "ns since 1970", "when the vendor received it, exact"),
    text("symbol", "contract or spread, as the exchange names it"),
    int32("action", "", "what happened: 1 pre-open, 7 trading, 8 halt, 9 pause, 12 close, ..."),
    int32("reason", "", "why: 1 scheduled, 2 surveillance, 5 expiration, ..."),
    int32("trading_event", "", "0 none, 1 no cancel, 2 session change, 3 implied on, 4 off"),
    time("ts_recv", "when the vendor received it"),
    time("ts_event", "when the venue sent it", kNullable),
    text("root", "root of the contract; of a spread, that of its first leg"),
    int64("instrument_id", "", "the vendor's number for the symbol on that date"),
    int64("publisher_id", "", "the vendor's number for the venue"),
    text("is_trading", "Y, N or ~ for unknown", kNullable),
    text("is_quoting", "Y, N or ~ for unknown", kNullable),
    text("is_short_sell_restricted", "Y, N or ~ for unknown", kNullable),
    date("ts_date", "UTC date of ts_recv"),
    time("source_published_at", "since when the vendor's data are as in the file of this row"),
    text("source_hash", "content hash of that file: ops.databento_load_state names it"),
    first_loaded("ingest_timestamp"),
};
inline constexpr std::array<std::string_view, 5> kStatusKey{"ts_recv_ns", "symbol", "action",
                                                            "reason", "trading_event"};

inline constexpr std::array kDatabentoStatistics{
    int64("ts_recv_ns", "ns since 1970", "when the vendor received it, exact"),
    text("symbol", "contract or spread, as the exchange names it"),
    int32("stat_type", "", "1 opening, 3 settlement, 6 cleared volume, 9 open interest, ..."),
    int64("sequence", "", "the venue's number of the message"),
    int32("update_action", "", "1 new, 2 delete"),
    int32("stat_flags", "", "of the venue; of a settlement: final, actual, rounded"),
    time("ts_recv", "when the vendor received it"),
    time("ts_event", "when the venue sent it", kNullable),
    time("ts_ref", "what time it speaks of: of settlements and open interest, the date", kNullable),
    text("root", "root of the contract; of a spread, that of its first leg"),
    int64("instrument_id", "", "the vendor's number for the symbol on that date"),
    int64("publisher_id", "", "the vendor's number for the venue"),
    number("price", "price", "the statistic, where it is a price", kPriceDigits, kNullable),
    int64("quantity", "contracts", "the statistic, where it is a quantity", kNullable),
    int32("ts_in_delta", "ns", "from the venue's sending to ts_recv"),
    int32("channel_id", "", "of the venue's feed"),
    date("ts_date", "UTC date of ts_recv"),
    time("source_published_at", "since when the vendor's data are as in the file of this row"),
    text("source_hash", "content hash of that file: ops.databento_load_state names it"),
    first_loaded("ingest_timestamp"),
};
inline constexpr std::array<std::string_view, 6> kStatisticsKey{
    "ts_recv_ns", "symbol", "stat_type", "sequence", "update_action", "stat_flags"};

// Trades as the vendor's files have them. They have no key of their own: what tells equal records
// of a file apart is which of them it is.
inline constexpr std::array kTradeValues{
    int64("ts_recv_ns", "ns since 1970", "when the vendor received it, exact"),
    text("symbol", "contract or spread, as the exchange names it"),
    int64("record_id", "", "63-bit hash of the record: docs/formats/trades.md"),
    int64("occurrence", "", "0 for the first of equal records of a file, 1 for the second, ..."),
    time("ts_recv", "when the vendor received it"),
    time("ts_event", "when the venue matched it", kNullable),
    int64("ts_event_ns", "ns since 1970", "when the venue matched it, exact", kNullable),
    text("root", "root of the contract; of a spread, that of its first leg"),
    int64("instrument_id", "", "the vendor's number for the symbol on that date"),
    int64("publisher_id", "", "the vendor's number for the venue"),
    flag("is_spread", "several legs: its prices are differences"),
    number("price", "price", "at which was traded", kPriceDigits, kNullable),
    int64("size", "contracts", "traded", kNullable),
    text("side", "of the aggressor: A sold, B bought, N unknown", kNullable),
    int32("depth", "", "level of the book"),
    int32("flags", "", "the vendor's bits"),
    int32("ts_in_delta", "ns", "from the venue's sending to ts_recv"),
    int64("sequence", "", "the venue's number of the message"),
};
inline constexpr std::array kQuoteValues{
    number("bid_px", "price", "best bid right before the trade", kPriceDigits, kNullable),
    number("ask_px", "price", "best offer right before the trade", kPriceDigits, kNullable),
    int64("bid_sz", "contracts", "at the best bid", kNullable),
    int64("ask_sz", "contracts", "at the best offer", kNullable),
    int64("bid_ct", "orders", "at the best bid"),
    int64("ask_ct", "orders", "at the best offer"),
};
inline constexpr std::array kTradeProvenance{
    date("ts_date", "UTC date of ts_recv"),
    time("source_published_at", "since when the vendor's data are as in the file of this row"),
    text("source_hash", "content hash of that file: ops.databento_load_state names it"),
    first_loaded("ingest_timestamp"),
};
inline constexpr auto kDatabentoTrades = joined_columns(kTradeValues, kTradeProvenance);
inline constexpr auto kDatabentoTbbo =
    joined_columns(joined_columns(kTradeValues, kQuoteValues), kTradeProvenance);
inline constexpr std::array<std::string_view, 4> kTradeKey{"ts_recv_ns", "symbol", "record_id",
                                                           "occurrence"};

inline constexpr std::array kDatabentoDefinition{
    int64("ts_recv_ns", "ns since 1970", "when the vendor received it, exact"),
    text("symbol", "raw symbol of the instrument"),
    int64("instrument_id", "", "the vendor's number for it on that date"),
    int64("leg_index", "", "which leg this row describes; 0 where there are none"),
    time("ts_recv", "when the vendor received it; midnight for those of the daily snapshot"),
    time("ts_event", "when the venue sent it", kNullable),
    int64("publisher_id", "", "the vendor's number for the venue"),
    text("root", "the product's code: the asset"),
    text("instrument_class",
         "F future, S spread of futures, C call, P put, T spread of options, "
         "M mixed spread, ...",
         kNullable),
    text("security_update_action", "A added, M modified, D deleted", kNullable),
    time("expiration", "last moment it can be traded", kNullable),
    time("activation", "first moment it can be traded", kNullable),
    number("min_price_increment", "price", "the tick", kPriceDigits, kNullable),
    number("min_price_increment_amount", "currency", "value of the tick", kPriceDigits, kNullable),
    number("display_factor", "", "from the price to the one that is displayed", kPriceDigits,
           kNullable),
    number("price_ratio", "", "of a spread", kPriceDigits, kNullable),
    number("unit_of_measure_qty", "units", "size of a contract", kPriceDigits, kNullable),
    text("unit_of_measure", "of the size: BBL, LBS, IPNT, ...", kNullable),
    number("high_limit_price", "price", "upper limit of the session", kPriceDigits, kNullable),
    number("low_limit_price", "price", "lower limit of the session", kPriceDigits, kNullable),
    number("max_price_variation", "price", "how far a price may move", kPriceDigits, kNullable),
    number("strike_price", "price", "of an option", kPriceDigits, kNullable),
    text("strike_price_currency", "of the strike", kNullable),
    text("currency", "of the price", kNullable),
    text("settl_currency", "of the settlement", kNullable),
    text("asset", "the product's code", kNullable),
    text("exchange", "market identifier of the venue", kNullable),
    text("group", "product group", kNullable),
    text("secsubtype", "of spreads: their kind", kNullable),
    text("security_type", "such as FUT", kNullable),
    text("cfi", "ISO 10962 classification", kNullable),
    text("underlying", "symbol of what it is written on", kNullable),
    int64("underlying_id", "", "the vendor's number of what it is written on", kNullable),
    int64("underlying_product", "", "the venue's code of the product it is written on", kNullable),
    int64("raw_instrument_id", "", "the venue's own number", kNullable),
    int64("maturity_year", "", "of delivery", kNullable),
    int64("maturity_month", "", "of delivery", kNullable),
    int64("maturity_day", "", "of delivery", kNullable),
    int64("maturity_week", "", "of delivery", kNullable),
    int64("contract_multiplier", "", "units in a contract, where the venue says it so", kNullable),
    int64("contract_multiplier_unit", "", "the venue's code", kNullable),
    int64("original_contract_size", "units", "of contracts that decay", kNullable),
    int64("decay_quantity", "contracts", "by how much the size decays in a day", kNullable),
    int64("decay_start_date", "", "from which day on", kNullable),
    int64("flow_schedule_type", "", "the venue's code", kNullable),
    int64("min_lot_size", "contracts", "smallest order", kNullable),
    int64("min_lot_size_block", "contracts", "smallest block trade", kNullable),
    int64("min_lot_size_round_lot", "contracts", "of a round lot", kNullable),
    int64("min_trade_vol", "contracts", "smallest trade", kNullable),
    int64("max_trade_vol", "contracts", "largest trade", kNullable),
    int64("market_depth", "levels", "of the book", kNullable),
    int64("market_depth_implied", "levels", "of the implied book", kNullable),
    int64("market_segment_id", "", "the venue's", kNullable),
    int64("channel_id", "", "of the venue's feed", kNullable),
    int64("appl_id", "", "the venue's", kNullable),
    int64("inst_attrib_value", "", "the venue's bits", kNullable),
    text("match_algorithm", "F first in first out, K configurable, C pro rata, ...", kNullable),
    text("user_defined_instrument", "Y or N", kNullable),
    int64("main_fraction", "", "how prices are displayed", kNullable),
    int64("sub_fraction", "", "how prices are displayed", kNullable),
    int64("price_display_format", "", "how prices are displayed", kNullable),
    int64("tick_rule", "", "the venue's code of its tick table", kNullable),
    int64("leg_count", "", "legs of a spread; 0 where there are none"),
    int64("leg_instrument_id", "", "the leg's number", kNullable),
    text("leg_raw_symbol", "the leg's symbol", kNullable),
    text("leg_instrument_class", "as instrument_class", kNullable),
    text("leg_side", "A sold, B bought in the spread, N none", kNullable),
    number("leg_price", "price", "fixed price of the leg", kPriceDigits, kNullable),
    number("leg_delta", "", "of the leg", kPriceDigits, kNullable),
    int64("leg_ratio_price_numerator", "", "of the leg in the spread's price", kNullable),
    int64("leg_ratio_price_denominator", "", "of the leg in the spread's price", kNullable),
    int64("leg_ratio_qty_numerator", "", "of the leg in the spread's quantity", kNullable),
    int64("leg_ratio_qty_denominator", "", "of the leg in the spread's quantity", kNullable),
    int64("leg_underlying_id", "", "what the leg is written on", kNullable),
    date("ts_date", "UTC date of ts_recv"),
    time("source_published_at", "since when the vendor's data are as in the file of this row"),
    text("source_hash", "content hash of that file: ops.databento_load_state names it"),
    first_loaded("ingest_timestamp"),
};
inline constexpr std::array<std::string_view, 4> kDefinitionKey{"ts_recv_ns", "symbol",
                                                                "instrument_id", "leg_index"};

inline constexpr std::array kDatabentoLoadState{
    text("path", "the file"),
    text("content_hash", "XXH3-128 of its bytes; empty where it could not be read"),
    date("date", "UTC date of started_at"),
    int64("size_bytes", "bytes", "its size on disk"),
    int64("modified_ns", "ns since 1970", "when it was last changed on disk"),
    int64("inode", "", "its number in the file system"),
    text("job_id", "the vendor's batch job it came from", kNullable),
    text("dataset", "such as GLBX.MDP3", kNullable),
    text("schema", "what its records are: ohlcv-1m and the like", kNullable),
    text("roots", "roots of the rows that were stored, separated by commas", kNullable),
    time("range_start", "earliest time of a row, cut to microseconds", kNullable),
    time("range_end", "latest time of a row, cut to microseconds", kNullable),
    time("published_at", "the latest source_published_at of its rows", kNullable),
    int64("rows_read", "count", "records or lines in the file"),
    int64("rows_added", "count", "stored under keys that were new"),
    int64("rows_corrected", "count", "stored in place of rows with other values"),
    int64("rows_unchanged", "count", "the same values were stored already"),
    int64("rows_outdated", "count", "newer values were stored already, or came in the same run"),
    int64("rows_rejected", "count", "left out; the quarantine lists them"),
    text("status", "running, success, copy, refused or failed"),
    text("error_message", "why it was refused or failed; of a copy, the other file", kNullable),
    time("started_at", "when it was looked at"),
    time("finished_at", "when its rows were durable; null while it is not", kNullable),
    text("run_id", "the run of ops.job_runs"),
    text("engine_version", "program version"),
};
inline constexpr std::array<std::string_view, 2> kLoadKey{"path", "content_hash"};
inline constexpr std::array<std::string_view, 2> kLoadCluster{"schema", "status"};

// Daily files that are no feed of the exchange.
inline constexpr std::array kYahooBridge{
    date("date", "day, as Yahoo has it"),
    number("yahoo_zl_open", "cents per pound", "first price of the day", kPriceDigits, kNullable),
    number("yahoo_zl_high", "cents per pound", "highest price", kPriceDigits, kNullable),
    number("yahoo_zl_low", "cents per pound", "lowest price", kPriceDigits, kNullable),
    number("yahoo_zl_close", "cents per pound", "last price", kPriceDigits),
    int64("yahoo_zl_volume", "contracts", "traded on the day", kNullable),
    number("yahoo_zl_adj_close", "cents per pound", "Yahoo's adjusted close", kPriceDigits,
           kNullable),
    flag("is_consistent",
         "open and close lie within low to high; where not, trust the close alone"),
    time("source_published_at", "time of the file that the row is from"),
    text("source_hash", "content hash of that file: ops.databento_load_state names it"),
    first_loaded("collection_timestamp"),
};
inline constexpr std::array kBarchartContracts{
    date("date", "day, as Barchart has it"),
    text("root", "root of the contract"),
    text("symbol", "contract, as Barchart names it: with two digits of the year"),
    number("open", "price", "first price of the day", kPriceDigits, kNullable),
    number("high", "price", "highest price", kPriceDigits, kNullable),
    number("low", "price", "lowest price", kPriceDigits, kNullable),
    number("close", "price", "last price", kPriceDigits),
    int64("volume", "contracts", "traded on the day", kNullable),
    int64("open_interest", "contracts", "open at the day's end; 0 where it is not known yet",
          kNullable),
    flag("is_consistent",
         "open and close lie within low to high; where not, trust the close alone"),
    time("source_published_at", "time of the file that the row is from"),
    text("source_hash", "content hash of that file: ops.databento_load_state names it"),
    first_loaded("collection_timestamp"),
};
inline constexpr std::array<std::string_view, 1> kDateKey{"date"};
inline constexpr std::array<std::string_view, 2> kDateSymbolKey{"date", "symbol"};

}  // namespace fm::table
