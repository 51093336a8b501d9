#include "market/universe.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "market/builtin_registry.h"

namespace fm::market {
namespace {

constexpr Price kCent = kPriceScale / 100;

TEST(Universe, HoldsEveryRootOfThePlatform) {
  for (const char* name :
       {"ZL",  "ZS",  "ZM",  "ES", "MES", "CL", "HO", "NG", "RB", "ZC", "ZW", "NQ",
        "RTY", "MNQ", "M2K", "GC", "SI",  "HG", "BZ", "QM", "PA", "PL", "ZR", "ZO",
        "LE",  "GF",  "HE",  "6E", "6A",  "6B", "6C", "6J", "6L", "CNH"}) {
    const Root* root = Universe::builtin().find(name);
    ASSERT_NE(root, nullptr) << name;
    EXPECT_EQ(root->name, name);
    EXPECT_FALSE(root->sources.empty()) << name;
    // Today's figures are known for all of them.
    EXPECT_TRUE(root->tick_size({2025, 6, 16})) << name;
    EXPECT_TRUE(root->point_value({2025, 6, 16})) << name;
  }
  EXPECT_GE(Universe::builtin().roots().size(), 34u);
  EXPECT_EQ(Universe::builtin().find("XYZ"), nullptr);
}

// What one tick is worth: the products of two figures, each of which could be a factor of ten off
// alone.
TEST(Universe, TickValuesAreTheWellKnownOnes) {
  struct {
    const char* root;
    Price tick_value;
  } const cases[] = {
      {"ZL", 600 * kCent},   {"ZS", 1250 * kCent}, {"ZM", 1000 * kCent}, {"MES", 125 * kCent},
      {"ES", 1250 * kCent},  {"CL", 1000 * kCent}, {"NG", 1000 * kCent}, {"RB", 420 * kCent},
      {"HO", 420 * kCent},   {"GC", 1000 * kCent}, {"SI", 2500 * kCent}, {"HG", 1250 * kCent},
      {"ZC", 1250 * kCent},  {"ZW", 1250 * kCent}, {"NQ", 500 * kCent},  {"MNQ", 50 * kCent},
      {"RTY", 500 * kCent},  {"M2K", 50 * kCent},  {"QM", 1250 * kCent}, {"BZ", 1000 * kCent},
      {"PL", 500 * kCent},   {"ZR", 1000 * kCent}, {"ZO", 1250 * kCent}, {"LE", 1000 * kCent},
      {"GF", 1250 * kCent},  {"HE", 1000 * kCent}, {"6E", 625 * kCent},  {"6A", 500 * kCent},
      {"6B", 625 * kCent},   {"6C", 500 * kCent},  {"6J", 625 * kCent},  {"6L", 500 * kCent},
      {"CNH", 1000 * kCent}, {"YM", 500 * kCent},  {"MYM", 50 * kCent}};
  for (const auto& c : cases) {
    const Root& root = *Universe::builtin().find(c.root);
    const Int128 value = Int128{*root.tick_size({2025, 6, 16})} * *root.point_value({2025, 6, 16});
    EXPECT_EQ(static_cast<Price>(value / kPriceScale), c.tick_value) << c.root;
  }
}

TEST(Universe, FiguresAreDated) {
  const Root& euro = *Universe::builtin().find("6E");
  EXPECT_EQ(euro.tick_size({2016, 1, 10}), 100'000);
  EXPECT_EQ(euro.tick_size({2016, 1, 11}), 50'000);
  const Root& yen = *Universe::builtin().find("6J");
  EXPECT_EQ(yen.tick_size({2014, 6, 2}), std::nullopt);  // no source gives the day it was halved
  EXPECT_EQ(yen.tick_size({2017, 6, 2}), 500);
  EXPECT_EQ(Universe::builtin().find("RTY")->first_trade_date, Date(2017, 7, 10));
}

TEST(Universe, LargeTradeThresholdIs25But50ForNaturalGas) {
  EXPECT_EQ(Universe::builtin().large_trade_threshold("NG"), 50);
  for (const Root& root : Universe::builtin().roots())
    if (root.name != "NG") {
      EXPECT_EQ(root.large_trade_threshold, 25) << root.name;
    }
  EXPECT_EQ(Universe::builtin().large_trade_threshold("XYZ"), 25);
}

TEST(Universe, AgreesWithRealInstrumentDefinition) {
  const std::string path = FM_SHARED_DATA "/text-samples/glbx.definition.pretty-sym.csv";
  std::ifstream file(path);
  if (!file) GTEST_SKIP() << "shared data absent: " << path;
  std::string header, row;
  ASSERT_TRUE(std::getline(file, header) && std::getline(file, row));
  const auto split = [](const std::string& line) {
    std::vector<std::string> cells;
    std::stringstream stream(line);
    for (std::string cell; std::getline(stream, cell, ',');) cells.push_back(cell);
    return cells;
  };
  const auto names = split(header), cells = split(row);
  ASSERT_EQ(names.size(), cells.size());
  const auto cell = [&](std::string_view name) {
    for (std::size_t i = 0; i < names.size(); ++i)
      if (names[i] == name) return cells[i];
    return std::string();
  };
  const Root* root = Universe::builtin().find(cell("asset"));
  ASSERT_NE(root, nullptr);
  EXPECT_EQ(root->tick_size({2020, 12, 28}), parse_decimal(cell("min_price_increment")).value());
  EXPECT_EQ(root->point_value({2020, 12, 28}), parse_decimal(cell("unit_of_measure_qty")).value());
  EXPECT_EQ(root->currency, cell("currency"));
}

TEST(Universe, EveryFigureNamesASource) {
  for (const Root& root : Universe::builtin().roots()) {
    for (const auto* history : {&root.tick_sizes, &root.point_values}) {
      ASSERT_FALSE(history->empty()) << root.name;
      for (const DatedPrice& dated : *history)
        if (dated.value) {
          EXPECT_FALSE(dated.sources.empty()) << root.name;
        }
    }
  }
}

std::string with_root(const std::string& body) {
  return "sources: {s: somewhere}\nroots:\n  ES:\n" + body;
}

TEST(Universe, ErrorsNameFileLineAndNearestKey) {
  const std::string good =
      "    description: d\n    exchange: CME\n    currency: USD\n    session: equity\n    sources: "
      "[s]\n";
  const std::string figures =
      "    tick_size: [{value: 0.25, sources: [s]}]\n    point_value: [{value: 50, sources: "
      "[s]}]\n";
  ASSERT_TRUE(Universe::parse(with_root(good + figures), "u.yaml").has_value());
  struct {
    std::string yaml;
    const char* says;
  } const cases[] = {
      {with_root(good + figures + "    large_trade_treshold: 3\n"),
       "u.yaml:11: unknown key 'large_trade_treshold'; did you mean 'large_trade_threshold'?"},
      {with_root(good + "    point_value: [{value: 50, sources: [s]}]\n"),
       "'tick_size' is missing"},
      {with_root(good + figures + "    unit: x\n    unit: y\n"), "'unit' stands here twice"},
      {with_root(good + "    tick_size: [{value: -1, sources: [s]}]\n    point_value: []\n"),
       "above zero"},
      {with_root(good + "    tick_size: [{value: 1}]\n    point_value: []\n"),
       "at least one source"},
      {with_root(good + "    tick_size: [{value: 1, sources: [x]}]\n    point_value: []\n"),
       "'x' is not among the sources"},
      {with_root(good + "    tick_size: [{value: 1, sources: [s]}, {value: 2, sources: [s]}]\n"
                        "    point_value: []\n"),
       "without overlap"},
      {with_root(good + "    tick_size: 0.25\n    point_value: []\n"), "list of dated figures"},
      {with_root("    exchange: CME\n"), "'description' is missing"},
      {"sources: {}\nroots: {es: {}}\n", "'es' is no root"},
      {"sources: {}\nroots: {ES: 1}\n", "expected keys and values"},
      {"roots: {}\n", "'sources' is missing"},
      {"[1, 2]\n", "expected keys and values"},
      {"a: [\n", "u.yaml:"}};
  for (const auto& c : cases) {
    const auto parsed = Universe::parse(c.yaml, "u.yaml");
    ASSERT_FALSE(parsed.has_value()) << c.yaml;
    EXPECT_EQ(parsed.error().code(), Code::kInvalidConfig);
    EXPECT_NE(parsed.error().message().find(c.says), std::string::npos)
        << parsed.error().message() << "\nexpected: " << c.says;
  }
}

TEST(Universe, BinaryHoldsTheShippedFiles) {
  for (const auto& [path, text] :
       {std::pair{FM_SOURCE_DIR "/config/universe.yaml", kUniverseYaml},
        std::pair{FM_SOURCE_DIR "/config/sessions.yaml", kSessionsYaml}}) {
    std::ifstream file(path);
    std::stringstream whole;
    whole << file.rdbuf();
    EXPECT_EQ(whole.str(), text) << path;
  }
}

}  // namespace
}  // namespace fm::market
