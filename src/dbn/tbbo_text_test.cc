#include "dbn/tbbo_text.h"

#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <vector>

#include "base/env.h"
#include "dbn/byte_source.h"
#include "dbn/testing_text.h"

namespace fm::dbn {
namespace {

// A record as Databento writes it, from which the cases below differ in one place.
constexpr std::string_view kLine =
    R"({"ts_recv":"2025-06-16T13:00:00.000200000Z","hd":{"ts_event":"2025-06-16T13:00:00.000000001Z",)"
    R"("rtype":1,"publisher_id":1,"instrument_id":7},"action":"T","side":"B","depth":2,)"
    R"("price":"6012.250000000","size":3,"flags":128,"ts_in_delta":-5,"sequence":9,)"
    R"("levels":[{"bid_px":"6012.000000000","ask_px":"6012.250000000","bid_sz":21,"ask_sz":20,)"
    R"("bid_ct":11,"ask_ct":12}],"symbol":"ESM5"})";

TEST(TbboText, ReadsEveryFieldOfTodaysJson) {
  const OwnedLine line = read_json_line(kLine);
  EXPECT_EQ(line.kind, LineKind::kTbbo) << line.reason;
  EXPECT_EQ(line.record, trade_record());
  EXPECT_EQ(line.symbol, "ESM5");
}

TEST(TbboText, ReadsTheSameRecordInOtherSpellings) {
  struct {
    const char* what;
    std::string line;
  } const cases[] = {
      {"raw", replaced(replaced(replaced(std::string(kLine), "2025-06-16T13:00:00.000200000Z",
                                         "1750078800000200000"),
                                "2025-06-16T13:00:00.000000001Z", "1750078800000000001"),
                       "6012.250000000", "6012250000000")},
      {"blanks", replaced(replaced(std::string(kLine), "\":", "\" : "), ",\"", " ,\t\"")},
      {"carriage return", std::string(kLine) + "\r"},
      {"leading blank", " " + std::string(kLine) + "  "},
      {"short fraction", replaced(std::string(kLine), ".000200000Z", ".0002Z")},
      {"quoted integers", replaced(replaced(std::string(kLine), "\"size\":3", "\"size\":\"3\""),
                                   "\"bid_sz\":21", "\"bid_sz\":\"0021\"")},
      {"bare price",
       replaced(std::string(kLine), "\"price\":\"6012.250000000\"", "\"price\":6012.25000000099")},
      {"escapes", replaced(replaced(std::string(kLine), "\"price\"", "\"pri\\u0063e\""), "ESM5",
                           "\\u0045SM5")},
      {"unknown keys", replaced(std::string(kLine), ",\"action\"",
                                R"(,"new":{"a":[1,-2.5e3,null,true,{"price":"x"}]},"action")")},
      {"last of two equal keys",
       replaced(std::string(kLine), "\"action\":\"T\"", R"("action":"A","price":[],"action":"T")")},
      {"more levels", replaced(std::string(kLine), "}],", R"(},{"bid_px":"oops"},5],)")},
      {"byte order mark", "\xEF\xBB\xBF" + std::string(kLine)},
      {"unknown rtype", replaced(std::string(kLine), "\"rtype\":1", "\"rtype\":119")},
      {"before July 2023: flat header, bare integers, level called booklevel, codes for characters",
       R"({"ts_event":1750078800000000001,"publisher_id":1,"instrument_id":7,"action":84,"side":66,)"
       R"("depth":2,"price":6012250000000,"size":3,"flags":128,"ts_recv":1750078800000200000,)"
       R"("ts_in_delta":-5,"sequence":9,"booklevel":[{"bid_px":6012000000000,)"
       R"("ask_px":6012250000000,"bid_sz":21,"ask_sz":20,"bid_ct":11,"ask_ct":12}],)"
       R"("symbol":"ESM5"})"},
  };
  for (const auto& c : cases) {
    const OwnedLine line = read_json_line(c.line);
    EXPECT_EQ(line.reason, "") << c.what;
    EXPECT_EQ(line.record, trade_record()) << c.what;
    EXPECT_EQ(line.symbol, "ESM5") << c.what;
  }
}

TEST(TbboText, ReadsWhatIsUndefined) {
  const auto read = [](std::string_view from, std::string_view to) {
    const OwnedLine line = read_json_line(replaced(std::string(kLine), from, to));
    EXPECT_EQ(line.kind, LineKind::kTbbo) << to << ": " << line.reason;
    return line;
  };
  for (const char* time : {"null", "0", "\"0\"", "18446744073709551615", "\"18446744073709551615\"",
                           "\"1970-01-01T00:00:00Z\""}) {
    const std::string text(time);
    EXPECT_EQ(read("\"2025-06-16T13:00:00.000200000Z\"", text).record.ts_recv, kUndefTime) << time;
    EXPECT_EQ(read("\"2025-06-16T13:00:00.000000001Z\"", text).record.header.ts_event, kUndefTime);
  }
  EXPECT_EQ(read("\"ts_recv\":\"2025-06-16T13:00:00.000200000Z\",", "").record.ts_recv, kUndefTime);
  for (const char* price : {"null", "\"9223372036854775807\"", "9223372036854775807"})
    EXPECT_EQ(read("\"6012.250000000\",\"size\"", std::string(price) + ",\"size\"").record.price,
              kUndefPrice);
  EXPECT_EQ(read("\"size\":3", "\"size\":4294967295").record.size, kUndefOrderSize);
  for (const char* size : {"\"bid_sz\":null,", "", "\"bid_sz\":4294967295,"})
    EXPECT_EQ(read("\"bid_sz\":21,", size).record.levels[0].bid_sz, 0U) << size;
  for (const char* price : {"\"bid_px\":null,", ""})
    EXPECT_EQ(read("\"bid_px\":\"6012.000000000\",", price).record.levels[0].bid_px, kUndefPrice);
  for (const char* symbol : {",\"symbol\":null", ",\"symbol\":\"\"", ""})
    EXPECT_EQ(read(",\"symbol\":\"ESM5\"", symbol).symbol, "") << symbol;
  EXPECT_EQ(read("\"publisher_id\":1,", "").record.header.publisher_id, kUnknownPublisher);
}

TEST(TbboText, TakesQuotesFromTheFirstLevelAlone) {
  const std::size_t begin = kLine.find("\"levels\"");
  const std::size_t end = kLine.find(",\"symbol\"");
  for (const char* levels :
       {R"("levels":[])", R"("levels":null)", R"("levels":[null])", R"("unrelated":0)",
        R"("bid_px":"1.0","ask_px":"2.0","bid_sz":3,"ask_sz":4)"}) {
    const OwnedLine line = read_json_line(std::string(kLine.substr(0, begin)) + levels +
                                          std::string(kLine.substr(end)));
    EXPECT_EQ(line.kind, LineKind::kTbbo) << levels << line.reason;
    EXPECT_EQ(line.record.levels[0], (BidAskPair{kUndefPrice, kUndefPrice, 0, 0, 0, 0})) << levels;
  }
}

TEST(TbboText, TakesAnySideButTwoAsNone) {
  for (const char* side : {"\"N\"", "\"\"", "\"a\"", "\"AA\"", "null", "65", "[]", "\"\\u0000\""}) {
    const OwnedLine line = read_json_line(
        replaced(std::string(kLine), "\"side\":\"B\"", std::string("\"side\":") + side));
    EXPECT_EQ(line.kind, LineKind::kTbbo) << side << line.reason;
    EXPECT_EQ(line.record.side, kSideNone) << side;
  }
  const OwnedLine absent = read_json_line(replaced(std::string(kLine), "\"side\":\"B\",", ""));
  EXPECT_EQ(absent.record.side, kSideNone);
}

TEST(TbboText, KeepsOtherActionsWellFormed) {
  struct {
    const char* text;
    char action;
  } const cases[] = {{"\"A\"", 'A'}, {"\"\"", '\0'}, {"\"TT\"", '\0'}, {"\"é\"", '\0'}};
  for (const auto& c : cases) {
    const OwnedLine line = read_json_line(
        replaced(std::string(kLine), "\"action\":\"T\"", std::string("\"action\":") + c.text));
    EXPECT_EQ(line.kind, LineKind::kTbbo) << c.text;
    EXPECT_EQ(line.record.action, c.action) << c.text;
  }
}

TEST(TbboText, SaysWhyALineIsMalformed) {
  const std::string line(kLine);
  struct {
    std::string text;
    const char* reason;
  } const cases[] = {
      {"17", "not a JSON object"},
      {"null", "not a JSON object"},
      {"[]", "not a JSON object"},
      {"\"x\"", "not a JSON object"},
      {"{}", "ts_event is missing"},
      {"{", ""},
      {line.substr(0, 100), ""},
      {line.substr(0, line.size() - 1), ""},
      {line + "}", ""},
      {line + line, ""},
      {line + ",", ""},
      {replaced(line, "ESM5", "ES\x01M5"), ""},
      {replaced(line, "ESM5", "ES\xFFM5"), ""},
      {replaced(line, "ESM5", "\\ud800"), ""},
      {replaced(line, "ESM5", "\\x"), ""},
      {replaced(line, "\"depth\":2", "\"depth\":02"), ""},
      {replaced(line, "\"depth\":2", "\"depth\":+2"), ""},
      {replaced(line, "\"depth\":2", "\"other\":1.e5"), ""},
      {replaced(line, "\"depth\":2", "\"other\":NaN"), ""},
      {replaced(line, "\"depth\":2", "\"other\":tru"), ""},
      {replaced(line, "\"depth\":2", "\"other\":[1,]"), ""},
      {replaced(line, "\"depth\":2", "\"other\":{\"a\":1]"), ""},
      {replaced(line, "\"depth\":2", "\"other\":" + std::string(100, '[') + std::string(100, ']')),
       ""},
      {replaced(line, "\"ts_event\"", "\"ts_even\""), "ts_event is missing"},
      {replaced(line, "\"hd\":{", "\"hx\":{"), "ts_event is missing"},
      {replaced(line, "\"action\"", "\"acton\""), "action is missing"},
      {replaced(line, "\"price\"", "\"prize\""), "price is missing"},
      {replaced(line, "\"size\"", "\"sise\""), "size is missing"},
      {replaced(line, "\"T\"", "null"), "action is not a string"},
      {replaced(line, "\"T\"", "84"), "action is not a string"},
      {replaced(line, "\"size\":3", "\"size\":null"), "the value of size does not parse"},
      {replaced(line, "\"size\":3", "\"size\":-3"), "the value of size does not parse"},
      {replaced(line, "\"size\":3", "\"size\":3.0"), "the value of size does not parse"},
      {replaced(line, "\"size\":3", "\"size\":4294967296"), "the value of size does not parse"},
      {replaced(line, "\"bid_sz\":21", "\"bid_sz\":1e2"), "the value of bid_sz does not parse"},
      {replaced(line, "\"depth\":2", "\"depth\":256"), "the value of depth does not parse"},
      {replaced(line, "\"rtype\":1", "\"rtype\":\"mbp\""), "the value of rtype does not parse"},
      {replaced(line, "\"ESM5\"", "5"), "symbol is not a string"},
      {replaced(line, "\"hd\":{", "\"hd\":5,\"hx\":{"), "hd is not an object"},
      {replaced(line, "[{\"bid_px\"", "{\"x\":[{\"bid_px\""), ""},
      {replaced(line, "\"levels\":", "\"levels\":5,\"x\":"), "levels is not an array of objects"},
      {replaced(line, "\"levels\":[", "\"levels\":[5,"), "levels is not an array of objects"},
      {replaced(line, "13:00:00.000200000Z", "13:00:00.0002000000Z"),
       "the value of ts_recv does not parse"},
      {replaced(line, "13:00:00.000200000Z", "13:00:00.Z"), "the value of ts_recv does not parse"},
      {replaced(line, "13:00:00.000200000Z", "24:00:00Z"), "the value of ts_recv does not parse"},
      {replaced(line, "13:00:00.000200000Z", "13:00:60.000200000Z"),
       "the value of ts_recv does not parse"},
      {replaced(line, "06-16T13:00:00.000000001Z", "02-29T13:00:00.000000001Z"),
       "the value of ts_event does not parse"},
      {replaced(line, "13:00:00.000000001Z", "13:00:00.000000001+00:00"),
       "the value of ts_event does not parse"},
      {replaced(line, "\"2025-06-16T13:00:00.000000001Z\"", "18446744073709551616"),
       "the value of ts_event does not parse"},
      {replaced(line, "\"2025-06-16T13:00:00.000000001Z\"", "-1"),
       "the value of ts_event does not parse"},
  };
  for (const auto& c : cases) {
    const OwnedLine read = read_json_line(c.text);
    EXPECT_EQ(read.kind, LineKind::kMalformed) << c.text;
    EXPECT_NE(read.reason, "") << c.text;
    if (*c.reason != '\0') {
      EXPECT_EQ(read.reason, c.reason) << c.text;
    }
    EXPECT_EQ(read.symbol, "") << c.text;
  }
}

TEST(TbboText, ReadsPricesToTheLetter) {
  struct {
    const char* text;
    Price price;
  } const good[] = {{"\"0.1\"", 100'000'000},
                    {"\"-37.63\"", -37'630'000'000},
                    {"\"-0.000000001\"", -1},
                    {"\"0012.5\"", 12'500'000'000},
                    {"\"1.9999999999\"", 1'999'999'999},
                    {"\"-1.9999999999\"", -1'999'999'999},
                    {"\"-0\"", 0},
                    {"\"42\"", 42},
                    {"-42", -42},
                    {"6012.25", 6'012'250'000'000},
                    {"\"9223372036.854775806\"", kUndefPrice - 1},
                    {"\"-9223372036854775808\"", std::numeric_limits<Price>::min()}};
  const auto with_price = [](const char* price) {
    return read_json_line(replaced(std::string(kLine), "\"price\":\"6012.250000000\"",
                                   std::string("\"price\":") + price));
  };
  for (const auto& c : good) {
    const OwnedLine line = with_price(c.text);
    EXPECT_EQ(line.reason, "") << c.text;
    EXPECT_EQ(line.record.price, c.price) << c.text;
  }
  for (const char* bad : {"\"\"",
                          "\"abc\"",
                          "\"1.\"",
                          "\".5\"",
                          "\"+1\"",
                          "\" 1\"",
                          "\"1 \"",
                          "\"1e3\"",
                          "1e3",
                          "\"1.5e3\"",
                          "1.5E+3",
                          "\"--1\"",
                          "\"-\"",
                          "\"1.2.3\"",
                          "\"9223372036854775808\"",
                          "\"9223372036.854775808\"",
                          "99999999999999999999999999",
                          "\"1,5\"",
                          "true",
                          "false",
                          "[]",
                          "{}",
                          "[1]",
                          "\"null\"",
                          "\"\\u0661\""}) {
    const OwnedLine line = with_price(bad);
    EXPECT_EQ(line.reason, "the value of price does not parse") << bad;
  }
}

TEST(TbboText, TellsOtherRecordsByTheirType) {
  struct {
    const char* text;
    LineKind kind;
  } const cases[] = {
      {R"({"hd":{"ts_event":"5","rtype":33,"publisher_id":1,"instrument_id":7},"open":"1","high":"1","low":"1","close":"1","volume":"2"})",
       LineKind::kOther},
      {R"({"ts_recv":"6","hd":{"ts_event":"5","rtype":18,"publisher_id":1,"instrument_id":7},"action":7})",
       LineKind::kOther},
      {R"({"ts_recv":"6","hd":{"ts_event":"5","rtype":0,"publisher_id":1,"instrument_id":7},"action":"T","side":"B","depth":0,"price":"1","size":1})",
       LineKind::kOther},
      {R"({"hd":{"ts_event":"5","rtype":23,"publisher_id":0,"instrument_id":0},"msg":"Heartbeat","code":0})",
       LineKind::kMessage},
      {R"({"hd":{"ts_event":"5","rtype":21,"publisher_id":0,"instrument_id":0},"err":"no","code":4,"is_last":255})",
       LineKind::kMessage},
      {R"({"hd":{"ts_event":"x","rtype":23},"msg":"Heartbeat"})", LineKind::kMalformed},
      {R"({"hd":{"ts_event":"5","rtype":99},"msg":"Heartbeat"})", LineKind::kMalformed},
  };
  for (const auto& c : cases) {
    const OwnedLine line = read_json_line(c.text);
    EXPECT_EQ(line.kind, c.kind) << c.text << line.reason;
    if (line.kind != LineKind::kMalformed) {
      EXPECT_EQ(line.record.header.ts_event, 5U) << c.text;
    }
  }
}

TEST(TbboText, ReadsMappings) {
  const std::string text =
      R"({"hd":{"ts_event":"5","rtype":22,"publisher_id":0,"instrument_id":183748},"stype_in":3,)"
      R"("stype_in_symbol":"ES.c.0","stype_out":1,"stype_out_symbol":"ESZ4",)"
      R"("start_ts":"2025-06-16T13:00:00Z","end_ts":"18446744073709551615"})";
  const OwnedLine line = read_json_line(text);
  ASSERT_EQ(line.kind, LineKind::kMapping) << line.reason;
  EXPECT_EQ(line.mapping.header.instrument_id, 183'748U);
  EXPECT_EQ(line.mapping.stype_in, 3);
  EXPECT_EQ(text_of(line.mapping.stype_in_symbol), "ES.c.0");
  EXPECT_EQ(text_of(line.mapping.stype_out_symbol), "ESZ4");
  EXPECT_EQ(line.mapping.start_ts, kTradeEvent - 1);
  EXPECT_EQ(line.mapping.end_ts, kUndefTime);
  EXPECT_EQ(read_json_line(replaced(text, "ESZ4", std::string(71, 'E'))).reason,
            "a mapped symbol is longer than 70 characters");
  EXPECT_EQ(read_json_line(replaced(text, "\"ESZ4\"", "null")).reason,
            "stype_out_symbol is not a string");
}

TEST(TbboText, CountsLinesAndBytesOverBlanks) {
  const std::string line(kLine);
  const std::string text = "\n" + line + "\n  \r\n" + "x\n" + line + "\r\n\t\n" + line;
  const std::vector<OwnedLine> lines = read_text(text, TextForm::kJsonLines, text.size());
  ASSERT_EQ(lines.size(), 4U);
  const std::uint64_t numbers[] = {2, 4, 5, 7};
  const std::uint64_t bytes[] = {1, line.size() + 6, line.size() + 8, 2 * line.size() + 12};
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(lines[i].line_number, numbers[i]) << i;
    EXPECT_EQ(lines[i].first_byte, bytes[i]) << i;
    EXPECT_EQ(lines[i].kind, i == 1 ? LineKind::kMalformed : LineKind::kTbbo) << i;
  }
}

TEST(TbboText, RefusesLongLinesAndGoesOn) {
  const std::string line(kLine);
  for (const std::size_t blanks :
       {kTextLineBytesMax - line.size(), kTextLineBytesMax - line.size() + 1, std::size_t{300'000},
        std::size_t{1'000'000}}) {
    const std::string text = line + "\n" + std::string(blanks, ' ') + line + "\n" + line + "\n";
    for (const std::size_t piece : {std::size_t{1'000}, text.size()}) {
      const std::vector<OwnedLine> lines = read_text(text, TextForm::kJsonLines, piece);
      ASSERT_EQ(lines.size(), 3U) << blanks;
      const bool too_long = blanks + line.size() > kTextLineBytesMax;
      EXPECT_EQ(lines[1].reason, too_long ? "longer than 65,536 bytes" : "") << blanks;
      EXPECT_EQ(lines[1].first_byte, line.size() + 1);
      EXPECT_EQ(lines[2].record, trade_record());
      EXPECT_EQ(lines[2].line_number, 3U);
      EXPECT_EQ(lines[2].first_byte, line.size() + 1 + blanks + line.size() + 1);
    }
  }
}

TEST(TbboText, HandsOutWholeLinesBeforeAnError) {
  TbboTextReader reader(std::make_unique<BrokenSource>(std::string(kLine) + "\n" + "{\"ts_"),
                        "trades.json", TextForm::kJsonLines);
  const auto lines = reader.next();
  ASSERT_TRUE(lines);
  EXPECT_EQ(lines->size(), 1U);
  const auto error = reader.next();
  ASSERT_FALSE(error);
  EXPECT_EQ(error.error().code(), Code::kCorrupt);
  EXPECT_TRUE(error.error().message().starts_with("trades.json: ")) << error.error().message();
}

TEST(TbboText, GivesTheSameLinesInAnyPieces) {
  std::string text;
  for (int i = 0; i < 700; ++i) {
    text += i % 7 == 0 ? replaced(std::string(kLine), "ESM5", "\\u0045S\\\"") : std::string(kLine);
    text += i % 11 == 0 ? "\r\n\n" : "\n";
    if (i % 13 == 0)
      text += "{\"hd\":{\"rtype\":22,\"instrument_id\":1},\"stype_out_symbol\":\"X\"}\n";
  }
  const std::vector<OwnedLine> whole = read_text(text, TextForm::kJsonLines, text.size());
  EXPECT_EQ(whole.size(), 754U);
  for (const std::size_t piece : {1, 7, 64, 400, 4096, 100'000})
    EXPECT_EQ(read_text(text, TextForm::kJsonLines, piece), whole) << piece;
}

// ---- the golden sets ----

// The rules that need the record alone, in their order; what is left needs sessions or a clock.
std::string classify(const OwnedLine& line) {
  static const std::regex outright("(?=[A-Z0-9]*[A-Z])[A-Z0-9]{1,3}[FGHJKMNQUVXZ][0-9]{1,2}");
  static const std::regex month_only("[0-9]+[FGHJKMNQUVXZ][0-9]{1,2}");
  if (line.kind == LineKind::kMalformed) return "malformed";
  if (line.kind != LineKind::kTbbo || line.record.action != 'T') return "not_trade";
  if (line.record.price == kUndefPrice) return "no_price";
  if (line.record.size == 0 || line.record.size == kUndefOrderSize) return "zero_size";
  if (line.symbol.empty()) return "unmapped";
  if (!std::regex_match(line.symbol, outright) || std::regex_match(line.symbol, month_only))
    return "not_outright";
  if (line.record.header.ts_event == kUndefTime) return "no_time";
  return "left";
}

TEST(TbboText, CountsTheGoldenSetsAsTheirStatisticsDo) {
  for (const char* set : {"edge-1", "edge-2", "edge-5", "text-1", "small", "small-raw", "grains-1",
                          "late-1", "ties-1"}) {
    const std::string folder = std::string(FM_SHARED_DATA) + "/candles/";
    if (!std::filesystem::exists(folder)) GTEST_SKIP() << "shared data absent: " << folder;
    auto input = open_input(Env::posix(), folder + set + ".jsonl.zst");
    ASSERT_TRUE(input) << input.error().message();
    std::map<std::string, std::uint64_t> counts;
    for (const OwnedLine& line : read_all(std::move(input->source), TextForm::kJsonLines)) {
      ++counts["records"];
      ++counts[classify(line)];
    }
    const std::string name = std::string(set) == "small-raw" ? "small" : set;
    const auto expected = read_statistics(folder + name + ".stats.json");
    for (const char* reason : {"records", "malformed", "not_trade", "no_price", "zero_size",
                               "unmapped", "not_outright", "no_time"}) {
      const auto found = expected.find(reason);
      EXPECT_EQ(counts[reason], found == expected.end() ? 0 : found->second)
          << set << " " << reason;
    }
  }
}

TEST(TbboText, ReadsRawAndPrettyFormsOfOneSessionAlike) {
  const std::string folder = std::string(FM_SHARED_DATA) + "/candles/";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "shared data absent: " << folder;
  auto pretty = open_input(Env::posix(), folder + "small.jsonl.zst");
  auto raw = open_input(Env::posix(), folder + "small-raw.jsonl.zst");
  ASSERT_TRUE(pretty && raw);
  const auto one = read_all(std::move(pretty->source), TextForm::kJsonLines);
  const auto other = read_all(std::move(raw->source), TextForm::kJsonLines);
  ASSERT_EQ(one.size(), other.size());
  for (std::size_t i = 0; i < one.size(); ++i) {
    ASSERT_EQ(one[i].record, other[i].record) << i;
    ASSERT_EQ(one[i].symbol, other[i].symbol) << i;
  }
}

}  // namespace
}  // namespace fm::dbn
