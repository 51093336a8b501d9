// The one list of tables: names, columns, types, keys, partitions. DDL, the Parquet writer, proofs
// and the documentation all come from it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace fm::table {

enum class Type : std::uint8_t {
  kTimestamp,  // microseconds since 1970-01-01T00:00:00Z, UTC-adjusted in every engine
  kDate,       // days since 1970-01-01
  kText,       // UTF-8
  kInt64,
  kInt32,
  kInt8,
  kBool,
  kDouble,
};

[[nodiscard]] std::string_view name(Type type);

struct Column {
  std::string_view name;
  Type type;
  std::string_view unit;  // empty where there is none
  std::string_view description;
  bool nullable = false;
  // Doubles only: proofs compare FLOOR(x · 10^scale) in every engine.
  int scale = 0;
  // When the row was first loaded. Survives merges; left out of equality, hashes and proofs.
  bool bookkeeping = false;
};

// How a table's rows are spread over lake directories. The names never occur inside a file.
enum class LakeLayout : std::uint8_t {
  kRootDay,   // p_root=ES/p_day=2025-06-16
  kRootYear,  // p_root=ES/p_year=2025: tables with few rows a day
  kMonth,     // p_month=2025-06: tables of all roots
  kYear,      // p_year=2025: tables of all roots with few rows a day
};

struct Table {
  std::string_view dataset;
  std::string_view name;
  std::string_view description;
  std::span<const Column> columns;  // in the order of every file, engine and listing
  std::span<const std::string_view> key;
  std::string_view partition_column;  // a date; one of `columns`, the same in all engines
  std::span<const std::string_view> cluster;
  std::string_view root_column;  // whose value is p_root; empty for kMonth and kYear
  LakeLayout layout = LakeLayout::kRootDay;
  // Lake files are sorted by it, and it begins with the key.
  std::span<const std::string_view> sort;
  // Too large to be scanned whole by accident: BigQuery refuses queries without a partition filter.
  bool require_partition_filter = false;

  [[nodiscard]] std::optional<std::size_t> find_column(std::string_view column) const;
  // The column must exist.
  [[nodiscard]] std::size_t column_index(std::string_view column) const;
};

[[nodiscard]] std::span<const Table> all_tables();

// By "market_data.candles_1m" or, as no two datasets share a table name, by "candles_1m"; nullptr
// when there is none.
[[nodiscard]] const Table* find_table(std::string_view name);

// Tables that the program itself names. Their columns are in the specification's order.
[[nodiscard]] const Table& candles_1m();
[[nodiscard]] const Table& candles_1s();
[[nodiscard]] const Table& candle_sessions();
[[nodiscard]] const Table& candle_session_contracts();
[[nodiscard]] const Table& candle_rejects();
[[nodiscard]] const Table& job_runs();
[[nodiscard]] const Table& data_quality_events();
[[nodiscard]] const Table& futures_ohlcv_1m_live();
[[nodiscard]] const Table& feed_gaps();
[[nodiscard]] const Table& databento_futures_ohlcv_1s();
[[nodiscard]] const Table& databento_futures_ohlcv_1m();
[[nodiscard]] const Table& databento_futures_ohlcv_1h();
[[nodiscard]] const Table& databento_futures_ohlcv_1d_utc();
[[nodiscard]] const Table& databento_load_state();
[[nodiscard]] const Table& databento_status();
[[nodiscard]] const Table& databento_statistics();
[[nodiscard]] const Table& databento_definition();
[[nodiscard]] const Table& yahoo_zl_historical_2000_2010();
[[nodiscard]] const Table& barchart_contract_1d();
[[nodiscard]] const Table& databento_trades();
[[nodiscard]] const Table& databento_tbbo();
[[nodiscard]] const Table& bars_1h();
[[nodiscard]] const Table& databento_futures_ohlcv_1d();
[[nodiscard]] const Table& futures_ohlcv_1h_live();
[[nodiscard]] const Table& futures_ohlcv_1d_live();
[[nodiscard]] const Table& candle_bars_1m();
[[nodiscard]] const Table& candle_bars_5m();
[[nodiscard]] const Table& candle_bars_15m();
[[nodiscard]] const Table& candle_bars_1h();
[[nodiscard]] const Table& candle_bars_1d();
[[nodiscard]] const Table& roll_calendar();
[[nodiscard]] const Table& databento_futures_continuous_1d();
[[nodiscard]] const Table& databento_futures_continuous_1h();
[[nodiscard]] const Table& databento_futures_continuous_1m();
[[nodiscard]] const Table& futures_curve_1d();
[[nodiscard]] const Table& calendar_spreads_1d();
[[nodiscard]] const Table& mirror_state();
[[nodiscard]] const Table& mirror_batches();

}  // namespace fm::table
