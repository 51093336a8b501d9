#include "server/json_columns.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>
#include <simdjson.h>

#include <array>
#include <bit>
#include <limits>
#include <memory>
#include <string>
#include <vector>

namespace fm::server {
namespace {

using table::Type;

constexpr std::array kColumns{table::Column{"price", Type::kDouble, "", "", true},
                              table::Column{"symbol", Type::kText, "", "", true},
                              table::Column{"day", Type::kDate, "", "", true}};
const table::Table kTable{.dataset = "market_data",
                          .name = "some_rows",
                          .description = "",
                          .columns = kColumns,
                          .key = {},
                          .partition_column = "day",
                          .cluster = {},
                          .root_column = "",
                          .sort = {}};

struct Row {
  std::optional<double> price;
  std::optional<std::string> symbol;
  std::optional<Date> day;
};

// The rows in two batches, as a cursor gives them.
std::string json_of(const std::vector<Row>& rows) {
  Frame frame(kTable);
  for (std::size_t half = 0; half < 2; ++half) {
    auto batch = std::make_shared<table::RowBatch>(kTable, rows.size() + 1);
    const std::size_t middle = rows.size() / 2;
    for (std::size_t i = half == 0 ? 0 : middle; i < (half == 0 ? middle : rows.size()); ++i) {
      table::RowAppender out(*batch);
      rows[i].price ? out.number(*rows[i].price) : out.null();
      rows[i].symbol ? out.text(*rows[i].symbol) : out.null();
      rows[i].day ? out.date(*rows[i].day) : out.null();
      out.end();
    }
    frame.add(std::move(batch), [](const table::RowBatch&, std::size_t) { return true; });
  }
  const auto columns = every_column(kTable);
  return fmt::format("{{{}}}", json_columns(frame, columns));
}

std::string price_text(double price) {
  const std::string json = json_of({{.price = price, .symbol = {}, .day = {}}});
  const std::size_t at = json.find("\"price\":[") + 9;
  return json.substr(at, json.find(']', at) - at);
}

TEST(JsonColumns, PricesHaveNoMoreDigitsThanTheyNeed) {
  struct Case {
    double price;
    const char* text;
  };
  for (const auto& [price, text] :
       {Case{6012.25, "6012.25"}, Case{6012.0, "6012"}, Case{-37.63, "-37.63"}, Case{0.0, "0"},
        Case{0.0055, "0.0055"}, Case{-0.25, "-0.25"}, Case{1.10105, "1.10105"},
        Case{0.1 + 0.2, "0.30000000000000004"}, Case{99'999'999'999.9999, "99999999999.9999"},
        Case{1e15, "1e+15"}, Case{std::numeric_limits<double>::quiet_NaN(), "null"},
        Case{std::numeric_limits<double>::infinity(), "null"}})
    EXPECT_EQ(price_text(price), text);
}

RC_GTEST_PROP(JsonColumns, EveryDoubleReadsBackAsItself, ()) {
  const bool is_price = *rc::gen::arbitrary<bool>();
  const double price = is_price ? static_cast<double>(*rc::gen::arbitrary<std::int32_t>()) /
                                      *rc::gen::element(1.0, 4.0, 8.0, 32.0, 100.0, 1e4, 1e5, 1e7)
                                : std::bit_cast<double>(*rc::gen::arbitrary<std::uint64_t>());
  RC_PRE(std::isfinite(price));
  simdjson::dom::parser parser;
  double read = 0;
  RC_ASSERT(!parser.parse(price_text(price)).get_double().get(read));
  RC_ASSERT(read == price);
}

RC_GTEST_PROP(JsonColumns, RunsHoldEveryRowOnce, ()) {
  const auto pick = rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 3));
  std::vector<Row> rows;
  for (const int one : *pick)
    rows.push_back({.price = 1.0,
                    .symbol = one == 0 ? std::nullopt : std::optional(one == 1 ? "ESM5" : "ESU5"),
                    .day = one == 2 ? std::nullopt : std::optional(Date(2025, 6, 10 + one))});
  simdjson::dom::parser parser;
  const std::string json = json_of(rows);
  const simdjson::dom::element document = parser.parse(json);
  std::vector<std::string> symbols, days;
  const auto unroll = [](simdjson::dom::element runs, std::vector<std::string>& out) {
    std::string before = "none";
    for (const simdjson::dom::element run : runs.get_array()) {
      const std::string value = simdjson::minify(run.at(0));
      RC_ASSERT(value != before);
      before = value;
      out.insert(out.end(), static_cast<std::size_t>(run.at(1).get_uint64().value()), value);
    }
  };
  unroll(document.at_pointer("/data/symbol/runs"), symbols);
  unroll(document.at_pointer("/data/day/runs"), days);
  RC_ASSERT(symbols.size() == rows.size());
  RC_ASSERT(days.size() == rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    RC_ASSERT(symbols[i] == (rows[i].symbol ? '"' + *rows[i].symbol + '"' : "null"));
    RC_ASSERT(days[i] == (rows[i].day ? '"' + rows[i].day->iso() + '"' : "null"));
  }
}

}  // namespace
}  // namespace fm::server
