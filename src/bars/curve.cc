#include "bars/curve.h"

#include <array>
#include <map>
#include <string>
#include <utility>

#include "market/contract.h"
#include "table/catalogue.h"

namespace fm::bars {
namespace {

// A contract's place on one date's curve.
struct Point {
  ContractFacts contract;
  const ContractDay* day = nullptr;  // absent: it did not trade
  std::optional<Price> settle = {};
  std::optional<std::int64_t> open_interest = {};
};

struct Tenor {
  std::string_view name;
  std::size_t near_rank;
  std::size_t far_rank;
};
constexpr std::array kTenors{Tenor{"m1_m12", 0, 11}, Tenor{"m1_m2", 0, 1}, Tenor{"m1_m3", 0, 2},
                             Tenor{"m1_m6", 0, 5}, Tenor{"m2_m3", 1, 2}};

// A contract that was only ever settled is not in the history.
std::optional<ContractFacts> facts_of(const ContractHistory& history, const std::string& symbol,
                                      Date on) {
  if (const auto number = history.number_of(symbol, on)) return history.contracts[*number];
  const auto contract = market::Contract::parse(symbol, on);
  if (!contract) return std::nullopt;
  const Date delivery(contract->delivery().year, contract->delivery().month, 1);
  return ContractFacts{.symbol = symbol,
                       .delivery = delivery,
                       .last_trade_date = history.by_rule.last_trade(delivery)};
}

std::vector<Point> points_of(const ContractHistory& history, std::size_t date,
                             const StatisticsBook& statistics) {
  const Date on = history.dates[date];
  std::map<std::pair<Date, std::string>, Point> points;
  for (const ContractDay& day : history.days[date]) {
    const ContractFacts& facts = history.contracts[day.contract];
    points[{facts.delivery, facts.symbol}] = {facts, &day, day.settle, day.open_interest};
  }
  if (const auto known = statistics.dates().find(on); known != statistics.dates().end()) {
    for (const auto& [symbol, statistic] : known->second) {
      const auto facts = facts_of(history, symbol, on);
      if (!facts || !statistic.settle) continue;
      points.try_emplace(
          {facts->delivery, facts->symbol},
          Point{*facts, nullptr, price_of(*statistic.settle), statistic.open_interest});
    }
  }
  std::vector<Point> all;
  for (auto& [key, point] : points) {
    const auto& last = point.contract.last_trade_date;
    if (!last || *last >= on) all.push_back(std::move(point));
  }
  return all;
}

std::int64_t months_between(Date from, Date to) {
  return (to.year() - from.year()) * 12 + static_cast<std::int64_t>(to.month()) -
         static_cast<std::int64_t>(from.month());
}

template <class Value, class Append>
void append_or_null(const std::optional<Value>& value, table::RowAppender& to, Append append) {
  if (value)
    append(*value);
  else
    to.null();
}

void append_point(const ContractHistory& history, Date date, const Point& point, std::int32_t rank,
                  table::RowBatch& batch) {
  const ContractFacts& facts = point.contract;
  const auto price = [](Price value) { return to_double(value); };
  table::RowAppender to(batch);
  const char letter = market::letter_of_month(facts.delivery.month());
  to.date(date).text(history.root).text(facts.symbol).date(facts.delivery);
  to.text({&letter, 1}).int64(months_between(date, facts.delivery)).int32(rank);
  append_or_null(point.settle, to, [&](Price settle) { to.number(price(settle)); });
  if (point.day != nullptr)
    to.number(price(point.day->close)).int64(point.day->volume);
  else
    to.null().null();
  append_or_null(point.open_interest, to, [&](std::int64_t quantity) { to.int64(quantity); });
  append_or_null(facts.last_trade_date, to, [&](Date last) { to.date(last); });
  to.end();
}

void append_spread(const ContractHistory& history, Date date, std::string_view tenor,
                   const Point& near_point, const Point& far_point, table::RowBatch& batch) {
  table::RowAppender to(batch);
  to.date(date).text(history.root).text(tenor);
  if (near_point.day != nullptr && far_point.day != nullptr)
    to.number(to_double(near_point.day->close - far_point.day->close));
  else
    to.null();
  if (near_point.settle && far_point.settle)
    to.number(to_double(*near_point.settle - *far_point.settle));
  else
    to.null();
  to.text(near_point.contract.symbol);
  to.text(far_point.contract.symbol).end();
}

}  // namespace

CurveRows curve_rows(const ContractHistory& history, const StatisticsBook& statistics,
                     DateRange dates) {
  CurveRows rows{.curve = RowList(table::futures_curve_1d()),
                 .spreads = RowList(table::calendar_spreads_1d())};
  for (std::size_t i = 0; i < history.dates.size(); ++i) {
    const Date date = history.dates[i];
    if (!dates.contains(date)) continue;
    const std::vector<Point> points = points_of(history, i, statistics);
    // The table is in the order of contracts' texts.
    std::map<std::string_view, std::size_t> by_symbol;
    for (std::size_t rank = 0; rank < points.size(); ++rank)
      by_symbol.emplace(points[rank].contract.symbol, rank);
    for (const auto& [symbol, rank] : by_symbol)
      append_point(history, date, points[rank], static_cast<std::int32_t>(rank),
                   rows.curve.space());
    for (const Tenor& tenor : kTenors)
      if (tenor.far_rank < points.size())
        append_spread(history, date, tenor.name, points[tenor.near_rank], points[tenor.far_rank],
                      rows.spreads.space());
  }
  return rows;
}

}  // namespace fm::bars
