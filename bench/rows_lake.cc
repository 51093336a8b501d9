// Candle rows into one partition of the lake, committed, against DuckDB's own COPY of the same
// rows.
#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "baselines/duckdb_copy.h"
#include "jobs/candle_rows.h"
#include "lake/lake.h"
#include "lake/parquet_writer.h"
#include "rows.h"
#include "run_engine.h"
#include "table/catalogue.h"
#include "table/row_batch.h"

namespace fm::bench {
namespace {

// What DuckDB takes by itself on two cores.
constexpr int kBaselineThreads = 2;

// Also the name of the drafts and lakes that the runs leave in the data directory.
constexpr const char* kLake = "lake";

// The rows of the dense days laid end to end as one root and trade date: one partition with as many
// rows as all those trades make.
void make_one_partition(std::vector<candles::CandleRow>& rows) {
  const candles::CandleRow first = rows.front();
  Second time = first.time;
  for (candles::CandleRow& row : rows) {
    row.ticker = first.ticker;
    row.symbol = first.symbol;
    row.trade_date = first.trade_date;
    row.time = time++;
  }
}

// Rows as the engine gives them, turned into columns on the way.
class MemoryStream final : public table::RowStream {
 public:
  MemoryStream(std::span<const candles::CandleRow> rows, const candles::Engine& names)
      : rest_(rows), names_(names) {}
  [[nodiscard]] const table::Table& table() const override { return table::candles_1m(); }
  [[nodiscard]] Result<bool> next(table::RowBatch& batch) override {
    batch.clear();
    const auto rows = rest_.first(std::min(rest_.size(), batch.rows_max()));
    jobs::append_rows(batch, rows, names_);
    rest_ = rest_.subspan(rows.size());
    return !rows.empty();
  }

 private:
  std::span<const candles::CandleRow> rest_;
  const candles::Engine& names_;
};

struct Prepared {
  KeptRows kept;
  std::unique_ptr<DuckdbCopy> copy;
};

Result<double> commit_partition(const Context& context, const KeptRows& kept) {
  Env& env = *context.env;
  const std::string directory = join(context.data.directory, kLake);
  // The same rows again would be no work.
  FM_TRY(remove_tree(env, directory));
  lake::LakeOptions options;
  options.state_dir = join(context.data.directory, "lake-state");
  FM_ASSIGN(auto lake, lake::Lake::open(env, directory, options));
  const candles::CandleRow& first = kept.rows.front();
  const lake::PartitionKey partition{.root = std::string(kept.engine->ticker(first.ticker)),
                                     .date = first.trade_date};
  MemoryStream rows(kept.rows, *kept.engine);
  const Nanos begin = env.monotonic();
  FM_ASSIGN(const lake::CommitReport report,
            lake->replace(table::candles_1m(), partition, rows, {}));
  const Nanos end = env.monotonic();
  if (report.rows != kept.rows.size()) {
    return fail(Code::kInternal, "the lake took {} rows of {}", report.rows, kept.rows.size());
  }
  return static_cast<double>(end - begin) / 1e9;
}

// The baseline's table is filled from the Parquet file that the lake itself would write.
Result<std::shared_ptr<Prepared>> prepare(const Context& context) {
  Env& env = *context.env;
  FM_ASSIGN(const std::string input,
            ensure_file(env, context.data, dense_days(context.data), "dense", ".dbn.zst"));
  FM_ASSIGN(KeptRows kept, keep_candles_of_dbn(env, input));
  if (kept.rows.empty()) return fail(Code::kInternal, "{} made no candles", input);
  make_one_partition(kept.rows);
  const std::string file = join(context.data.directory, "candles-rows.parquet");
  MemoryStream rows(kept.rows, *kept.engine);
  FM_TRY(lake::write_parquet(env, file, rows));
  FM_ASSIGN(DuckdbCopy copy, DuckdbCopy::load({file}, kBaselineThreads));
  FM_TRY(env.remove(file));
  auto prepared = std::make_shared<Prepared>();
  prepared->kept = std::move(kept);
  prepared->copy = std::make_unique<DuckdbCopy>(std::move(copy));
  return prepared;
}

}  // namespace

Result<Row> lake_write_row(const Context& context) {
  FM_ASSIGN(const auto prepared, prepare(context));
  Row row;
  row.id = "lake_write";
  row.work = "candle rows to the lake, one partition, committed";
  row.baseline = "DuckDB's COPY from its own memory";
  row.unit = "rows";
  row.amount = static_cast<double>(prepared->kept.rows.size());
  row.at_least = 0.6;
  row.aim = 0.75;
  row.measure_baseline = [prepared, context]() -> Result<double> {
    const std::string file = join(context.data.directory, "copy.parquet");
    FM_ASSIGN(const double seconds, prepared->copy->copy_to(*context.env, file));
    FM_TRY(context.env->remove(file));
    return seconds;
  };
  row.measure_ours = [prepared, context] { return commit_partition(context, prepared->kept); };
  return row;
}

}  // namespace fm::bench
