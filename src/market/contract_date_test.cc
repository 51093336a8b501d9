#include "market/contract_date.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "market/session.h"
#include "market/universe.h"

namespace fm::market {
namespace {

// The delivery month of a symbol with two year digits: "CLK20".
YearMonth delivery_of(const std::string& symbol) {
  return {static_cast<std::int16_t>(2000 + std::stoi(symbol.substr(symbol.size() - 2))),
          static_cast<std::uint8_t>(month_of_letter(symbol[symbol.size() - 3]))};
}
const Root& root_with(const std::string& symbol) {
  return *Universe::builtin().find(symbol.substr(0, symbol.size() - 3));
}

struct Known {
  const char* symbol;
  Date date;
};

TEST(ContractDate, LastTradeDatesAreTheWellKnownOnes) {
  const Known cases[] = {
      {"ESH21", {2021, 3, 19}},
      {"ESH24", {2024, 3, 15}},
      {"MESM25", {2025, 6, 20}},
      {"YMU24", {2024, 9, 20}},
      // The contract that settled below zero on the day before.
      {"CLK20", {2020, 4, 21}},
      // The 25th was a holiday, a Saturday, a Saturday with Thanksgiving before it.
      {"CLF24", {2023, 12, 19}},
      {"CLG23", {2023, 1, 20}},
      {"CLZ23", {2023, 11, 20}},
      {"QMF23", {2022, 12, 19}},
      {"QMG23", {2023, 1, 19}},
      {"QMJ23", {2023, 3, 20}},
      {"NGG21", {2021, 1, 27}},
      {"NGF24", {2023, 12, 27}},
      {"NGZ24", {2024, 11, 26}},
      {"HOF24", {2023, 12, 29}},
      {"RBK20", {2020, 4, 30}},
      {"GCZ23", {2023, 12, 27}},
      {"SIH24", {2024, 3, 26}},  // Good Friday was the 29th
      {"HGK24", {2024, 5, 29}},
      {"ZCZ25", {2025, 12, 12}},
      {"ZSX25", {2025, 11, 14}},
      {"ZMZ23", {2023, 12, 14}},
      {"ZLN24", {2024, 7, 12}},
      {"LEG24", {2024, 2, 29}},
      {"HEZ21", {2021, 12, 14}},
      {"GFF15", {2015, 1, 29}},
      {"GFX23", {2023, 11, 16}},
      {"6EH24", {2024, 3, 18}},
      // Juneteenth was the third Wednesday; in 2023, the Monday before it.
      {"6EM24", {2024, 6, 17}},
      {"6EM23", {2023, 6, 16}},
      {"6CH24", {2024, 3, 19}},
  };
  for (const Known& known : cases)
    EXPECT_EQ(
        last_trade_date(root_with(known.symbol), delivery_of(known.symbol), Calendar::builtin()),
        known.date)
        << known.symbol << ' '
        << last_trade_date(root_with(known.symbol), delivery_of(known.symbol), Calendar::builtin())
               .value_or(Date())
               .iso();
  // A clearing house's own notice; before the calendar's holidays begin.
  EXPECT_EQ(last_trade_date(*Universe::builtin().find("HE"), {1999, 10}, Calendar::builtin()),
            Date(1999, 10, 14));
}

TEST(ContractDate, FirstNoticeDaysAreABrokersListOf2026) {
  struct {
    const char* root;
    std::vector<std::pair<unsigned, Date>> days;  // by delivery month
  } const cases[] = {
      {"CL",
       {{1, {2025, 12, 23}},
        {2, {2026, 1, 22}},
        {3, {2026, 2, 24}},
        {4, {2026, 3, 24}},
        {5, {2026, 4, 23}},
        {6, {2026, 5, 21}},
        {7, {2026, 6, 24}},
        {8, {2026, 7, 23}},
        {9, {2026, 8, 24}},
        {10, {2026, 9, 24}},
        {11, {2026, 10, 22}},
        {12, {2026, 11, 24}}}},
      {"NG",
       {{1, {2025, 12, 30}},
        {2, {2026, 1, 29}},
        {4, {2026, 3, 30}},
        {9, {2026, 8, 28}},
        {12, {2026, 11, 27}}}},
      {"RB", {{1, {2026, 1, 5}}, {4, {2026, 4, 2}}, {5, {2026, 5, 4}}, {12, {2026, 12, 2}}}},
      {"GC", {{2, {2026, 1, 30}}, {6, {2026, 5, 29}}, {12, {2026, 11, 30}}}},
      {"SI", {{1, {2025, 12, 31}}, {5, {2026, 4, 30}}}},
      {"ZC", {{3, {2026, 2, 27}}, {9, {2026, 8, 31}}}},
      {"ZR", {{1, {2025, 12, 31}}, {7, {2026, 6, 30}}}},
  };
  for (const auto& c : cases)
    for (const auto& [month, day] : c.days)
      EXPECT_EQ(first_notice_date(*Universe::builtin().find(c.root),
                                  {2026, static_cast<std::uint8_t>(month)}, Calendar::builtin()),
                day)
          << c.root << month;
  EXPECT_EQ(first_notice_date(*Universe::builtin().find("ZM"), {2023, 12}, Calendar::builtin()),
            Date(2023, 11, 30));
}

TEST(ContractDate, WhatNoSourceGivesIsAbsent) {
  // The market README lists the same.
  const std::set<std::string> without_expiry{"6L", "BZ", "CNH"};
  const std::set<std::string> with_notice{"CL", "NG", "HO", "RB", "GC", "SI", "HG",
                                          "PL", "PA", "ZC", "ZS", "ZM", "ZO", "ZR"};
  for (const Root& root : Universe::builtin().roots()) {
    EXPECT_EQ(root.expiries.empty(), without_expiry.contains(root.name)) << root.name;
    EXPECT_EQ(!root.first_notices.empty(), with_notice.contains(root.name)) << root.name;
    for (const auto* rules : {&root.expiries, &root.first_notices})
      for (const ContractDateRule& rule : *rules) EXPECT_FALSE(rule.sources.empty()) << root.name;
  }
  // The day after Thanksgiving was no business day then; no source says until when.
  EXPECT_EQ(last_trade_date(*Universe::builtin().find("NG"), {2010, 12}, Calendar::builtin()),
            std::nullopt);
}

// Every contract ends on a business day, deliveries in their order, and is noticed on one.
TEST(ContractDate, DatesAreBusinessDaysInTheOrderOfDelivery) {
  const Calendar& calendar = Calendar::builtin();
  for (const Root& root : Universe::builtin().roots()) {
    std::optional<Date> before;
    for (int month = 12 * 2011; month < 12 * 2028; ++month) {
      const YearMonth delivery{static_cast<std::int16_t>(month / 12),
                               static_cast<std::uint8_t>(month % 12 + 1)};
      const auto last = last_trade_date(root, delivery, calendar);
      const auto notice = first_notice_date(root, delivery, calendar);
      for (const auto& date : {last, notice})
        if (date) {
          EXPECT_TRUE(calendar.is_trade_date(calendar.template_of(root.name), *date))
              << root.name << ' ' << date->iso();
        }
      if (last && before) {
        EXPECT_LT(*before, *last) << root.name;
      }
      before = last;
    }
  }
}

TEST(ContractDate, AgreesWithARealDefinition) {
  const std::string path = FM_SHARED_DATA "/text-samples/glbx.definition.pretty-sym.csv";
  std::ifstream file(path);
  if (!file) GTEST_SKIP() << "shared data absent: " << path;
  std::string header;
  std::string line;
  ASSERT_TRUE(std::getline(file, header));
  const auto cells_of = [](const std::string& text) {
    std::vector<std::string> cells;
    std::stringstream stream(text);
    for (std::string cell; std::getline(stream, cell, ',');) cells.push_back(cell);
    return cells;
  };
  const auto names = cells_of(header);
  const auto column = [&](std::string_view name) {
    return static_cast<std::size_t>(std::ranges::find(names, name) - names.begin());
  };
  int outrights = 0;
  while (std::getline(file, line)) {
    const auto cells = cells_of(line);
    const std::string& symbol = cells.at(column("raw_symbol"));
    if (!is_outright(symbol)) continue;
    const Date seen = Date::parse(cells.at(column("ts_recv")).substr(0, 10)).value();
    const Contract contract = Contract::parse(symbol, seen).value();
    EXPECT_EQ(last_trade_date(*Universe::builtin().find(contract.root()), contract.delivery(),
                              Calendar::builtin()),
              Date::parse(cells.at(column("expiration")).substr(0, 10)).value())
        << symbol;
    ++outrights;
  }
  EXPECT_GT(outrights, 0);
}

std::string with_rules(const std::string& rules) {
  return "sources: {s: somewhere}\nroots:\n  ES:\n    description: d\n    exchange: CME\n"
         "    currency: USD\n    session: equity\n    sources: [s]\n"
         "    tick_size: [{value: 1, sources: [s]}]\n    point_value: [{value: 1, sources: "
         "[s]}]\n" +
         rules;
}

TEST(ContractDate, ErrorsOfRulesNameTheirLine) {
  ASSERT_TRUE(
      Universe::parse(with_rules("    expiry: [{rule: day, day: 15, sources: [s]}]\n"), "u.yaml"));
  struct {
    const char* rules;
    const char* says;
  } const cases[] = {
      {"    expiry: [{rule: day, day: 15}]\n", "at least one source"},
      {"    expiry: [{rule: fortnight, sources: [s]}]\n", "expected weekday, day, business_day"},
      {"    expiry: [{rule: last_trade, after: 1, sources: [s]}]\n", "cannot follow from itself"},
      {"    expiry: [{rule: day, day: 31, sources: [s]}]\n", "expected 1 to 28"},
      {"    expiry: [{rule: weekday, nth: 5, sources: [s]}]\n", "expected 1 to 4"},
      {"    expiry: [{rule: weekday, weekday: friady, sources: [s]}]\n", "a day of the week"},
      {"    expiry: [{rule: business_day, nth: 0, sources: [s]}]\n", "counts from 1"},
      {"    expiry: [{rule: day, before: 1, after: 1, sources: [s]}]\n", "exclude each other"},
      {"    expiry: [{rule: day, first: 2011-01-02, sources: [s]}]\n", "first day of a delivery"},
      {"    expiry: [{rule: day, sources: [s]}, {rule: day, sources: [s]}]\n", "without overlap"},
      {"    expiry: {rule: day, sources: [s]}\n", "expected a list of rules"},
      {"    expiry: [{rule: day, befor: 1, sources: [s]}]\n", "did you mean 'before'?"},
      {"    first_notice: [{rule: day, sources: [x]}]\n", "'x' is not among the sources"},
  };
  for (const auto& c : cases) {
    const auto parsed = Universe::parse(with_rules(c.rules), "u.yaml");
    ASSERT_FALSE(parsed) << c.rules;
    EXPECT_EQ(parsed.error().code(), Code::kInvalidConfig);
    EXPECT_NE(parsed.error().message().find("u.yaml:11"), std::string::npos)
        << parsed.error().message();
    EXPECT_NE(parsed.error().message().find(c.says), std::string::npos)
        << parsed.error().message() << "\nexpected: " << c.says;
  }
}

}  // namespace
}  // namespace fm::market
