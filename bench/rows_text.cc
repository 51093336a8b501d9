// JSON lines to candles, against simdjson that reads every field and does nothing with it.
#include "baselines/simdjson_fields.h"
#include "rows.h"
#include "run_engine.h"

namespace fm::bench {

Result<Row> json_to_candles_row(const Context& context) {
  FM_ASSIGN(const std::string path, ensure_file(*context.env, context.data,
                                                eight_contracts(context.data), "eight", ".jsonl"));
  Row row;
  row.id = "json_to_candles";
  row.work = "JSON lines to candles";
  row.baseline = "simdjson, every field read";
  row.unit = "records";
  row.amount = static_cast<double>(context.data.records);
  row.at_least = 0.85;
  row.one_core = true;
  row.measure_baseline = [path, env = context.env,
                          records = context.data.records]() -> Result<double> {
    FM_ASSIGN(const ParsedLines parsed, parse_every_field(*env, path));
    if (parsed.lines != records) {
      return fail(Code::kInternal, "{}: {} lines of {}", path, parsed.lines, records);
    }
    return parsed.cpu_seconds;
  };
  row.measure_ours = [path, env = context.env] {
    return time_cpu([&]() -> Status {
      FM_ASSIGN(const EngineRun run, candles_of_json(*env, path));
      keep(run.volume);
      return {};
    });
  };
  return row;
}

}  // namespace fm::bench
