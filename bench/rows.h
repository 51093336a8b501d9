// The rows of the table, each made when its turn comes: inputs of the one before are gone by then.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/env.h"
#include "base/error.h"
#include "data.h"
#include "harness.h"

namespace fm::bench {

struct Context {
  Env* env;
  DataOptions data;
  std::string binary;  // the program itself, for what is measured from outside
};

[[nodiscard]] Result<Row> decode_raw_row(const Context& context);
[[nodiscard]] Result<Row> raw_to_candles_row(const Context& context);
[[nodiscard]] Result<Row> zstd_to_parquet_row(const Context& context);
[[nodiscard]] Result<Row> json_to_candles_row(const Context& context);
[[nodiscard]] Result<Row> lake_write_row(const Context& context);
[[nodiscard]] Result<Row> rollup_row(const Context& context);
[[nodiscard]] Result<Row> audit_row(const Context& context);
[[nodiscard]] Result<Row> load_json_row(const Context& context);
[[nodiscard]] Result<Row> load_dbn_row(const Context& context);

[[nodiscard]] Result<Row> postgres_bulk_row(const Context& context);

[[nodiscard]] Result<Row> fetch_row(const Context& context);

[[nodiscard]] Result<Row> mirror_upload_row(const Context& context);
[[nodiscard]] Result<Row> verify_row(const Context& context);

// A figure that no other can be run beside in turn: it is held against a fixed limit.
struct Limit {
  std::string id;
  std::string work;
  double value = 0;
  std::string unit;
  double limit = 0;
  bool at_most = false;  // else at least
  std::optional<double> aim = {};
  std::string note = {};
  [[nodiscard]] bool reached() const { return at_most ? value <= limit : value >= limit; }
};
[[nodiscard]] Result<std::vector<Limit>> live_receive(const Context& context);
[[nodiscard]] Result<std::vector<Limit>> live_throughput(const Context& context);
[[nodiscard]] Result<std::vector<Limit>> live_latency(const Context& context);
[[nodiscard]] Result<std::vector<Limit>> live_restart(const Context& context);
[[nodiscard]] Result<std::vector<Limit>> postgres_live(const Context& context);
[[nodiscard]] Result<std::vector<Limit>> load_again(const Context& context);
[[nodiscard]] Result<std::vector<Limit>> load_pipe(const Context& context);
[[nodiscard]] Result<std::vector<Limit>> mirror_planning(const Context& context);
[[nodiscard]] Result<std::vector<Limit>> mirror_cycle(const Context& context);
// A lake of one busy trade date of ES, for the server to read.
[[nodiscard]] Result<std::string> make_api_lake(const Context& context);
[[nodiscard]] Result<std::vector<Limit>> api_candles(const Context& context);
[[nodiscard]] Result<std::vector<Limit>> chart_frames(const Context& context);
[[nodiscard]] Result<std::vector<Limit>> http_cached(const Context& context);
[[nodiscard]] Result<std::vector<Limit>> http_streams(const Context& context);
[[nodiscard]] Result<std::vector<Limit>> up_memory(const Context& context);

// Candle rows per trade of both inputs. What the figures above say holds for busy days alone.
struct Density {
  std::string input;
  std::uint64_t trades = 0;
  std::uint64_t rows = 0;
  [[nodiscard]] double rows_per_trade() const {
    return static_cast<double>(rows) / static_cast<double>(trades);
  }
};
inline constexpr double kRowsPerTradeMin = 0.06;
inline constexpr double kRowsPerTradeMax = 0.09;
[[nodiscard]] Result<Density> density_of(const Context& context, const std::string& name,
                                         const synth::Options& input);

// Peak memory of `frontmonth candles` on this many trades, and on ten times as many.
struct Memory {
  std::uint64_t trades = 0;
  std::uint64_t bytes = 0;
  std::uint64_t trades_more = 0;
  std::uint64_t bytes_more = 0;
};
inline constexpr std::uint64_t kMemoryMax = std::uint64_t{256} << 20;
// "The same": what an allocator's rounding and the input's own tables may differ by.
inline constexpr double kMemoryGrowthMax = 1.10;
[[nodiscard]] Result<Memory> measure_memory(const Context& context);

}  // namespace fm::bench
