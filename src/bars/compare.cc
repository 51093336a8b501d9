#include "bars/compare.h"

#include <map>
#include <utility>

#include "bars/bar_rows.h"
#include "bars/sources.h"
#include "bars/trade_days.h"
#include "base/assert.h"
#include "table/catalogue.h"

namespace fm::bars {
namespace {

using HourKey = std::pair<Second, std::string>;
using Hours = std::map<HourKey, Bar>;

// One UTC date after the other, so that two of them are in memory at a time.
class HoursByDate {
 public:
  HoursByDate(std::unique_ptr<table::RowStream> rows, std::string root)
      : rows_(std::move(rows)), root_(std::move(root)), batch_(rows_->table()) {}

  // The date of the next hours; nothing at the end.
  Result<std::optional<Date>> next_date() {
    FM_ASSIGN(const bool more, fill());
    if (!more) return std::nullopt;
    return Date::of_second(second());
  }

  Result<Hours> take(Date date) {
    Hours hours;
    for (;;) {
      FM_ASSIGN(const bool more, fill());
      if (!more || Date::of_second(second()) != date) return hours;
      Bar bar;
      bar.open = number("open");
      bar.high = number("high");
      bar.low = number("low");
      bar.close = number("close");
      bar.volume = batch_.int64s(at("volume"))[row_];
      hours.emplace(HourKey(second(), batch_.text(at("symbol"), row_)), bar);
      ++row_;
    }
  }

 private:
  Result<bool> fill() {
    for (;;) {
      for (; row_ < batch_.size(); ++row_)
        if (is_wanted()) return true;
      row_ = 0;
      FM_ASSIGN(const bool more, rows_->next(batch_));
      if (!more) return false;
    }
  }
  [[nodiscard]] bool is_wanted() const {
    if (&rows_->table() == &table::bars_1h())
      return batch_.text(at("source"), row_) == kMinuteSource;
    return batch_.text(at("root"), row_) == root_;
  }
  [[nodiscard]] std::size_t at(std::string_view column) const {
    return batch_.table().column_index(column);
  }
  [[nodiscard]] Second second() { return batch_.int64s(at("ts_event"))[row_] / kMicrosPerSecond; }
  [[nodiscard]] double number(std::string_view column) { return batch_.doubles(at(column))[row_]; }

  std::unique_ptr<table::RowStream> rows_;
  std::string root_;
  table::RowBatch batch_;
  std::size_t row_ = 0;
};

bool same_prices(const Bar& one, const Bar& other) {
  return one.open == other.open && one.high == other.high && one.low == other.low &&
         one.close == other.close;
}

void compare_date(const Hours& ours, const Hours& theirs, std::size_t max,
                  HourComparison& comparison) {
  const auto note = [&](HourDifference difference, const HourKey& key, const Bar* our,
                        const Bar* their) {
    ++comparison.different;
    if (comparison.differences.size() == max) return;
    comparison.differences.push_back({difference, key.first, key.second,
                                      our != nullptr ? std::optional(*our) : std::nullopt,
                                      their != nullptr ? std::optional(*their) : std::nullopt});
  };
  auto our = ours.begin();
  auto their = theirs.begin();
  while (our != ours.end() || their != theirs.end()) {
    if (their == theirs.end() || (our != ours.end() && our->first < their->first)) {
      note(HourDifference::kOnlyOurs, our->first, &our->second, nullptr);
      ++our;
    } else if (our == ours.end() || their->first < our->first) {
      note(HourDifference::kOnlyTheirs, their->first, nullptr, &their->second);
      ++their;
    } else {
      if (!same_prices(our->second, their->second))
        note(HourDifference::kPrices, our->first, &our->second, &their->second);
      else if (our->second.volume != their->second.volume)
        note(HourDifference::kVolume, our->first, &our->second, &their->second);
      else
        ++comparison.equal;
      ++our;
      ++their;
    }
  }
}

}  // namespace

std::string_view name(HourDifference difference) {
  switch (difference) {
    case HourDifference::kOnlyOurs:
      return "only_ours";
    case HourDifference::kOnlyTheirs:
      return "only_theirs";
    case HourDifference::kPrices:
      return "prices";
    case HourDifference::kVolume:
      return "volume";
  }
  FM_ASSERT(false);
}

Result<HourComparison> compare_hours(const lake::Lake& lake, const std::string& root, Date from,
                                     Date before, std::size_t differences_max) {
  std::vector<std::string_view> columns = bar_columns();
  columns.push_back("root");
  // By trade date, which may be days later than an hour's UTC date.
  constexpr int kTradeDateLagMax = 8;
  std::vector<std::string_view> our_columns = bar_columns();
  our_columns.push_back("source");
  HoursByDate ours(read_years(lake, table::bars_1h(), root, from, before + kTradeDateLagMax,
                              std::move(our_columns)),
                   root);
  HoursByDate theirs(
      read_years(lake, table::databento_futures_ohlcv_1h(), root, from, before, std::move(columns)),
      root);
  HourComparison comparison;
  for (;;) {
    FM_ASSIGN(const auto our_date, ours.next_date());
    FM_ASSIGN(const auto their_date, theirs.next_date());
    if (!our_date || !their_date || *their_date >= before) return comparison;
    if (*our_date < *their_date || *our_date < from) {
      FM_TRY(ours.take(*our_date));
    } else if (*their_date < *our_date) {
      FM_TRY(theirs.take(*their_date));
    } else {
      FM_ASSIGN(const Hours our_hours, ours.take(*our_date));
      FM_ASSIGN(const Hours their_hours, theirs.take(*their_date));
      compare_date(our_hours, their_hours, differences_max, comparison);
    }
  }
}

}  // namespace fm::bars
