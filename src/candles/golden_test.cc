// The golden sets: an independent implementation's rows and statistics, decimals exact.
#include <gtest/gtest.h>
#include <simdjson.h>
#include <zstd.h>

#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "base/env.h"
#include "candles/derive.h"
#include "candles/testing_reference.h"
#include "dbn/reader.h"
#include "dbn/tbbo_text.h"

namespace fm::candles {
namespace {

namespace fs = std::filesystem;
const fs::path kData = FM_SHARED_DATA;
const fs::path kSets = kData / "candles";

std::string read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::string bytes((std::istreambuf_iterator<char>(in)), {});
  if (path.extension() != ".zst") return bytes;
  std::string text(ZSTD_getFrameContentSize(bytes.data(), bytes.size()), '\0');
  EXPECT_EQ(ZSTD_decompress(text.data(), text.size(), bytes.data(), bytes.size()), text.size());
  return text;
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find(separator, at), text.size());
    parts.emplace_back(text.substr(at, end - at));
    at = end + 1;
  }
  return parts;
}

// The cells of a row, doubles as their bits so that equal means the same double.
using Cells = std::map<std::string, std::string>;
std::string bits(double value) { return std::to_string(std::bit_cast<std::uint64_t>(value)); }
std::string bits(std::optional<double> value) { return value ? bits(*value) : ""; }

const std::set<std::string> kDoubles{"open",
                                     "high",
                                     "low",
                                     "close",
                                     "vd_ratio",
                                     "book_imbalance",
                                     "price_change_bps",
                                     "vwap",
                                     "sum_price_volume"};

std::vector<Cells> expected_rows(const fs::path& path) {
  std::vector<std::string> lines = split(read_file(path), '\n');
  const std::vector<std::string> names = split(lines.front(), ',');
  std::vector<Cells> rows;
  for (std::size_t i = 1; i < lines.size(); ++i) {
    if (lines[i].empty()) continue;
    const std::vector<std::string> cells = split(lines[i], ',');
    Cells& row = rows.emplace_back();
    for (std::size_t k = 0; k < names.size(); ++k) {
      row[names[k]] = kDoubles.contains(names[k]) && !cells[k].empty()
                          ? bits(std::strtod(cells[k].c_str(), nullptr))
                          : cells[k];
    }
  }
  return rows;
}

Cells cells_of(const testing::NamedCandle& candle) {
  const CandleRow& row = candle.row;
  const Derived derived = derive(row);
  const auto integer = [](std::int64_t value) { return std::to_string(value); };
  return {{"time", iso_second(row.time)},
          {"ticker", candle.ticker},
          {"trade_date", row.trade_date.iso()},
          {"symbol", candle.symbol},
          {"open", bits(derived.open)},
          {"high", bits(derived.high)},
          {"low", bits(derived.low)},
          {"close", bits(derived.close)},
          {"volume", integer(row.volume)},
          {"ask_volume", integer(row.ask_volume)},
          {"bid_volume", integer(row.bid_volume)},
          {"unknown_volume", integer(row.unknown_volume)},
          {"cvd_open", integer(row.cvd_open)},
          {"cvd_high", integer(row.cvd_high)},
          {"cvd_low", integer(row.cvd_low)},
          {"cvd_close", integer(row.cvd_close)},
          {"vd", integer(row.vd())},
          {"vd_ratio", bits(derived.vd_ratio)},
          {"book_imbalance", bits(derived.book_imbalance)},
          {"price_change_bps", bits(derived.price_change_bps)},
          {"divergence", integer(derived.divergence)},
          {"vwap", bits(derived.vwap)},
          {"trades", integer(row.trades)},
          {"max_trade_size", integer(row.max_trade_size)},
          {"big_trades", integer(row.big_trades)},
          {"big_volume", integer(row.big_volume)},
          {"sum_bid_depth", integer(row.sum_bid_depth)},
          {"sum_ask_depth", integer(row.sum_ask_depth)},
          {"sum_price_volume", bits(derived.sum_price_volume)},
          {"seconds_traded", integer(row.seconds_traded)},
          {"seconds_covered", integer(row.seconds_covered)}};
}

std::vector<testing::Arrival> read_text(const fs::path& path) {
  using testing::Arrival;
  auto input = dbn::open_input(Env::posix(), path.string());
  EXPECT_TRUE(input.has_value()) << input.error().message();
  dbn::TbboTextReader reader(std::move(input->source), input->name, dbn::TextForm::kJsonLines);
  std::vector<Arrival> arrivals;
  while (true) {
    const auto lines = reader.next();
    EXPECT_TRUE(lines.has_value());
    if (!lines || lines->empty()) return arrivals;
    for (const dbn::TbboLine& line : *lines) {
      EXPECT_NE(line.kind, dbn::LineKind::kMapping);
      arrivals.push_back({line.malformed()                     ? Arrival::Kind::kMalformed
                          : line.kind == dbn::LineKind::kOther ? Arrival::Kind::kOtherSchema
                                                               : Arrival::Kind::kRecord,
                          line.record, std::string(line.symbol)});
    }
  }
}

std::vector<testing::Arrival> read_dbn(const fs::path& path) {
  auto input = dbn::open_input(Env::posix(), path.string());
  auto reader = dbn::Reader::open(std::move(input->source), input->name);
  dbn::SymbolMap map;
  map.add(reader->metadata());
  std::vector<testing::Arrival> arrivals;
  while (true) {
    const auto block = reader->next();
    if (block->empty()) return arrivals;
    for (const dbn::RecordView record : *block) {
      const auto& quote = *record.get_if<dbn::Mbp1Msg>();
      arrivals.push_back({testing::Arrival::Kind::kRecord, quote,
                          std::string(map.find(quote.header.instrument_id, quote.ts_recv).symbol)});
    }
  }
}

std::string minified(const std::string& json) {
  std::string out(json.size(), '\0');
  std::size_t size = 0;
  EXPECT_EQ(simdjson::minify(json.data(), json.size(), out.data(), size), simdjson::SUCCESS);
  out.resize(size);
  return out;
}

void check(const testing::Account& account, const std::string& rows, const std::string& stats) {
  const std::vector<Cells> expected = expected_rows(kSets / (rows + ".expected.csv.zst"));
  ASSERT_EQ(account.candles.size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    ASSERT_EQ(cells_of(account.candles[i]), expected[i]) << "row " << i;
  }
  if (!stats.empty()) {
    EXPECT_EQ(minified(account.stats), minified(read_file(kSets / (stats + ".stats.json"))));
  }
}

struct Set {
  const char* input;
  const char* rows;
  const char* stats;
  bool with_base;
};
class Golden : public ::testing::TestWithParam<Set> {};

TEST_P(Golden, EngineAndReferenceGiveTheSameRowsAndStatistics) {
  if (!fs::exists(kSets)) GTEST_SKIP() << "shared data absent: " << kSets;
  const Set& set = GetParam();
  testing::ReferenceOptions options;
  if (set.with_base) {
    options.engine.warmup_seconds = 1;
    options.resume = {{"ES", {.cvd_close = 1000}}, {"NQ", {.cvd_close = -250}}};
  }
  const bool is_dbn = std::string_view(set.input).ends_with(".dbn");
  const auto arrivals = is_dbn ? read_dbn(kData / set.input) : read_text(kSets / set.input);
  const testing::Account slow = testing::reference(arrivals, options);
  const testing::Account fast = testing::run_engine(arrivals, options);
  {
    SCOPED_TRACE("reference");
    check(slow, set.rows, set.stats);
  }
  {
    SCOPED_TRACE("engine");
    check(fast, set.rows, set.stats);
  }
  EXPECT_EQ(testing::difference(slow, fast), "");
}

INSTANTIATE_TEST_SUITE_P(
    Sets, Golden,
    ::testing::Values(Set{"small.jsonl.zst", "small", "small", false},
                      Set{"small-raw.jsonl.zst", "small", "small", false},
                      Set{"small.jsonl.zst", "small.cvd-base.warmup-1", "", true},
                      Set{"edge-1.jsonl.zst", "edge-1", "edge-1", false},
                      Set{"edge-2.jsonl.zst", "edge-2", "edge-2", false},
                      Set{"edge-5.jsonl.zst", "edge-5", "edge-5", false},
                      Set{"late-1.jsonl.zst", "late-1", "late-1", false},
                      Set{"grains-1.jsonl.zst", "grains-1", "grains-1", false},
                      Set{"ties-1.jsonl.zst", "ties-1", "ties-1", false},
                      Set{"text-1.jsonl.zst", "text-1", "text-1", false},
                      Set{"esh4-2023-12-25/glbx-mdp3-20231225.tbbo.dbn", "esh4", "esh4", false}),
    [](const auto& param) {
      std::string name = param.param.input;
      name = name.substr(name.rfind('/') + 1);
      for (char& c : name) {
        if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
      }
      return name + (param.param.with_base ? "_base" : "");
    });

}  // namespace
}  // namespace fm::candles
