// Years of minutes in the lake rolled up to hours and trade dates, committed, against DuckDB's
// GROUP BY of the same files.
#include <algorithm>
#include <memory>
#include <set>

#include "bars/bar.h"
#include "baselines/duckdb_group_by.h"
#include "jobs/rollup.h"
#include "lake/lake.h"
#include "market/session.h"
#include "rows.h"
#include "table/catalogue.h"
#include "table/row_batch.h"

namespace fm::bench {
namespace {

constexpr int kBaselineThreads = 2;  // what DuckDB takes by itself on two cores
constexpr int kFirstYear = 2021;
constexpr int kYears = 3;
constexpr const char* kRoots[] = {"CL", "ES", "GC", "NQ", "SI", "ZL", "ZS"};
constexpr const char* kMonths[] = {"H", "M", "U", "Z"};

// Every minute in session of one root and year, of four contracts, prices on a random walk.
class Minutes final : public table::RowStream {
 public:
  Minutes(std::string root, int year, std::uint64_t rows_max)
      : root_(std::move(root)),
        rows_left_(rows_max),
        family_(market::Calendar::builtin().template_of(root_)),
        time_(Date(year, 1, 1).first_second()),
        end_(Date(year + 1, 1, 1).first_second()) {
    for (const char* month : kMonths) {
      symbols_.push_back(root_ + month + std::to_string((year + 1) % 10));
      prices_.push_back(static_cast<double>(1'000 + 10 * symbols_.size()));
    }
  }
  [[nodiscard]] const table::Table& table() const override {
    return table::databento_futures_ohlcv_1m();
  }
  [[nodiscard]] Result<bool> next(table::RowBatch& batch) override {
    batch.clear();
    while (time_ < end_ && rows_left_ > 0 && batch.rows_max() - batch.size() >= symbols_.size()) {
      if (!span_.contains(time_)) {
        const auto span = market::Calendar::builtin().next_span(family_, time_);
        if (!span || span->open >= end_) break;
        span_ = *span;
        time_ = std::max(time_, span_.open);
      }
      for (std::size_t i = 0; i < symbols_.size(); ++i) append(batch, i);
      time_ += kSecondsPerMinute;
    }
    return batch.size() > 0;
  }

 private:
  // The same numbers on every machine.
  double step() {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 7;
    state_ ^= state_ << 17;
    return static_cast<double>(static_cast<int>(state_ % 9) - 4) * 0.25;
  }
  void append(table::RowBatch& batch, std::size_t i) {
    const Date date = Date::of_second(time_);
    const double open = prices_[i];
    const double close = open + step();
    prices_[i] = close;
    rows_left_ -= std::min<std::uint64_t>(rows_left_, 1);
    table::RowAppender to(batch);
    to.timestamp(time_ * bars::kMicrosPerSecond).text(root_).text(symbols_[i]);
    to.int64(static_cast<std::int64_t>(1'000 + i)).int64(1).number(open);
    to.number(std::max(open, close) + 0.25).number(std::min(open, close) - 0.25).number(close);
    to.int64(static_cast<std::int64_t>(state_ % 100)).boolean(false);
    to.date(Date(date.year() + 1, 3 * static_cast<unsigned>(i + 1), 1)).date(date);
    to.timestamp(0).text("bench").timestamp(0).end();
  }

  std::string root_;
  std::uint64_t rows_left_;
  market::TemplateId family_;
  Second time_;
  Second end_;
  market::SessionSpan span_;
  std::vector<std::string> symbols_;
  std::vector<double> prices_;
  std::uint64_t state_ = 88'172'645'463'325'252ULL;
};

struct Prepared {
  std::string directory;
  std::vector<std::string> files;
  std::uint64_t rows = 0;
};

Result<std::unique_ptr<lake::Lake>> open(const Context& context, const std::string& directory) {
  lake::LakeOptions options;
  options.state_dir = directory + "-state";
  return lake::Lake::open(*context.env, directory, options);
}

// Made once and kept. A quick run has a few minutes of each year.
Result<std::shared_ptr<Prepared>> prepare(const Context& context) {
  auto prepared = std::make_shared<Prepared>();
  const std::uint64_t rows_max = context.data.records * 2 / (std::size(kRoots) * kYears);
  prepared->directory =
      join(context.data.directory, fmt::format("minutes-{}", context.data.records));
  FM_ASSIGN(const auto lake, open(context, prepared->directory));
  const auto& table = table::databento_futures_ohlcv_1m();
  for (const char* root : kRoots) {
    for (int year = kFirstYear; year < kFirstYear + kYears; ++year) {
      const lake::PartitionKey partition{.root = root, .date = Date(year, 1, 1)};
      FM_ASSIGN(auto stored, lake->find(table, partition));
      if (!stored) {
        Minutes minutes(root, year, rows_max);
        FM_TRY(lake->replace(table, partition, minutes, {}));
        FM_ASSIGN(stored, lake->find(table, partition));
      }
      prepared->rows += stored->rows;
      for (const auto& file : stored->files) prepared->files.push_back(lake->store_path(file));
    }
  }
  return prepared;
}

// What an earlier run made goes before the clock starts.
Result<double> roll_up(const Context& context, const Prepared& prepared) {
  Env& env = *context.env;
  {
    FM_ASSIGN(const auto lake, open(context, prepared.directory));
    for (const auto* table : {&table::bars_1h(), &table::databento_futures_ohlcv_1d()}) {
      FM_ASSIGN(const auto partitions, lake->partitions(*table));
      for (const lake::Manifest& manifest : partitions) {
        table::EmptyStream none(*table);
        const int year = std::stoi(manifest.partition.substr(manifest.partition.size() - 4));
        FM_TRY(lake->replace(
            *table, {.root = manifest.partition.substr(7, 2), .date = Date(year, 1, 1)}, none, {}));
      }
    }
  }
  jobs::RollupOptions options;
  options.place.lake = prepared.directory;
  options.place.state_dir = prepared.directory + "-state";
  jobs::NoProgress progress;
  const Nanos begin = env.monotonic();
  FM_ASSIGN(const jobs::RollupReport report, jobs::run_rollup(env, options, progress));
  const double seconds = static_cast<double>(env.monotonic() - begin) / 1e9;
  std::uint64_t rows = 0;
  for (const jobs::DerivedPartition& partition : report.partitions) rows += partition.rows;
  if (rows == 0) return fail(Code::kInternal, "nothing was rolled up");
  return seconds;
}

}  // namespace

Result<Row> rollup_row(const Context& context) {
  FM_ASSIGN(const auto prepared, prepare(context));
  Row row;
  row.id = "rollup";
  row.work = "minutes in the lake to hours and trade dates, committed";
  row.baseline = "DuckDB's GROUP BY of the same files";
  row.unit = "rows";
  row.amount = static_cast<double>(prepared->rows);
  row.at_least = 1.0;
  row.measure_baseline = [prepared, context]() -> Result<double> {
    FM_ASSIGN(const GroupByTimes times,
              duckdb_group_by(*context.env, prepared->files, kBaselineThreads));
    if (times.hours == 0 || times.days == 0) return fail(Code::kInternal, "DuckDB grouped nothing");
    return times.seconds;
  };
  row.measure_ours = [prepared, context] { return roll_up(context, *prepared); };
  return row;
}

}  // namespace fm::bench
