#include "minutes.h"

#include <algorithm>

#include "bars/bar.h"
#include "market/session.h"
#include "table/catalogue.h"
#include "table/row_batch.h"

namespace fm::bench {
namespace {

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
    to.int64(static_cast<std::int64_t>(state_ % 100 + 1)).boolean(false);
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

}  // namespace

Result<std::unique_ptr<lake::Lake>> open_minutes(const Context& context,
                                                 const std::string& directory) {
  lake::LakeOptions options;
  options.state_dir = directory + "-state";
  return lake::Lake::open(*context.env, directory, options);
}

Result<std::shared_ptr<MinutesLake>> ensure_minutes(const Context& context) {
  auto prepared = std::make_shared<MinutesLake>();
  const std::uint64_t rows_max = context.data.records * 2 / (std::size(kRoots) * kYears);
  prepared->directory =
      join(context.data.directory, fmt::format("minutes-2-{}", context.data.records));
  FM_ASSIGN(const auto lake, open_minutes(context, prepared->directory));
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

}  // namespace fm::bench
