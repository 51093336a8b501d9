// What a user runs, from outside: the program's own start and end are part of it.
#include "process.h"
#include "rows.h"

namespace fm::bench {
namespace {

Result<ProcessCost> run_candles(const Context& context, const std::string& input) {
  const std::string output = join(context.data.directory, "candles.parquet");
  auto cost = run_process({context.binary, "candles", input, "-o", output});
  if (cost) FM_TRY(context.env->remove(output));
  return cost;
}

}  // namespace

Result<Row> zstd_to_parquet_row(const Context& context) {
  FM_ASSIGN(const std::string path,
            ensure_file(*context.env, context.data, dense_days(context.data), "dense", ".dbn.zst"));
  Row row;
  row.id = "zstd_to_parquet";
  row.work = "`frontmonth candles` zstd DBN to Parquet, two cores";
  row.baseline = "`zstd -dc` of the same file to nowhere";
  row.unit = "records";
  row.amount = static_cast<double>(context.data.records);
  row.at_least = 0.5;
  row.aim = 0.7;
  row.measure_baseline = [path, context]() -> Result<double> {
    FM_ASSIGN(const ProcessCost cost, run_process({"zstd", "-q", "-dc", path}));
    return cost.seconds;
  };
  row.measure_ours = [path, context]() -> Result<double> {
    FM_ASSIGN(const ProcessCost cost, run_candles(context, path));
    return cost.seconds;
  };
  return row;
}

Result<Memory> measure_memory(const Context& context) {
  DataOptions more = context.data;
  more.records *= 10;
  FM_TRY(check_peak_bytes());
  FM_ASSIGN(const std::string path,
            ensure_file(*context.env, context.data, dense_days(context.data), "dense", ".dbn.zst"));
  FM_ASSIGN(const std::string path_more,
            ensure_file(*context.env, more, dense_days(more), "dense", ".dbn.zst"));
  FM_ASSIGN(const ProcessCost cost, run_candles(context, path));
  FM_ASSIGN(const ProcessCost cost_more, run_candles(context, path_more));
  return Memory{.trades = context.data.records,
                .bytes = cost.peak_bytes,
                .trades_more = more.records,
                .bytes_more = cost_more.peak_bytes};
}

}  // namespace fm::bench
