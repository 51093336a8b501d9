#include <iterator>

#include "postgres/layout.h"
#include "postgres/schema.h"

namespace fm::postgres {
namespace {

constexpr int kMinutes[] = {5, 15, 60};

// What both engines say in the same words.
constexpr std::string_view kSums =
    "max(high) AS high, min(low) AS low, sum(volume)::bigint AS volume, "
    "sum(ask_volume)::bigint AS ask_volume, sum(bid_volume)::bigint AS bid_volume, "
    "sum(unknown_volume)::bigint AS unknown_volume, sum(trades)::bigint AS trades, "
    "max(max_trade_size) AS max_trade_size, sum(big_trades)::bigint AS big_trades, "
    "sum(big_volume)::bigint AS big_volume, sum(sum_bid_depth)::bigint AS sum_bid_depth, "
    "sum(sum_ask_depth)::bigint AS sum_ask_depth, sum(sum_price_volume) AS sum_price_volume, "
    "max(delta_high) AS delta_high, min(delta_low) AS delta_low, count(*) AS seconds_traded";

// The first or last of a column in the order of time; `end` is "first" or "last".
std::string edge(std::string_view column, std::string_view end, table::Engine engine) {
  if (engine == table::Engine::kTimescale)
    return fmt::format("{}({}, \"time\") AS {}", end, column, column);
  return fmt::format("(array_agg({} ORDER BY \"time\"{}))[1] AS {}", column,
                     end == "last" ? " DESC" : "", column);
}

std::string select_of(int minutes, table::Engine engine) {
  const std::string bucket =
      engine == table::Engine::kTimescale
          ? fmt::format("time_bucket(INTERVAL '{} minutes', \"time\")", minutes)
          : fmt::format(
                "date_bin(INTERVAL '{} minutes', \"time\", TIMESTAMPTZ '2000-01-01 "
                "00:00:00+00')",
                minutes);
  return fmt::format(
      "SELECT ticker, symbol, {} AS bucket, trade_date, {}, {}, {}, {}, {} FROM {} "
      "GROUP BY ticker, symbol, {}, trade_date",
      bucket, edge("open", "first", engine), edge("close", "last", engine), kSums,
      edge("delta_open", "first", engine), edge("delta_close", "last", engine),
      sql_name(table::candles_1s()), bucket);
}

}  // namespace

std::string aggregate_statements(table::Engine engine) {
  std::string text;
  for (const int minutes : kMinutes) {
    const std::string name = fmt::format("market_data.candles_1s_{}m", minutes);
    if (engine != table::Engine::kTimescale) {
      fmt::format_to(std::back_inserter(text), "CREATE OR REPLACE VIEW {} AS {};\n", name,
                     select_of(minutes, engine));
      continue;
    }
    // Late corrections reach back a minute; a repair or a load refreshes by hand.
    fmt::format_to(
        std::back_inserter(text),
        "CREATE MATERIALIZED VIEW IF NOT EXISTS {} WITH (timescaledb.continuous, "
        "timescaledb.materialized_only = false) AS {} WITH NO DATA;\n"
        "SELECT add_continuous_aggregate_policy('{}', start_offset => INTERVAL '7 days', "
        "end_offset => INTERVAL '{} minutes', schedule_interval => INTERVAL '{} minutes', "
        "if_not_exists => TRUE);\n",
        name, select_of(minutes, engine), name, 2 * minutes, minutes);
  }
  return text;
}

}  // namespace fm::postgres
