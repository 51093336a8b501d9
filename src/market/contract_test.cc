#include "market/contract.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <vector>

namespace fm::market {
namespace {

TEST(Contract, SplitsRootMonthAndYear) {
  struct {
    const char* symbol;
    const char* root;
    int year;
    int month;
  } const cases[] = {
      {"ESH4", "ES", 2024, 3},   {"ESH24", "ES", 2024, 3},  {"M2KM5", "M2K", 2025, 6},
      {"6EZ4", "6E", 2024, 12},  {"CNHF5", "CNH", 2025, 1}, {"ZLX23", "ZL", 2023, 11},
      {"ZH4", "Z", 2024, 3},     {"GF1H4", "GF1", 2024, 3}, {"HGH4", "HG", 2024, 3},
      {"FGHJ4", "FGH", 2024, 4}, {"6A6U3", "6A6", 2023, 9}, {"NGV99", "NG", 2099, 10}};
  for (const auto& c : cases) {
    const auto contract = Contract::parse(c.symbol, {2024, 1, 15});
    ASSERT_TRUE(contract.has_value()) << c.symbol;
    EXPECT_EQ(contract->root(), c.root) << c.symbol;
    EXPECT_EQ(contract->symbol(), c.symbol);
    EXPECT_EQ(contract->delivery().year, c.year) << c.symbol;
    EXPECT_EQ(contract->delivery().month, c.month) << c.symbol;
    EXPECT_EQ(root_of(c.symbol), c.root);
  }
}

TEST(Contract, ResolvesReusedYearDigitByDate) {
  struct {
    const char* symbol;
    Date as_of;
    int year;
  } const cases[] = {{"ESH4", {2013, 12, 1}, 2014},  {"ESH4", {2014, 12, 31}, 2014},
                     {"ESH4", {2015, 1, 1}, 2014},   {"ESH4", {2015, 12, 31}, 2014},
                     {"ESH4", {2016, 1, 1}, 2024},   {"ESH4", {2023, 12, 1}, 2024},
                     {"ESH24", {2023, 12, 1}, 2024}, {"ESH24", {2013, 1, 1}, 2024},
                     {"ESH24", {2026, 1, 1}, 2124},  {"ESH9", {2020, 1, 1}, 2019},
                     {"ESH9", {2021, 1, 1}, 2029},   {"ESZ0", {2009, 5, 5}, 2010},
                     {"ESZ0", {2020, 5, 5}, 2020},   {"ESZ0", {2021, 5, 5}, 2020},
                     {"ESH99", {1999, 1, 1}, 1999}};
  for (const auto& c : cases)
    EXPECT_EQ(Contract::parse(c.symbol, c.as_of)->delivery().year, c.year)
        << c.symbol << " as of " << c.as_of.iso();
}

TEST(Contract, OrdersByDeliveryThenSymbol) {
  const Date as_of(2024, 1, 1);
  const char* const expected[] = {"ESZ3", "CLH4", "ESH24", "ESH4", "ESM4", "ESZ4", "ESH5"};
  std::vector<Contract> contracts;
  for (const char* symbol : {"ESM4", "ESH5", "ESH4", "ESZ3", "ESZ4", "ESH24", "CLH4"})
    contracts.push_back(*Contract::parse(symbol, as_of));
  std::sort(contracts.begin(), contracts.end());
  for (std::size_t i = 0; i < contracts.size(); ++i)
    EXPECT_EQ(contracts[i].symbol(), expected[i]) << i;
}

TEST(Contract, SaysWhatItFoundInstead) {
  const auto contract = Contract::parse("ESH4-ESM4", {2024, 1, 1});
  ASSERT_FALSE(contract.has_value());
  EXPECT_EQ(contract.error().code(), Code::kNotOutright);
  EXPECT_NE(contract.error().message().find("'ESH4-ESM4'"), std::string::npos);
  EXPECT_NE(contract.error().message().find("spread"), std::string::npos);
}

TEST(Symbol, IsJudgedByItsWholeForm) {
  struct {
    const char* symbol;
    SymbolKind kind;
  } const cases[] = {{"ESH4", SymbolKind::kOutright},
                     {"SR3Z5", SymbolKind::kOutright},
                     {"M2KM5", SymbolKind::kOutright},
                     {"BTCN5", SymbolKind::kOutright},
                     {"ESH4-ESM4", SymbolKind::kSpread},
                     {"CLZ4-BZZ4", SymbolKind::kSpread},
                     {"ZSN4-ZSQ4-ZSU4", SymbolKind::kSpread},
                     {"ZC:BF N4-U4-Z4", SymbolKind::kSpread},
                     {"SI:AB 01Y 02Y", SymbolKind::kSpread},
                     {"ZS:C1 N4-U4", SymbolKind::kSpread},
                     {"ESM4 P5230", SymbolKind::kOption},
                     {"ESM5 C6000", SymbolKind::kOption},
                     {"LO2F4 C7500", SymbolKind::kOption},
                     {"ZNM4 C110.5", SymbolKind::kOption},
                     {"UD:1V: GN 1234567", SymbolKind::kUserDefined},
                     {"UD:U$: VT 0519", SymbolKind::kUserDefined},
                     {"", SymbolKind::kOther},
                     {"ES", SymbolKind::kOther},
                     {"H4", SymbolKind::kOther},
                     {"123H5", SymbolKind::kOther},   // no letter in the root
                     {"ABCDH5", SymbolKind::kOther},  // a root of four
                     {"ESA5", SymbolKind::kOther},    // A is no month
                     {"es5", SymbolKind::kOther},
                     {"ESm5", SymbolKind::kOther},
                     {"ESM255", SymbolKind::kOther},
                     {"ESM", SymbolKind::kOther},
                     {" ESM5", SymbolKind::kOther},
                     {"ESM5 ", SymbolKind::kOther},
                     {"ESM5-", SymbolKind::kOther},
                     {"-ESM5", SymbolKind::kOther},
                     {"ESM5--ESU5", SymbolKind::kOther},
                     {"ES-M5", SymbolKind::kOther},
                     {"ESM5 X5230", SymbolKind::kOther},
                     {"UD:", SymbolKind::kOther},
                     {"ES.c.0", SymbolKind::kOther},
                     {"ES.FUT", SymbolKind::kOther},
                     {"a:b", SymbolKind::kOther}};
  for (const auto& c : cases) {
    EXPECT_EQ(name(classify(c.symbol)), name(c.kind)) << "'" << c.symbol << "'";
    EXPECT_EQ(is_outright(c.symbol), c.kind == SymbolKind::kOutright) << c.symbol;
  }
  EXPECT_FALSE(is_outright(std::string_view("ESM5\0", 5)));
}

TEST(Symbol, MonthLettersGoBothWays) {
  for (unsigned month = 1; month <= 12; ++month)
    EXPECT_EQ(month_of_letter(letter_of_month(month)), month);
  EXPECT_EQ(month_of_letter('A'), 0u);
  EXPECT_EQ(month_of_letter('\0'), 0u);
}

TEST(Symbol, WhatIsMadeOfPartsReadsBack) {
  EXPECT_TRUE(rc::check([] {
    const auto size = *rc::gen::inRange<std::size_t>(1, 4);
    const std::string root = *rc::gen::suchThat(
        rc::gen::container<std::string>(
            size, rc::gen::elementOf(std::string("ABCEFGHIKLMNQRSUVXZ0123456789"))),
        [](const std::string& text) {
          return std::any_of(text.begin(), text.end(), [](char c) { return c >= 'A'; });
        });
    const auto month = *rc::gen::inRange(1u, 13u);
    const auto as_of = Date::from_days(*rc::gen::inRange(0, 40000));
    const bool long_year = *rc::gen::arbitrary<bool>();
    const int year = as_of.year() - 1 + *rc::gen::inRange(0, long_year ? 100 : 10);
    const int shown = year % (long_year ? 100 : 10);
    const std::string digits = (long_year && shown < 10 ? "0" : "") + std::to_string(shown);
    const std::string symbol = root + letter_of_month(month) + digits;
    const auto contract = Contract::parse(symbol, as_of);
    RC_ASSERT(contract.has_value());
    RC_ASSERT(contract->root() == root);
    RC_ASSERT(contract->delivery().year == year);
    RC_ASSERT(contract->delivery().month == month);
  }));
}

TEST(Symbol, AnyTextIsExactlyOneKind) {
  EXPECT_TRUE(rc::check([] {
    const auto text = *rc::gen::container<std::string>(
        rc::gen::elementOf(std::string("ESZCHM1234-: PCUD.$\0x", 21)));
    const auto contract = Contract::parse(text, {2024, 1, 1});
    RC_ASSERT(contract.has_value() == is_outright(text));
    RC_ASSERT((classify(text) == SymbolKind::kOutright) == is_outright(text));
  }));
}

// Every raw symbol of a real request for ETH.FUT: the parent holds outrights and calendar spreads,
// nothing else.
TEST(Symbol, RealParentResultHoldsOutrightsAndSpreads) {
  const std::string path =
      FM_SHARED_DATA "/batch-jobs/GLBX-20240111-real-side-files/symbology.json";
  std::ifstream file(path);
  if (!file) GTEST_SKIP() << "shared data absent: " << path;
  std::stringstream whole;
  whole << file.rdbuf();
  const std::string text = whole.str();
  std::size_t outrights = 0, spreads = 0;
  for (std::size_t at = text.find("\"ETH"); at != std::string::npos;
       at = text.find("\"ETH", at + 1)) {
    const std::string symbol = text.substr(at + 1, text.find('"', at + 1) - at - 1);
    if (symbol == "ETH.FUT") continue;
    const SymbolKind kind = classify(symbol);
    outrights += kind == SymbolKind::kOutright;
    spreads += kind == SymbolKind::kSpread;
    ASSERT_TRUE(kind == SymbolKind::kOutright || kind == SymbolKind::kSpread) << symbol;
    ASSERT_EQ(kind == SymbolKind::kSpread, symbol.find('-') != std::string::npos) << symbol;
    if (kind == SymbolKind::kOutright) {
      ASSERT_EQ(root_of(symbol), "ETH");
    }
  }
  EXPECT_GE(outrights, 45u);
  EXPECT_GE(spreads, 329u);
}

}  // namespace
}  // namespace fm::market
