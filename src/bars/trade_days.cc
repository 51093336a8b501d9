#include "bars/trade_days.h"

#include <algorithm>
#include <array>
#include <map>
#include <span>
#include <utility>

#include "base/assert.h"

namespace fm::bars {
namespace {

constexpr std::array<std::string_view, 9> kColumns{"ts_event",     "symbol", "instrument_id",
                                                   "publisher_id", "open",   "high",
                                                   "low",          "close",  "volume"};

}  // namespace

std::vector<std::string_view> bar_columns() { return {kColumns.begin(), kColumns.end()}; }

// The columns of the batch under way.
struct RolledDays::Columns {
  explicit Columns(const table::RowBatch& batch)
      : time(batch.int64s(batch.table().column_index(kColumns[0]))),
        symbol(batch.text_codes(batch.table().column_index(kColumns[1]))),
        instrument(batch.int64s(batch.table().column_index(kColumns[2]))),
        publisher(batch.int64s(batch.table().column_index(kColumns[3]))),
        open(batch.doubles(batch.table().column_index(kColumns[4]))),
        high(batch.doubles(batch.table().column_index(kColumns[5]))),
        low(batch.doubles(batch.table().column_index(kColumns[6]))),
        close(batch.doubles(batch.table().column_index(kColumns[7]))),
        volume(batch.int64s(batch.table().column_index(kColumns[8]))) {}

  void add_to(Bar& bar, std::size_t row) const {
    if (bar.bars == 0) {
      bar.first_us = time[row];
      bar.open = open[row];
      bar.high = high[row];
      bar.low = low[row];
    } else {
      bar.high = std::max(bar.high, high[row]);
      bar.low = std::min(bar.low, low[row]);
    }
    bar.price_volume += Int128{price_of(close[row])} * volume[row];
    bar.last_us = time[row];
    bar.close = close[row];
    bar.volume += volume[row];
    bar.instrument_id = instrument[row];
    bar.publisher_id = publisher[row];
    bar.bars += 1;
  }

  std::span<const std::int64_t> time;
  std::span<const std::int32_t> symbol;
  std::span<const std::int64_t> instrument;
  std::span<const std::int64_t> publisher;
  std::span<const double> open;
  std::span<const double> high;
  std::span<const double> low;
  std::span<const double> close;
  std::span<const std::int64_t> volume;
};

RolledDays::RolledDays(std::unique_ptr<table::RowStream> rows, const market::Calendar& calendar,
                       std::string_view root, std::string source, DateRange dates)
    : rows_(std::move(rows)),
      dates_(calendar, root),
      root_(root),
      source_(std::move(source)),
      range_(dates),
      filters_root_(rows_->table().root_column.empty()),
      batch_(rows_->table()) {}

void RolledDays::number_symbols() {
  const std::size_t column = batch_.table().column_index("symbol");
  number_of_code_.resize(batch_.text_count(column));
  for (std::size_t code = 0; code < number_of_code_.size(); ++code) {
    const std::string_view text = batch_.text_of_code(column, static_cast<std::int32_t>(code));
    auto found = number_of_symbol_.find(text);
    if (found == number_of_symbol_.end()) {
      found = number_of_symbol_.emplace(text, static_cast<std::uint32_t>(symbols_.size())).first;
      symbols_.emplace_back(text);
      open_.emplace_back();
    }
    number_of_code_[code] = found->second;
  }
}

void RolledDays::close_hour(TradeDay& day) {
  std::ranges::sort(touched_, {}, [&](std::uint32_t n) -> const auto& { return symbols_[n]; });
  for (const std::uint32_t n : touched_) {
    day.hours.push_back({hour_, symbols_[n], open_[n]});
    open_[n] = {};
  }
  touched_.clear();
}

// Rows of the batch up to the end of a trade date, which makes it true.
Result<bool> RolledDays::take(TradeDay& day) {
  const Columns columns(batch_);
  const bool filters = filters_root_;
  const std::size_t root_column = filters ? batch_.table().column_index("root") : 0;
  Second hour_end_us = touched_.empty() ? 0 : (hour_ + kSecondsPerHour) * kMicrosPerSecond;
  for (; row_ < batch_.size(); ++row_) {
    if (filters && batch_.text(root_column, row_) != root_) continue;
    const std::int64_t time = columns.time[row_];
    if (time >= hour_end_us || touched_.empty()) {
      const Second second = time / kMicrosPerSecond;
      const Date date = dates_.of(second);
      if (!touched_.empty()) {
        close_hour(day);
        if (date != hour_date_) {
          day.date = hour_date_;
          return true;
        }
      } else if (!day.hours.empty() && date != hour_date_) {
        day.date = hour_date_;
        return true;
      }
      if (!range_.contains(date)) continue;
      hour_ = second - second % kSecondsPerHour;
      hour_date_ = date;
      hour_end_us = (hour_ + kSecondsPerHour) * kMicrosPerSecond;
    }
    const std::uint32_t n = number_of_code_[static_cast<std::size_t>(columns.symbol[row_])];
    Bar& bar = open_[n];
    if (bar.bars == 0) touched_.push_back(n);
    columns.add_to(bar, row_);
  }
  return false;
}

Result<bool> RolledDays::next(TradeDay& day) {
  day.hours.clear();
  day.source = source_;
  for (;;) {
    if (row_ < batch_.size()) {
      FM_ASSIGN(const bool whole, take(day));
      if (whole) return true;
    }
    if (ended_) break;
    FM_ASSIGN(const bool more, rows_->next(batch_));
    ended_ = !more;
    row_ = 0;
    if (more) number_symbols();
  }
  if (!touched_.empty()) close_hour(day);
  day.date = hour_date_;
  return !day.hours.empty();
}

PreferredDays::PreferredDays(std::unique_ptr<TradeDayStream> first,
                             std::unique_ptr<TradeDayStream> second)
    : first_{std::move(first)}, second_{std::move(second)} {}

Status PreferredDays::Head::fill() {
  if (day || ended) return {};
  TradeDay next;
  FM_ASSIGN(const bool more, stream->next(next));
  ended = !more;
  if (more) day = std::move(next);
  return {};
}

Result<bool> PreferredDays::next(TradeDay& day) {
  FM_TRY(first_.fill());
  FM_TRY(second_.fill());
  if (!first_.day && !second_.day) return false;
  const bool takes_second = !first_.day || (second_.day && second_.day->date < first_.day->date);
  if (!takes_second && second_.day && second_.day->date == first_.day->date) second_.day.reset();
  Head& head = takes_second ? second_ : first_;
  day = *std::exchange(head.day, std::nullopt);
  return true;
}

std::vector<DayBar> days_of(const TradeDay& day) {
  std::map<std::string_view, Bar> bars;
  for (const HourBar& hour : day.hours) bars[hour.symbol].add(hour.bar);
  std::vector<DayBar> days;
  days.reserve(bars.size());
  for (auto& [symbol, bar] : bars) days.push_back({day.date, std::string(symbol), bar});
  return days;
}

}  // namespace fm::bars
