#include "bars/contract_history.h"

#include <algorithm>

#include "bars/bar.h"
#include "bars/sources.h"
#include "market/contract.h"
#include "market/contract_date.h"
#include "table/catalogue.h"

namespace fm::bars {
namespace {

std::optional<Date> delivery_of(std::string_view symbol, Date on) {
  const auto contract = market::Contract::parse(symbol, on);
  if (!contract) return std::nullopt;
  return Date(contract->delivery().year, contract->delivery().month, 1);
}

market::YearMonth month_of(Date delivery) {
  return {static_cast<std::int16_t>(delivery.year()), static_cast<std::uint8_t>(delivery.month())};
}

// Contracts get their numbers when all are known.
struct Draft {
  using Key = std::pair<Date, std::string>;  // delivery, symbol
  struct Day {
    Date date;
    Key key;
    ContractDay day;
  };
  std::map<Key, ContractNumber> numbers;
  std::vector<Day> days;
};

template <class Value>
std::optional<Value> if_valid(const table::RowBatch& batch, std::size_t column, std::size_t row,
                              Value value) {
  return batch.is_null(column, row) ? std::nullopt : std::optional(value);
}

Status read_days(const lake::Lake& lake, const std::string& root, Draft& draft) {
  const table::Table& table = table::databento_futures_ohlcv_1d();
  const auto at = [&](std::string_view name) { return table.column_index(name); };
  lake::ReadRange range;
  range.root = root;
  range.columns = {"date",     "symbol", "open",         "high",          "low",
                   "close",    "settle", "volume",       "open_interest", "is_spread",
                   "delivery", "basis",  "merged_sunday"};
  FM_ASSIGN(const auto rows, lake.read(table, range));
  table::RowBatch filled(table);
  for (;;) {
    FM_ASSIGN(const bool more, rows->next(filled));
    if (!more) return {};
    const table::RowBatch& in = filled;
    for (std::size_t row = 0; row < in.size(); ++row) {
      if (in.int8s(at("is_spread"))[row] != 0 || in.is_null(at("delivery"), row)) continue;
      Draft::Day day;
      day.date = Date::from_days(in.int32s(at("date"))[row]);
      day.key = {Date::from_days(in.int32s(at("delivery"))[row]),
                 std::string(in.text(at("symbol"), row))};
      day.day.open = price_of(in.doubles(at("open"))[row]);
      day.day.high = price_of(in.doubles(at("high"))[row]);
      day.day.low = price_of(in.doubles(at("low"))[row]);
      day.day.close = price_of(in.doubles(at("close"))[row]);
      if (!in.is_null(at("settle"), row)) day.day.settle = price_of(in.doubles(at("settle"))[row]);
      day.day.volume = in.int64s(at("volume"))[row];
      day.day.open_interest =
          if_valid(in, at("open_interest"), row, in.int64s(at("open_interest"))[row]);
      day.day.basis_is_utc = in.text(at("basis"), row) == "utc";
      day.day.merged_sunday = in.int8s(at("merged_sunday"))[row] != 0;
      draft.numbers.emplace(day.key, 0);
      draft.days.push_back(std::move(day));
    }
  }
}

}  // namespace

std::optional<Date> ContractDates::last_trade(Date delivery) const {
  if (root == nullptr) return std::nullopt;
  return market::last_trade_date(*root, month_of(delivery), *calendar);
}

std::optional<Date> ContractDates::first_notice(Date delivery) const {
  if (root == nullptr) return std::nullopt;
  return market::first_notice_date(*root, month_of(delivery), *calendar);
}

const ContractDay* ContractHistory::find(std::size_t date, ContractNumber contract) const {
  const auto& day = days[date];
  const auto found = std::ranges::lower_bound(day, contract, {}, &ContractDay::contract);
  return found != day.end() && found->contract == contract ? &*found : nullptr;
}

std::optional<ContractNumber> ContractHistory::number_of(std::string_view symbol, Date on) const {
  const auto delivery = delivery_of(symbol, on);
  if (!delivery) return std::nullopt;
  const auto key = [](const ContractFacts& facts) {
    return std::pair<Date, std::string_view>(facts.delivery, facts.symbol);
  };
  const auto found = std::ranges::lower_bound(contracts, std::pair(*delivery, symbol), {}, key);
  if (found == contracts.end() || key(*found) != std::pair(*delivery, symbol)) return std::nullopt;
  return static_cast<ContractNumber>(found - contracts.begin());
}

Result<std::map<std::string, Expirations>> read_expirations(const lake::Lake& lake) {
  const table::Table& table = table::databento_definition();
  const auto at = [&](std::string_view name) { return table.column_index(name); };
  std::map<std::string, Expirations> by_root;
  FM_ASSIGN(const auto partitions, lake.partitions(table));
  for (const lake::Manifest& manifest : partitions) {
    const Date year = date_of(manifest);
    const auto rows = read_years(lake, table, "", year, Date(year.year() + 1, 1, 1),
                                 {"symbol", "root", "instrument_class", "expiration", "ts_recv"});
    table::RowBatch filled(table);
    for (;;) {
      FM_ASSIGN(const bool more, rows->next(filled));
      if (!more) break;
      const table::RowBatch& in = filled;
      for (std::size_t row = 0; row < in.size(); ++row) {
        if (in.is_null(at("instrument_class"), row) || in.is_null(at("expiration"), row) ||
            in.text(at("instrument_class"), row) != "F")
          continue;
        const std::string_view symbol = in.text(at("symbol"), row);
        const Date seen = Date::of_second(in.int64s(at("ts_recv"))[row] / kMicrosPerSecond);
        const auto delivery = delivery_of(symbol, seen);
        if (!delivery) continue;
        by_root[std::string(in.text(at("root"), row))][{std::string(symbol), *delivery}] =
            Date::of_second(in.int64s(at("expiration"))[row] / kMicrosPerSecond);
      }
    }
  }
  return by_root;
}

std::vector<DifferentExpiry> different_expiries(const Expirations& expirations,
                                                const ContractDates& dates) {
  std::vector<DifferentExpiry> different;
  for (const auto& [contract, defined] : expirations) {
    const auto by_rule = dates.last_trade(contract.second);
    if (by_rule && *by_rule != defined) different.push_back({contract.first, defined, *by_rule});
  }
  std::ranges::sort(different, {}, &DifferentExpiry::defined);
  return different;
}

Result<ContractHistory> read_contract_history(const lake::Lake& lake, const std::string& root,
                                              const Expirations& expirations,
                                              const ContractDates& dates) {
  Draft draft;
  FM_TRY(read_days(lake, root, draft));
  for (const auto& [contract, expiration] : expirations)
    draft.numbers.emplace(Draft::Key(contract.second, contract.first), 0);

  ContractHistory history;
  history.root = root;
  history.by_rule = dates;
  for (auto& [key, number] : draft.numbers) {
    number = static_cast<ContractNumber>(history.contracts.size());
    const auto expiration = expirations.find({key.second, key.first});
    history.contracts.push_back({key.second, key.first,
                                 expiration != expirations.end() ? std::optional(expiration->second)
                                                                 : dates.last_trade(key.first),
                                 dates.first_notice(key.first)});
  }
  for (Draft::Day& day : draft.days) day.day.contract = draft.numbers.at(day.key);
  std::ranges::sort(draft.days, {},
                    [](const Draft::Day& day) { return std::pair(day.date, day.day.contract); });
  for (const Draft::Day& day : draft.days) {
    if (history.dates.empty() || history.dates.back() != day.date) {
      history.dates.push_back(day.date);
      history.days.emplace_back();
    }
    history.days.back().push_back(day.day);
  }
  return history;
}

}  // namespace fm::bars
