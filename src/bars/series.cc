#include "bars/series.h"

#include <algorithm>
#include <map>
#include <utility>

#include "base/assert.h"
#include "table/catalogue.h"

namespace fm::bars {
namespace {

std::size_t stretch_of(const std::vector<Stretch>& stretches, std::size_t date) {
  const auto next = std::ranges::upper_bound(stretches, date, {}, &Stretch::first_date);
  FM_ASSERT(next != stretches.begin());
  return static_cast<std::size_t>(next - stretches.begin()) - 1;
}

// A series in one adjustment, with its id: rows of one moment are in the order of ids.
struct Identified {
  std::string id;
  const Series* series;
  Adjustment adjustment;
};

std::vector<Identified> identified(std::string_view root, const std::vector<Series>& series) {
  std::vector<Identified> all;
  for (const Series& one : series)
    for (const Adjustment adjustment : kAdjustments)
      all.push_back({cont_id(root, one.rule, adjustment), &one, adjustment});
  std::ranges::sort(all, {}, &Identified::id);
  return all;
}

template <class Value, class Append>
void append_or_null(const std::optional<Value>& value, table::RowAppender& to, Append append) {
  if (value)
    append(*value);
  else
    to.null();
}

void append_day(const ContractHistory& history, const Identified& what, const SeriesDay& day,
                table::RowBatch& batch) {
  const auto adjuster = Adjuster::of(*what.series, day.stretch, what.adjustment);
  FM_ASSERT(adjuster.has_value());
  const ContractDay& bar = *history.find(day.date, day.contract);
  table::RowAppender to(batch);
  to.date(history.dates[day.date]).text(history.root).text(what.id);
  for (const Price price : {bar.open, bar.high, bar.low, bar.close})
    to.number(to_double((*adjuster)(price)));
  append_or_null(bar.settle, to, [&](Price settle) { to.number(to_double((*adjuster)(settle))); });
  to.int64(bar.volume);
  append_or_null(bar.open_interest, to, [&](std::int64_t quantity) { to.int64(quantity); });
  to.number(adjuster->back_adj()).boolean(day.roll);
  to.text(history.contracts[day.contract].symbol).text(name(what.series->rule));
  to.int32(what.series->rule.rank).text(name(what.adjustment));
  to.text(bar.basis_is_utc ? "utc" : "trade_date").boolean(bar.merged_sunday).end();
}

// When a series first comes to each contract.
std::map<ContractNumber, Date> first_dates(const ContractHistory& history, const Series* series) {
  std::map<ContractNumber, Date> first;
  if (series == nullptr) return first;
  for (const Stretch& stretch : series->stretches)
    first.emplace(stretch.contract, history.dates[stretch.first_date]);
  return first;
}

}  // namespace

Result<Series> make_series(const ContractHistory& history, const RollRule& rule,
                           const TradeDates& dates, const OpenInterestKnown& open_interest) {
  FM_ASSIGN(const Active active, choose_contracts(history, rule, dates, open_interest));
  Series series;
  series.rule = rule;
  series.stretches = stretches_of(history, active);
  series.differences = difference_adjustments(series.stretches);
  series.ratios = ratio_adjustments(series.stretches);
  for (std::size_t i = 0; i < active.size(); ++i) {
    if (!active[i]) {
      ++series.dates_without_choice;
      continue;
    }
    if (history.find(i, *active[i]) == nullptr) {
      ++series.dates_without_bar;
      continue;
    }
    const bool roll = !series.days.empty() && series.days.back().contract != *active[i];
    series.days.push_back({i, *active[i], stretch_of(series.stretches, i), roll});
  }
  return series;
}

std::optional<Adjuster> Adjuster::of(const Series& series, std::size_t stretch,
                                     Adjustment adjustment) {
  Adjuster adjuster;
  adjuster.adjustment_ = adjustment;
  if (adjustment == Adjustment::kDifference) {
    if (!series.differences[stretch]) return std::nullopt;
    adjuster.difference_ = *series.differences[stretch];
  }
  if (adjustment == Adjustment::kRatio) {
    if (!series.ratios[stretch]) return std::nullopt;
    adjuster.ratio_ = *series.ratios[stretch];
  }
  return adjuster;
}

Price Adjuster::operator()(Price price) const {
  switch (adjustment_) {
    case Adjustment::kNone:
      return price;
    case Adjustment::kDifference:
      return price + difference_;
    case Adjustment::kRatio:
      return times(price, ratio_);
  }
  FM_ASSERT(false);
}

double Adjuster::back_adj() const {
  switch (adjustment_) {
    case Adjustment::kNone:
      return 0;
    case Adjustment::kDifference:
      return to_double(difference_);
    case Adjustment::kRatio:
      return static_cast<double>(ratio_) / static_cast<double>(kFactorOne);
  }
  FM_ASSERT(false);
}

RowList continuous_days(const ContractHistory& history, const std::vector<Series>& series,
                        DateRange dates) {
  RowList rows(table::databento_futures_continuous_1d());
  const std::vector<Identified> all = identified(history.root, series);
  std::vector<std::size_t> next(all.size(), 0);  // in the days of each
  for (std::size_t i = 0; i < history.dates.size(); ++i) {
    for (std::size_t k = 0; k < all.size(); ++k) {
      const auto& days = all[k].series->days;
      if (next[k] == days.size() || days[next[k]].date != i) continue;
      const SeriesDay& day = days[next[k]++];
      if (dates.contains(history.dates[i]) &&
          Adjuster::of(*all[k].series, day.stretch, all[k].adjustment))
        append_day(history, all[k], day, rows.space());
    }
  }
  return rows;
}

RowList roll_rows(const ContractHistory& history, const std::vector<Series>& series,
                  const Series* by_volume, const Series* by_open_interest, DateRange dates) {
  const auto volume_dates = first_dates(history, by_volume);
  const auto oi_dates = first_dates(history, by_open_interest);
  struct Roll {
    const Series* series;
    std::string method;
    std::size_t stretch;
  };
  std::vector<Roll> rolls;
  for (const Series& one : series)
    for (std::size_t i = 0; i < one.stretches.size(); ++i)
      if (dates.contains(history.dates[one.stretches[i].first_date]))
        rolls.push_back({&one, name(one.rule), i});
  std::ranges::sort(rolls, {}, [](const Roll& roll) {
    return std::tuple(roll.series->stretches[roll.stretch].first_date, roll.method,
                      roll.series->rule.rank);
  });

  RowList rows(table::roll_calendar());
  for (const Roll& roll : rolls) {
    const Stretch& stretch = roll.series->stretches[roll.stretch];
    const ContractFacts& contract = history.contracts[stretch.contract];
    const auto date_in = [&](const std::map<ContractNumber, Date>& first) {
      const auto found = first.find(stretch.contract);
      return found != first.end() ? std::optional(found->second) : std::nullopt;
    };
    table::RowAppender to(rows.space());
    const auto date = [&](Date value) { to.date(value); };
    to.date(history.dates[stretch.first_date]).text(history.root).text(roll.method);
    to.int32(roll.series->rule.rank).text(contract.symbol);
    if (roll.stretch > 0)
      to.text(history.contracts[roll.series->stretches[roll.stretch - 1].contract].symbol);
    else
      to.null();
    append_or_null(contract.first_notice_date, to, date);
    append_or_null(contract.last_trade_date, to, date);
    append_or_null(date_in(volume_dates), to, date);
    append_or_null(date_in(oi_dates), to, date);
    append_or_null(stretch.gap, to,
                   [&](const Stretch::Gap& gap) { to.date(history.dates[gap.date]); });
    append_or_null(stretch.gap, to,
                   [&](const Stretch::Gap& gap) { to.number(to_double(gap.difference())); });
    if (stretch.gap && stretch.gap->has_ratio())
      to.number(static_cast<double>(stretch.gap->after) / static_cast<double>(stretch.gap->before));
    else
      to.null();
    to.end();
  }
  return rows;
}

ContinuousBars::ContinuousBars(const table::Table& table, std::unique_ptr<table::RowStream> rows,
                               const ContractHistory& history, const std::vector<Series>& series,
                               const market::Calendar& calendar, DateRange dates)
    : table_(&table),
      rows_(std::move(rows)),
      history_(&history),
      calendar_(calendar, history.root),
      range_(dates),
      in_(rows_->table()) {
  for (Identified& one : identified(history.root, series))
    outputs_.push_back({one.series, one.adjustment, std::move(one.id), name(one.series->rule)});
}

void ContinuousBars::begin_date(Date date) {
  date_ = date;
  for (Output& output : outputs_) {
    const auto& days = output.series->days;
    while (output.day < days.size() && history_->dates[days[output.day].date] < date) ++output.day;
    output.adjuster.reset();
    output.is_first = true;
    if (output.day == days.size() || history_->dates[days[output.day].date] != date) continue;
    output.adjuster = Adjuster::of(*output.series, days[output.day].stretch, output.adjustment);
    output.symbol = history_->contracts[days[output.day].contract].symbol;
  }
}

// All bars of the next moment that belong to a series; false at the end.
Result<bool> ContinuousBars::take_moment() {
  pending_.clear();
  given_ = 0;
  const table::Table& from = in_.table();
  const std::size_t time = from.column_index("ts_event");
  const std::size_t symbol = from.column_index("symbol");
  for (;;) {
    if (row_ == in_.size()) {
      row_ = 0;
      FM_ASSIGN(const bool more, rows_->next(in_));
      if (!more) break;
    }
    const std::int64_t now = in_.int64s(time)[row_];
    if (!pending_.empty() && now != moment_us_) break;
    moment_us_ = now;
    const Date date = calendar_.of(now / kMicrosPerSecond);
    if (date_ != date) begin_date(date);
    const std::string_view text = in_.text(symbol, row_);
    for (std::size_t k = 0; k < outputs_.size() && range_.contains(date); ++k) {
      if (!outputs_[k].adjuster || outputs_[k].symbol != text) continue;
      const auto price = [&](std::string_view column) {
        return price_of(in_.doubles(from.column_index(column))[row_]);
      };
      pending_.push_back({k, price("open"), price("high"), price("low"), price("close"),
                          in_.int64s(from.column_index("volume"))[row_]});
    }
    ++row_;
  }
  std::ranges::sort(pending_, {}, &Pending::output);
  return !pending_.empty();
}

void ContinuousBars::append(const Pending& pending, table::RowBatch& batch) {
  Output& output = outputs_[pending.output];
  const Adjuster& adjust = *output.adjuster;
  table::RowAppender to(batch);
  to.timestamp(moment_us_).text(history_->root).text(output.id).date(*date_);
  for (const Price price : {pending.open, pending.high, pending.low, pending.close})
    to.number(to_double(adjust(price)));
  to.int64(pending.volume).number(adjust.back_adj());
  to.boolean(output.is_first && output.series->days[output.day].roll);
  to.text(output.symbol).text(output.method).int32(output.series->rule.rank);
  to.text(name(output.adjustment)).end();
  output.is_first = false;
}

Result<bool> ContinuousBars::next(table::RowBatch& batch) {
  batch.clear();
  while (!batch.full()) {
    if (given_ == pending_.size()) {
      FM_ASSIGN(const bool more, take_moment());
      if (!more) break;
    }
    append(pending_[given_++], batch);
  }
  return batch.size() > 0;
}

}  // namespace fm::bars
