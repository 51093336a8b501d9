#include "server/coverage.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>
#include <span>

#include "jobs/audit.h"
#include "jobs/progress.h"
#include "server/context.h"
#include "table/catalogue.h"

namespace fm::server {
namespace {

constexpr std::array kTimeframes{
    Timeframe{"1m", table::databento_futures_ohlcv_1m, 60, "ohlcv-1m"},
    Timeframe{"candles", table::candle_sessions, 1, ""},
    Timeframe{"1m_live", table::futures_ohlcv_1m_live, 60, ""},
    Timeframe{"1s", table::databento_futures_ohlcv_1s, 1, "ohlcv-1s"},
    Timeframe{"1h", table::databento_futures_ohlcv_1h, 3'600, "ohlcv-1h"},
    Timeframe{"1d", table::databento_futures_ohlcv_1d_utc, kSecondsPerDay, "ohlcv-1d"},
};

std::string index_root(const std::string& root, const table::Table& table) {
  return table.root_column.empty() ? "" : root;
}

}  // namespace

std::span<const Timeframe> timeframes() { return kTimeframes; }

MadeFrom CoverageBook::made_from(const std::string& root, const Timeframe& timeframe, int year) {
  const table::Table& table = timeframe.table();
  return {.table = &table,
          .root = index_root(root, table),
          .from = Date(year, 1, 1),
          .before = Date(year + 1, 1, 1)};
}

Result<std::vector<int>> CoverageBook::years(const std::string& root, const Timeframe& timeframe) {
  const table::Table& table = timeframe.table();
  FM_TRY(context_.index.look(table));
  const auto index = context_.index.find(table, index_root(root, table));
  std::set<int> years;
  if (index)
    for (const PartitionInfo& partition : index->partitions)
      if (partition.rows > 0) years.insert(partition.first.year());
  return std::vector<int>(years.begin(), years.end());
}

Result<CoverageBook::Days> CoverageBook::year(const std::string& root, const Timeframe& timeframe,
                                              int year) {
  FM_TRY(context_.index.look(timeframe.table()));
  const std::string key = fmt::format("{} {} {}", root, timeframe.name, year);
  const std::lock_guard lock(mutex_);
  const std::uint64_t stamp = stamp_of(context_.index, made_from(root, timeframe, year));
  if (const auto found = kept_.find(key); found != kept_.end() && found->second.stamp == stamp)
    return found->second.days;
  FM_ASSIGN(Days days, audit(root, timeframe, year));
  if (kept_.size() >= kYearsKept) kept_.erase(kept_.begin());
  kept_[key] = {.stamp = stamp, .days = days};
  return days;
}

Result<CoverageBook::Days> CoverageBook::audit(const std::string& root, const Timeframe& timeframe,
                                               int year) {
  const table::Table& table = timeframe.table();
  jobs::AuditOptions options{.lake = context_.options.lake,
                             .state_dir = context_.lake->state_dir(),
                             .universe_file = context_.options.universe_file,
                             .roots = {root},
                             .timeframes = {std::string(timeframe.name)},
                             .threads = 1};
  options.from = Date(year, 1, 1);
  options.to = Date(year, 12, 31);
  const auto index = context_.index.find(table, index_root(root, table));
  if (index && !index->partitions.empty()) {
    const PartitionInfo& first = index->partitions.front();
    const PartitionInfo& last = index->partitions.back();
    if (first.first_second)
      options.from = std::max(*options.from, Date::of_second(*first.first_second));
    if (last.last_second)
      options.to = std::min(*options.to, Date::of_second(*last.last_second) + 1);
  }
  jobs::NoProgress silent;
  FM_ASSIGN(const auto report, jobs::run_audit(context_.env, options, silent));
  auto days = std::make_shared<std::vector<quality::DayCoverage>>();
  for (const quality::SeriesReport& series : report.series)
    if (series.root == root && series.timeframe == timeframe.name)
      for (const quality::DayCoverage& day : series.days)
        if (day.date.year() == year) days->push_back(day);
  return days;
}

}  // namespace fm::server
