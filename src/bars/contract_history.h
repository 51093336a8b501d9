// What every contract of a root did on every date: what rolls and curves are decided from.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/price.h"
#include "base/time.h"
#include "lake/lake.h"
#include "market/session.h"
#include "market/universe.h"

namespace fm::bars {

// A root's dates by the registry's rules: what is asked where no definition is loaded.
struct ContractDates {
  const market::Root* root = nullptr;  // null: not in the registry, without rules
  const market::Calendar* calendar = nullptr;

  // `delivery` is the first day of the delivery month.
  [[nodiscard]] std::optional<Date> last_trade(Date delivery) const;
  [[nodiscard]] std::optional<Date> first_notice(Date delivery) const;
};

// One contract. The exchange uses symbols again every decade: symbol and delivery name it.
struct ContractFacts {
  std::string symbol;
  Date delivery;  // first day of the delivery month
  // UTC date of its definition's expiration, else by the registry's rule.
  std::optional<Date> last_trade_date = {};
  std::optional<Date> first_notice_date = {};  // by the registry's rule
  friend bool operator==(const ContractFacts&, const ContractFacts&) = default;
};

// A place in ContractHistory::contracts: the nearer delivery is the smaller number.
using ContractNumber = std::uint32_t;

// A contract's bar of one date, prices in 1e-9.
struct ContractDay {
  ContractNumber contract = 0;
  Price open = 0;
  Price high = 0;
  Price low = 0;
  Price close = 0;
  std::optional<Price> settle = {};
  std::int64_t volume = 0;
  std::optional<std::int64_t> open_interest = {};
  bool basis_is_utc = false;
  bool merged_sunday = false;
  friend bool operator==(const ContractDay&, const ContractDay&) = default;
};

struct ContractHistory {
  std::string root;
  ContractDates by_rule;
  std::vector<ContractFacts> contracts;        // by delivery, then symbol
  std::vector<Date> dates;                     // those with bars
  std::vector<std::vector<ContractDay>> days;  // of each date, by contract

  // nullptr where the contract has no bar on that date.
  [[nodiscard]] const ContractDay* find(std::size_t date, ContractNumber contract) const;
  // The contract that a symbol names on a date.
  [[nodiscard]] std::optional<ContractNumber> number_of(std::string_view symbol, Date on) const;
};

// When contracts expire, by symbol and delivery.
using Expirations = std::map<std::pair<std::string, Date>, Date>;

// Of every root that has outright futures in market_data.databento_definition; what was received
// last counts. Errors: the lake's.
[[nodiscard]] Result<std::map<std::string, Expirations>> read_expirations(const lake::Lake& lake);

// A definition that says another last trade date than the rule.
struct DifferentExpiry {
  std::string symbol;
  Date defined;
  Date by_rule;
};
// By date.
[[nodiscard]] std::vector<DifferentExpiry> different_expiries(const Expirations& expirations,
                                                              const ContractDates& dates);

// Outright contracts of market_data.databento_futures_ohlcv_1d, and those that only have a
// definition. What `dates` points to must outlive the history. Errors: the lake's.
[[nodiscard]] Result<ContractHistory> read_contract_history(const lake::Lake& lake,
                                                            const std::string& root,
                                                            const Expirations& expirations,
                                                            const ContractDates& dates);

}  // namespace fm::bars
