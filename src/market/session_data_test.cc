// The calendar against real and golden data: every trade lies where the calendar says that it may.
#include <gtest/gtest.h>
#include <simdjson.h>
#include <zstd.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <sstream>

#include "base/price.h"
#include "market/contract.h"
#include "market/session.h"

namespace fm::market {
namespace {

const Calendar& calendar() { return Calendar::builtin(); }

// The file's bytes, uncompressed where its name ends in .zst; nothing when it is absent.
std::optional<std::string> read_shared(const std::string& name) {
  std::ifstream file(std::string(FM_SHARED_DATA "/") + name, std::ios::binary);
  if (!file) return std::nullopt;
  std::string bytes((std::istreambuf_iterator<char>(file)), {});
  if (!name.ends_with(".zst")) return bytes;
  std::string out;
  ZSTD_DStream* stream = ZSTD_createDStream();
  ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
  std::vector<char> buffer(ZSTD_DStreamOutSize());
  while (in.pos < in.size) {
    ZSTD_outBuffer to{buffer.data(), buffer.size(), 0};
    const std::size_t left = ZSTD_decompressStream(stream, &to, &in);
    if (ZSTD_isError(left)) {
      ADD_FAILURE() << name << ": " << ZSTD_getErrorName(left);
      break;
    }
    out.append(buffer.data(), to.pos);
  }
  ZSTD_freeDStream(stream);
  return out;
}

struct Counts {
  std::size_t in_session = 0;
  std::size_t off_session = 0;
};

// The rules before off_session, as far as the calendar's own sets need them.
std::optional<Second> tradable_second(const simdjson::dom::element& line) {
  std::string_view action, symbol;
  if (line["action"].get(action) != simdjson::SUCCESS || action != "T") return std::nullopt;
  if (line["symbol"].get(symbol) != simdjson::SUCCESS || !is_outright(symbol)) return std::nullopt;
  std::uint64_t size = 0;
  if (line["size"].get(size) != simdjson::SUCCESS || size == 0 || size == 0xffff'ffff)
    return std::nullopt;
  std::string_view price;
  const auto price_node = line["price"];
  if (price_node.get(price) == simdjson::SUCCESS) {
    const auto parsed = parse_price(price);
    if (!parsed || *parsed == kUndefPrice) return std::nullopt;
  } else if (!price_node.is<double>()) {
    return std::nullopt;
  }
  std::string_view text;
  std::uint64_t nanos = 0;
  const auto event = line["hd"]["ts_event"];
  if (event.get(text) == simdjson::SUCCESS) {
    if (text.find('T') != std::string_view::npos) {
      const auto parsed = parse_iso_nanos(text);
      if (!parsed) return std::nullopt;
      nanos = *parsed;
    } else {
      nanos = std::stoull(std::string(text));
    }
  } else if (event.get(nanos) != simdjson::SUCCESS) {
    return std::nullopt;
  }
  return second_of(nanos);
}

Counts count_sessions(const std::string& lines) {
  Counts counts;
  simdjson::dom::parser parser;
  std::stringstream stream(lines);
  for (std::string line; std::getline(stream, line);) {
    simdjson::dom::element element;
    if (parser.parse(line).get(element) != simdjson::SUCCESS) continue;
    const auto second = tradable_second(element);
    if (!second) continue;
    std::string_view symbol;
    if (element["symbol"].get(symbol) != simdjson::SUCCESS) continue;
    const auto id = calendar().template_of(root_of(symbol));
    ++(calendar().span_at(id, *second) ? counts.in_session : counts.off_session);
  }
  return counts;
}

TEST(SessionData, OffSessionCountsOfTheGoldenSets) {
  struct {
    const char* name;
    std::size_t accepted;
    std::size_t off_session;
    std::size_t malformed_elsewhere;  // lines rejected for fields that this test does not read
  } const cases[] = {{"candles/grains-1.jsonl.zst", 4229, 1771, 0},
                     {"candles/ties-1.jsonl.zst", 2502, 222, 0},
                     {"candles/edge-2.jsonl.zst", 1240, 1317, 2}};
  for (const auto& c : cases) {
    const auto lines = read_shared(c.name);
    if (!lines) GTEST_SKIP() << "shared data absent: " << c.name;
    const Counts counts = count_sessions(*lines);
    EXPECT_EQ(counts.in_session, c.accepted) << c.name;
    EXPECT_GE(counts.off_session, c.off_session) << c.name;
    EXPECT_LE(counts.off_session, c.off_session + c.malformed_elsewhere) << c.name;
  }
}

TEST(SessionData, TradeDatesOfTheGoldenRows) {
  for (const char* name :
       {"small", "edge-1", "edge-2", "edge-5", "late-1", "grains-1", "ties-1", "text-1", "esh4"}) {
    const std::string path = std::string("candles/") + name + ".expected.csv.zst";
    const auto rows = read_shared(path);
    if (!rows) GTEST_SKIP() << "shared data absent: " << path;
    std::stringstream stream(*rows);
    std::string row;
    std::getline(stream, row);
    std::size_t checked = 0;
    while (std::getline(stream, row)) {
      std::stringstream cells(row);
      std::string time, ticker, trade_date;
      std::getline(cells, time, ',');
      std::getline(cells, ticker, ',');
      std::getline(cells, trade_date, ',');
      const auto span = calendar().span_at(calendar().template_of(ticker),
                                           second_of(parse_iso_nanos(time).value()));
      ASSERT_TRUE(span) << name << ": " << row;
      ASSERT_EQ(span->trade_date.iso(), trade_date) << name << ": " << row;
      ++checked;
    }
    EXPECT_GT(checked, 0u) << name;
  }
}

// How many records of a DBN file lie in which trade date of ES ("" = off session), by ts_event.
std::map<std::string, std::size_t> trade_dates_of(const std::string& dbn, std::size_t record_size) {
  std::map<std::string, std::size_t> found;
  std::uint32_t metadata_size = 0;
  std::memcpy(&metadata_size, dbn.data() + 4, sizeof metadata_size);
  for (std::size_t at = 8 + metadata_size; at + record_size <= dbn.size(); at += record_size) {
    std::uint64_t ts_event = 0;
    std::memcpy(&ts_event, dbn.data() + at + 8, sizeof ts_event);
    const auto span = calendar().span_at(calendar().template_of("ES"), second_of(ts_event));
    ++found[span ? span->trade_date.iso() : ""];
  }
  return found;
}

TEST(SessionData, ChristmasEveningCountsForTheSecondDay) {
  const auto dbn = read_shared("esh4-2023-12-25/glbx-mdp3-20231225.tbbo.dbn");
  if (!dbn) GTEST_SKIP() << "shared data absent: esh4-2023-12-25";
  EXPECT_EQ(trade_dates_of(*dbn, 80), (std::map<std::string, std::size_t>{{"2023-12-26", 2973}}));
}

TEST(SessionData, SummerEveningCountsForTheNextDay) {
  const auto dbn =
      read_shared("es-2024-07-01/futures_mbp-1_2024-07-01T23-58_2024-07-02T00-02.dbn.zst");
  if (!dbn) GTEST_SKIP() << "shared data absent: es-2024-07-01";
  EXPECT_EQ(trade_dates_of(*dbn, 80), (std::map<std::string, std::size_t>{{"2024-07-02", 2288}}));
}

// First and last minute with a trade around each break, UTC, in the December contracts' minute bars
// of 6–11 October 2013 (lean/es-minute, lean/gc-minute): indices paused 20:15–20:30 and both ended
// at 21:15.
TEST(SessionData, ObservedBreaksOf2013) {
  struct {
    const char* root;
    const char* minute;
    bool traded;
  } const cases[] = {{"ES", "2013-10-07T20:14:00Z", true},  {"ES", "2013-10-07T20:15:00Z", false},
                     {"ES", "2013-10-07T20:29:00Z", false}, {"ES", "2013-10-07T20:30:00Z", true},
                     {"ES", "2013-10-07T21:14:00Z", true},  {"ES", "2013-10-07T21:15:00Z", false},
                     {"ES", "2013-10-07T21:59:00Z", false}, {"ES", "2013-10-07T22:00:00Z", true},
                     {"ES", "2013-10-11T21:14:00Z", true},  {"ES", "2013-10-11T22:00:00Z", false},
                     {"GC", "2013-10-07T20:15:00Z", true},  {"GC", "2013-10-07T21:14:00Z", true},
                     {"GC", "2013-10-07T21:15:00Z", false}, {"GC", "2013-10-07T22:00:00Z", true}};
  for (const auto& c : cases) {
    const auto span = calendar().span_at(calendar().template_of(c.root),
                                         second_of(parse_iso_nanos(c.minute).value()));
    EXPECT_EQ(span.has_value(), c.traded) << c.root << " " << c.minute;
  }
}

// Soybean oil's daily records, 2010-06-06 to 2025-11-05, hold every trade date but five that their
// source left out (stock-market closures and bank holidays on which grains traded), and no day that
// is none.
TEST(SessionData, DailyRecordsLieOnTradeDates) {
  const auto csv = read_shared("daily/zl_1d.csv");
  if (!csv) GTEST_SKIP() << "shared data absent: daily/zl_1d.csv";
  const std::set<std::string> left_out = {"2012-10-29", "2012-10-30", "2016-10-10", "2016-11-11",
                                          "2018-12-05"};
  std::set<std::string> recorded;
  std::stringstream stream(*csv);
  for (std::string row; std::getline(stream, row);) recorded.insert(row.substr(0, 10));
  const auto grains = calendar().template_of("ZL");
  std::size_t trade_dates = 0;
  for (Date day(2010, 6, 6); day <= Date(2025, 11, 5); day = day + 1) {
    const bool expected = calendar().is_trade_date(grains, day);
    trade_dates += expected;
    if (left_out.contains(day.iso())) {
      EXPECT_TRUE(expected && !recorded.contains(day.iso())) << day.iso();
    } else {
      EXPECT_EQ(recorded.contains(day.iso()), expected) << day.iso();
    }
  }
  EXPECT_EQ(trade_dates, 3884u);
}

// Nine more roots: no record lies on a day that is no trade date, but for two that the source made
// up.
TEST(SessionData, OtherDailyRecordsLieOnTradeDatesToo) {
  const auto csv = read_shared("daily/other_futures_1d.csv");
  if (!csv) GTEST_SKIP() << "shared data absent: daily/other_futures_1d.csv";
  const std::set<std::string> on_thanksgiving_and_fourth_of_july = {"2023-11-23", "2025-07-04"};
  std::stringstream stream(*csv);
  std::size_t checked = 0;
  for (std::string row; std::getline(stream, row);) {
    const std::string day = row.substr(0, 10);
    const std::string root = row.substr(11, 2);
    if (day < "2010-06-06" || root == "SB" || day == "date,root," ||
        on_thanksgiving_and_fourth_of_july.contains(day))
      continue;
    ASSERT_TRUE(calendar().is_trade_date(calendar().template_of(root), Date::parse(day).value()))
        << row;
    ++checked;
  }
  EXPECT_GT(checked, 25'000u);
}

// Two years of single contracts' histories are the trade dates, no more and no less.
TEST(SessionData, ContractHistoriesAreTheTradeDates) {
  for (const char* contract : {"zlz25", "zmz25", "zcz25", "zsx25"}) {
    const std::string path = std::string("contracts/") + contract + "_price-history-10-03-2025.csv";
    const auto csv = read_shared(path);
    if (!csv) GTEST_SKIP() << "shared data absent: " << path;
    std::set<std::string> recorded;
    std::stringstream stream(*csv);
    for (std::string row; std::getline(stream, row);) {
      if (row.starts_with('"')) row.erase(0, 1);
      if (row.size() > 10 && row[2] == '/' && row[5] == '/')
        recorded.insert(row.substr(6, 4) + "-" + row.substr(0, 2) + "-" + row.substr(3, 2));
      else if (const auto date = Date::parse(row.substr(0, 10)))
        recorded.insert(date->iso());
    }
    ASSERT_FALSE(recorded.empty()) << path;
    std::set<std::string> expected;
    const auto grains = calendar().template_of("ZL");
    for (Date day = Date::parse(*recorded.begin()).value();
         day <= Date::parse(*recorded.rbegin()).value(); day = day + 1)
      if (calendar().is_trade_date(grains, day)) expected.insert(day.iso());
    EXPECT_EQ(recorded, expected) << path;
  }
}

}  // namespace
}  // namespace fm::market
