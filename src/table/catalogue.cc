#include "table/catalogue.h"

#include <algorithm>
#include <array>

#include "base/assert.h"
#include "table/column_kinds.h"
#include "table/derived_tables.h"
#include "table/mirror_tables.h"
#include "table/vendor_columns.h"

namespace fm::table {
namespace {

constexpr std::array kCandles1m{
    time("time", "start of the window's last second; the row is known one second later"),
    text("ticker", "root of the contract"),
    date("trade_date", "exchange trade date"),
    text("symbol", "the window's contract"),
    number("open", "price", "first price of the window", kPriceDigits),
    number("high", "price", "highest price of the window", kPriceDigits),
    number("low", "price", "lowest price of the window", kPriceDigits),
    number("close", "price", "last price of the window", kPriceDigits),
    int64("volume", "contracts", "traded in the window"),
    int64("ask_volume", "contracts", "bought by the aggressor"),
    int64("bid_volume", "contracts", "sold by the aggressor"),
    int64("unknown_volume", "contracts", "traded with no known aggressor"),
    int64("cvd_open", "contracts", "cumulative volume delta before the window's first trade"),
    int64("cvd_high", "contracts", "highest cumulative volume delta of the window"),
    int64("cvd_low", "contracts", "lowest cumulative volume delta of the window"),
    int64("cvd_close", "contracts", "cumulative volume delta after the window's last trade"),
    int64("vd", "contracts", "ask_volume - bid_volume = cvd_close - cvd_open"),
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
    number("vwap", "price", "sum_price_volume / volume; null when nothing traded", kPriceDigits,
           kNullable),
    int64("trades", "count", "trades in the window"),
    int64("max_trade_size", "contracts", "largest trade of the window"),
    int64("big_trades", "count", "trades of at least the root's large-trade threshold"),
    int64("big_volume", "contracts", "volume of those trades"),
    int64("sum_bid_depth", "contracts", "best bid's size, summed over the trades"),
    int64("sum_ask_depth", "contracts", "best ask's size, summed over the trades"),
    number("sum_price_volume", "price x contracts", "price times size, summed over the trades", 6),
    int32("seconds_traded", "seconds", "seconds of the window with a trade"),
    int32("seconds_covered", "seconds", "seconds of the window in session that the feed covered"),
};

constexpr std::array kCandles1s{
    text("ticker", "root of the contract"),
    text("symbol", "the contract"),
    time("time", "start of the second"),
    date("trade_date", "exchange trade date"),
    number("open", "price", "first price of the second", kPriceDigits),
    number("high", "price", "highest price of the second", kPriceDigits),
    number("low", "price", "lowest price of the second", kPriceDigits),
    number("close", "price", "last price of the second", kPriceDigits),
    int64("volume", "contracts", "traded in the second"),
    int64("ask_volume", "contracts", "bought by the aggressor"),
    int64("bid_volume", "contracts", "sold by the aggressor"),
    int64("unknown_volume", "contracts", "traded with no known aggressor"),
    int64("trades", "count", "trades in the second"),
    int64("max_trade_size", "contracts", "largest trade of the second"),
    int64("big_trades", "count", "trades of at least the root's large-trade threshold"),
    int64("big_volume", "contracts", "volume of those trades"),
    int64("sum_bid_depth", "contracts", "best bid's size, summed over the trades"),
    int64("sum_ask_depth", "contracts", "best ask's size, summed over the trades"),
    number("sum_price_volume", "price x contracts", "price times size, summed over the trades", 6),
    int64("delta_open", "contracts", "the contract's own cumulative delta before the first trade"),
    int64("delta_high", "contracts", "highest cumulative delta, the open included"),
    int64("delta_low", "contracts", "lowest cumulative delta, the open included"),
    int64("delta_close", "contracts", "cumulative delta after the last trade"),
};
constexpr std::array<std::string_view, 3> kSecondKey{"ticker", "symbol", "time"};
constexpr std::array<std::string_view, 2> kSecondCluster{"ticker", "symbol"};

constexpr std::array kCandleSessions{
    text("ticker", "root"),
    date("trade_date", "exchange trade date"),
    text("first_symbol", "front month at the start; null when nothing was accepted", kNullable),
    text("last_symbol", "front month at the end; null when nothing was accepted", kNullable),
    int32("switches", "count", "changes of the front month"),
    text("stints", "JSON: [[first second of the minute, contract, cvd offset], ...]"),
    int64("accepted", "count", "trades accepted, all contracts"),
    text("rejected", "JSON: {reason: count}"),
    int64("volume", "contracts", "accepted volume, all contracts"),
    time("first_event_time", "first accepted trade, cut to microseconds", kNullable),
    int64("first_event_ns", "ns since 1970", "first accepted trade, exact", kNullable),
    time("last_event_time", "last accepted trade, cut to microseconds", kNullable),
    int64("last_event_ns", "ns since 1970", "last accepted trade, exact", kNullable),
    int64("cvd_open", "contracts", "cumulative volume delta before the date's first trade"),
    int64("cvd_close", "contracts", "cumulative volume delta after the date's last trade"),
    int64("cvd_base", "contracts", "value that the ticker's cumulative delta was started from"),
    date("cvd_base_date", "trade date at whose start it was set; null when never", kNullable),
    int64("rows_written", "count", "rows of candles_1m"),
    int64("seconds_written", "count", "rows of candles_1s"),
    int32("seconds_covered", "seconds", "seconds in session that the feed covered"),
    int32("seconds_in_gaps", "seconds", "seconds in session inside gaps of the feed"),
    text("inputs", "JSON: [{path, hash, from, to}, ...]: what the rows were made from"),
    flag("complete", "the inputs cover the whole session"),
    flag("stale", "an older date changed since: the CVD columns may be shifted"),
    text("parameters", "JSON: the engine's parameters"),
    text("parameters_hash", "hash of the parameters: other ones never replace rows silently"),
    text("engine_version", "program version that made the rows"),
    first_loaded("created_at"),
};
constexpr std::array<std::string_view, 2> kSessionKey{"ticker", "trade_date"};

constexpr std::array kCandleSessionContracts{
    text("ticker", "root"),
    date("trade_date", "exchange trade date"),
    text("symbol", "contract"),
    int64("volume", "contracts", "accepted volume"),
    int64("trades", "count", "accepted trades"),
    first_loaded("created_at"),
};
constexpr std::array<std::string_view, 3> kSessionContractKey{"ticker", "trade_date", "symbol"};

constexpr std::array kCandleRejects{
    text("ticker", "root; null where it is not known", kNullable),
    date("date", "trade date; UTC date of arrival where there is no ticker"),
    text("reason", "why the records were left out"),
    int64("count", "count", "records left out"),
    first_loaded("created_at"),
};
constexpr std::array<std::string_view, 3> kRejectKey{"ticker", "date", "reason"};
constexpr std::array<std::string_view, 2> kRejectCluster{"ticker", "reason"};

constexpr std::array kJobRuns{
    text("run_id", "unique name of the run"),
    date("date", "UTC date of started_at"),
    text("job", "what ran"),
    text("status", "running, success or failed"),
    time("started_at", "start of the run"),
    time("finished_at", "end of the run; null while it runs", kNullable),
    int64("rows_processed", "count", "rows written", kNullable),
    text("error_message", "why it failed", kNullable),
    text("parameters", "JSON: what it was asked to do", kNullable),
    text("engine_version", "program version"),
};
constexpr std::array<std::string_view, 1> kRunKey{"run_id"};
constexpr std::array<std::string_view, 2> kRunCluster{"job", "status"};

constexpr std::array kDataQualityEvents{
    text("event_id", "unique name of the event"),
    date("date", "UTC date of ts"),
    time("ts", "when it was noticed"),
    text("source", "who noticed"),
    text("dataset", "dataset concerned"),
    text("table_name", "table concerned", kNullable),
    text("severity", "info, warning or error"),
    text("check_type", "which check", kNullable),
    text("message", "what was found"),
    text("payload", "JSON: details", kNullable),
    flag("resolved", "settled"),
    time("resolved_at", "when it was settled", kNullable),
};
constexpr std::array<std::string_view, 1> kEventKey{"event_id"};
constexpr std::array<std::string_view, 2> kEventCluster{"source", "severity"};

// The poller's bars, in the columns of the vendor's schema.
constexpr std::array kFuturesOhlcv1mLive{
    time("ts_event", "start of the minute"),
    text("root", "root of the contract"),
    text("symbol", "contract"),
    int64("instrument_id", "", "the vendor's number for the contract on that date"),
    int64("publisher_id", "", "the vendor's number for the venue"),
    number("open", "price", "first price of the minute", kPriceDigits),
    number("high", "price", "highest price of the minute", kPriceDigits),
    number("low", "price", "lowest price of the minute", kPriceDigits),
    number("close", "price", "last price of the minute", kPriceDigits),
    int64("volume", "contracts", "traded in the minute"),
    date("ts_date", "UTC date of ts_event"),
};

constexpr std::array kFeedGaps{
    text("gap_id", "unique name of the gap: the same gap has the same name"),
    date("date", "UTC date of from_time"),
    text("dataset", "dataset of the feed, such as GLBX.MDP3"),
    text("schema", "schema of the feed; null for all of the dataset", kNullable),
    time("from_time", "last arrival before the gap, cut to microseconds"),
    int64("from_ns", "ns since 1970", "last arrival before the gap, exact"),
    time("to_time", "first arrival after the gap, cut to microseconds"),
    int64("to_ns", "ns since 1970", "first arrival after the gap, exact"),
    text("reason", "why nothing was received"),
    flag("repaired", "the missing records were fetched later"),
    time("repaired_at", "when they were", kNullable),
    text("repaired_by", "what fetched them, or where they lie", kNullable),
    time("recorded_at", "when the gap was noticed"),
};
constexpr std::array<std::string_view, 1> kGapKey{"gap_id"};
constexpr std::array<std::string_view, 2> kGapCluster{"dataset", "reason"};

constexpr std::array kSourceTables{
    Table{.dataset = "market_data",
          .name = "candles_1m",
          .description =
              "Candles of the trailing 60 seconds of each ticker's front month, one row a second",
          .columns = kCandles1m,
          .key = kCandleKey,
          .partition_column = "trade_date",
          .cluster = kCandleKey,
          .root_column = "ticker",
          .layout = LakeLayout::kRootDay,
          .sort = kCandleKey,
          .require_partition_filter = true},
    Table{.dataset = "market_data",
          .name = "candles_1s",
          .description = "Traded seconds of every contract, with the path of its cumulative delta",
          .columns = kCandles1s,
          .key = kSecondKey,
          .partition_column = "trade_date",
          .cluster = kSecondCluster,
          .root_column = "ticker",
          .layout = LakeLayout::kRootDay,
          .sort = kSecondKey,
          .require_partition_filter = true},
    Table{.dataset = "market_data",
          .name = "candle_sessions",
          .description =
              "The account of each ticker and trade date, and what its candles were made from",
          .columns = kCandleSessions,
          .key = kSessionKey,
          .partition_column = "trade_date",
          .cluster = kSessionKey,
          .root_column = "ticker",
          .layout = LakeLayout::kRootYear,
          .sort = kSessionKey},
    Table{.dataset = "market_data",
          .name = "candle_session_contracts",
          .description = "Accepted volume of each contract of a ticker and trade date",
          .columns = kCandleSessionContracts,
          .key = kSessionContractKey,
          .partition_column = "trade_date",
          .cluster = kSessionContractKey,
          .root_column = "ticker",
          .layout = LakeLayout::kRootYear,
          .sort = kSessionContractKey},
    Table{.dataset = "ops",
          .name = "candle_rejects",
          .description = "Records that the candle engine left out, counted by reason",
          .columns = kCandleRejects,
          .key = kRejectKey,
          .partition_column = "date",
          .cluster = kRejectCluster,
          .root_column = "",
          .layout = LakeLayout::kMonth,
          .sort = kRejectKey},
    Table{.dataset = "ops",
          .name = "job_runs",
          .description = "Every run of a job",
          .columns = kJobRuns,
          .key = kRunKey,
          .partition_column = "date",
          .cluster = kRunCluster,
          .root_column = "",
          .layout = LakeLayout::kMonth,
          .sort = kRunKey},
    Table{.dataset = "ops",
          .name = "data_quality_events",
          .description = "What checks of the data noticed",
          .columns = kDataQualityEvents,
          .key = kEventKey,
          .partition_column = "date",
          .cluster = kEventCluster,
          .root_column = "",
          .layout = LakeLayout::kMonth,
          .sort = kEventKey},
    Table{.dataset = "market_data",
          .name = "futures_ohlcv_1m_live",
          .description = "One-minute bars of outright contracts, polled from the vendor",
          .columns = kFuturesOhlcv1mLive,
          .key = kBarKey,
          .partition_column = "ts_date",
          .cluster = kBarCluster,
          .root_column = "root",
          .layout = LakeLayout::kRootDay,
          .sort = kBarKey},
    Table{.dataset = "ops",
          .name = "feed_gaps",
          .description = "Times in which a live feed received nothing and the vendor's replay "
                         "could not make up for it",
          .columns = kFeedGaps,
          .key = kGapKey,
          .partition_column = "date",
          .cluster = kGapCluster,
          .root_column = "",
          .layout = LakeLayout::kMonth,
          .sort = kGapKey},
    Table{.dataset = "market_data",
          .name = "databento_futures_ohlcv_1s",
          .description = "One-second bars of the vendor, as received",
          .columns = kVendorBars,
          .key = kBarKey,
          .partition_column = "ts_date",
          .cluster = kBarCluster,
          .root_column = "root",
          .layout = LakeLayout::kRootYear,
          .sort = kBarKey,
          .require_partition_filter = true},
    Table{.dataset = "market_data",
          .name = "databento_futures_ohlcv_1m",
          .description = "One-minute bars of the vendor, as received",
          .columns = kVendorBars,
          .key = kBarKey,
          .partition_column = "ts_date",
          .cluster = kBarCluster,
          .root_column = "root",
          .layout = LakeLayout::kRootYear,
          .sort = kBarKey,
          .require_partition_filter = true},
    Table{.dataset = "market_data",
          .name = "databento_futures_ohlcv_1h",
          .description = "One-hour bars of the vendor, as received",
          .columns = kVendorBars,
          .key = kBarKey,
          .partition_column = "ts_date",
          .cluster = kBarCluster,
          .root_column = "",
          .layout = LakeLayout::kYear,
          .sort = kBarKey},
    Table{.dataset = "market_data",
          .name = "databento_futures_ohlcv_1d_utc",
          .description =
              "Bars of whole UTC days of the vendor, as received: not those of trade dates",
          .columns = kVendorBars,
          .key = kBarKey,
          .partition_column = "ts_date",
          .cluster = kBarCluster,
          .root_column = "",
          .layout = LakeLayout::kYear,
          .sort = kBarKey},
    Table{.dataset = "ops",
          .name = "databento_load_state",
          .description = "Every file that was loaded, refused or failed",
          .columns = kDatabentoLoadState,
          .key = kLoadKey,
          .partition_column = "date",
          .cluster = kLoadCluster,
          .root_column = "",
          .layout = LakeLayout::kMonth,
          .sort = kLoadKey},
    Table{.dataset = "market_data",
          .name = "databento_status",
          .description = "Trading status of the vendor, as received",
          .columns = kDatabentoStatus,
          .key = kStatusKey,
          .partition_column = "ts_date",
          .cluster = kBarCluster,
          .root_column = "",
          .layout = LakeLayout::kYear,
          .sort = kStatusKey},
    Table{
        .dataset = "market_data",
        .name = "databento_statistics",
        .description = "Settlements, open interest and other statistics of the vendor, as received",
        .columns = kDatabentoStatistics,
        .key = kStatisticsKey,
        .partition_column = "ts_date",
        .cluster = kBarCluster,
        .root_column = "root",
        .layout = LakeLayout::kRootYear,
        .sort = kStatisticsKey,
        .require_partition_filter = true},
    Table{
        .dataset = "market_data",
        .name = "databento_definition",
        .description =
            "Definitions of instruments of the vendor, as received; of spreads a row for each leg",
        .columns = kDatabentoDefinition,
        .key = kDefinitionKey,
        .partition_column = "ts_date",
        .cluster = kBarCluster,
        .root_column = "",
        .layout = LakeLayout::kYear,
        .sort = kDefinitionKey},
    Table{.dataset = "market_data",
          .name = "yahoo_zl_historical_2000_2010",
          .description = "Yahoo's daily ZL before 2010-06-06, where the exchange's feed begins: it "
                         "follows the expiring nearest contract and is no canonical price",
          .columns = kYahooBridge,
          .key = kDateKey,
          .partition_column = "date",
          .cluster = kDateKey,
          .root_column = "",
          .layout = LakeLayout::kYear,
          .sort = kDateKey},
    Table{.dataset = "market_data",
          .name = "barchart_contract_1d",
          .description = "Barchart's daily histories of single contracts; no canonical price",
          .columns = kBarchartContracts,
          .key = kDateSymbolKey,
          .partition_column = "date",
          .cluster = kBarCluster,
          .root_column = "",
          .layout = LakeLayout::kYear,
          .sort = kDateSymbolKey},
    Table{.dataset = "market_data",
          .name = "databento_trades",
          .description = "Trades of the vendor, as received: a multiset of records",
          .columns = kDatabentoTrades,
          .key = kTradeKey,
          .partition_column = "ts_date",
          .cluster = kBarCluster,
          .root_column = "root",
          .layout = LakeLayout::kRootDay,
          .sort = kTradeKey,
          .require_partition_filter = true},
    Table{.dataset = "market_data",
          .name = "databento_tbbo",
          .description = "Trades of the vendor with the best quotes right before each, as "
                         "received: a multiset of "
                         "records",
          .columns = kDatabentoTbbo,
          .key = kTradeKey,
          .partition_column = "ts_date",
          .cluster = kBarCluster,
          .root_column = "root",
          .layout = LakeLayout::kRootDay,
          .sort = kTradeKey,
          .require_partition_filter = true},
};

template <std::size_t A, std::size_t B>
constexpr std::array<Table, A + B> joined(const std::array<Table, A>& first,
                                          const std::array<Table, B>& second) {
  std::array<Table, A + B> all{};
  std::ranges::copy(first, all.begin());
  std::ranges::copy(second, all.begin() + A);
  return all;
}
constexpr auto kTables = joined(joined(kSourceTables, kDerivedTables), kMirrorTables);

}  // namespace

std::string_view name(Type type) {
  switch (type) {
    case Type::kTimestamp:
      return "timestamp";
    case Type::kDate:
      return "date";
    case Type::kText:
      return "text";
    case Type::kInt64:
      return "int64";
    case Type::kInt32:
      return "int32";
    case Type::kInt8:
      return "int8";
    case Type::kBool:
      return "bool";
    case Type::kDouble:
      return "double";
  }
  FM_ASSERT(false);
}

std::optional<std::size_t> Table::find_column(std::string_view column) const {
  for (std::size_t i = 0; i < columns.size(); ++i)
    if (columns[i].name == column) return i;
  return std::nullopt;
}

std::size_t Table::column_index(std::string_view column) const {
  const auto found = find_column(column);
  FM_ASSERT(found.has_value());
  return *found;
}

std::span<const Table> all_tables() { return kTables; }

const Table* find_table(std::string_view name) {
  const std::size_t dot = name.find('.');
  for (const Table& table : kTables) {
    if (dot == std::string_view::npos
            ? table.name == name
            : table.dataset == name.substr(0, dot) && table.name == name.substr(dot + 1))
      return &table;
  }
  return nullptr;
}

const Table& candles_1m() { return kTables[0]; }
const Table& candles_1s() { return kTables[1]; }
const Table& candle_sessions() { return kTables[2]; }
const Table& candle_session_contracts() { return kTables[3]; }
const Table& candle_rejects() { return kTables[4]; }
const Table& job_runs() { return kTables[5]; }
const Table& data_quality_events() { return kTables[6]; }
const Table& futures_ohlcv_1m_live() { return kTables[7]; }
const Table& feed_gaps() { return kTables[8]; }
const Table& databento_futures_ohlcv_1s() { return kTables[9]; }
const Table& databento_futures_ohlcv_1m() { return kTables[10]; }
const Table& databento_futures_ohlcv_1h() { return kTables[11]; }
const Table& databento_futures_ohlcv_1d_utc() { return kTables[12]; }
const Table& databento_load_state() { return kTables[13]; }
const Table& databento_status() { return kTables[14]; }
const Table& databento_statistics() { return kTables[15]; }
const Table& databento_definition() { return kTables[16]; }
const Table& yahoo_zl_historical_2000_2010() { return kTables[17]; }
const Table& barchart_contract_1d() { return kTables[18]; }
const Table& databento_trades() { return kTables[19]; }
const Table& databento_tbbo() { return kTables[20]; }
const Table& bars_1h() { return kTables[kSourceTables.size() + 0]; }
const Table& databento_futures_ohlcv_1d() { return kTables[kSourceTables.size() + 1]; }
const Table& futures_ohlcv_1h_live() { return kTables[kSourceTables.size() + 2]; }
const Table& futures_ohlcv_1d_live() { return kTables[kSourceTables.size() + 3]; }
const Table& candle_bars_1m() { return kTables[kSourceTables.size() + 4]; }
const Table& candle_bars_5m() { return kTables[kSourceTables.size() + 5]; }
const Table& candle_bars_15m() { return kTables[kSourceTables.size() + 6]; }
const Table& candle_bars_1h() { return kTables[kSourceTables.size() + 7]; }
const Table& candle_bars_1d() { return kTables[kSourceTables.size() + 8]; }
const Table& roll_calendar() { return kTables[kSourceTables.size() + 9]; }
const Table& databento_futures_continuous_1d() { return kTables[kSourceTables.size() + 10]; }
const Table& databento_futures_continuous_1h() { return kTables[kSourceTables.size() + 11]; }
const Table& databento_futures_continuous_1m() { return kTables[kSourceTables.size() + 12]; }
const Table& futures_curve_1d() { return kTables[kSourceTables.size() + 13]; }
const Table& calendar_spreads_1d() { return kTables[kSourceTables.size() + 14]; }
const Table& mirror_state() { return kTables[kTables.size() - 2]; }
const Table& mirror_batches() { return kTables[kTables.size() - 1]; }

}  // namespace fm::table
