#include <gtest/gtest.h>
#include <simdjson.h>

#include <algorithm>
#include <cstring>
#include <filesystem>

#include "base/env.h"
#include "dbn/reader.h"
#include "dbn/symbol_map.h"
#include "dbn/text_csv.h"
#include "dbn/text_fields.h"
#include "dbn/text_json.h"
#include "dbn/text_writer.h"

namespace fm::dbn {
namespace {

const std::string kData = FM_SHARED_DATA;

// "glbx.tbbo.raw.csv", "dbnrepo.definition.v2.pretty-sym.json": a fixture's text form and its
// flags.
struct Sample {
  std::string path;
  std::string fixture;
  bool pretty = false;  // then also with symbols
  bool csv = false;
};

std::vector<Sample> all_samples() {
  std::vector<Sample> samples;
  const auto names = Env::posix().list(kData + "/text-samples");
  if (!names) return samples;
  for (const std::string& name : *names) {
    Sample sample;
    sample.path = kData + "/text-samples/" + name;
    sample.csv = name.ends_with(".csv");
    sample.pretty = name.find(".pretty-sym.") != std::string::npos;
    const std::size_t begin = name.find('.') + 1;
    const std::size_t end = name.find(sample.pretty ? ".pretty-sym." : ".raw.");
    const std::string kind = name.substr(begin, end - begin);
    if (name.starts_with("glbx."))
      sample.fixture = kData + "/glbx-fixtures/test_data." + kind + ".dbn.zst";
    else if (name.starts_with("dbnrepo."))
      sample.fixture = kData + "/dbn-fixtures/test_data." + kind + ".dbn.zst";
    else
      continue;
    samples.push_back(sample);
  }
  return samples;
}

std::string text_of_fixture(const Sample& sample) {
  auto input = open_input(Env::posix(), sample.fixture);
  if (!input) return input.error().message();
  // The samples of Globex are printed by a decoder that upgrades, the others as they are.
  ReaderOptions reader_options;
  reader_options.upgrade = sample.fixture.find("/glbx-fixtures/") != std::string::npos;
  auto reader = Reader::open(std::move(input->source), sample.fixture, reader_options);
  if (!reader) return reader.error().message();
  SymbolMap symbols;
  symbols.add(reader->metadata());

  CsvOptions options;
  options.text = {sample.pretty, sample.pretty, sample.pretty};
  std::string text;
  for (bool first = true;; first = false) {
    const auto block = reader->next();
    if (!block) return block.error().message();
    if (block->empty()) return text;
    if (first && sample.csv && !append_csv_header(*block->begin(), options, text)) return "header";
    for (const RecordView record : *block) {
      const auto symbol = symbols.find(record.header().instrument_id, index_time(record)).symbol;
      const bool written = sample.csv ? append_csv(record, options, symbol, text)
                                      : append_json(record, options.text, symbol, text);
      if (!written) return "unknown record";
    }
  }
}

TEST(Text, MatchesEverySampleToTheByte) {
  const std::vector<Sample> samples = all_samples();
  if (samples.empty()) GTEST_SKIP() << "shared data absent: " << kData;
  EXPECT_EQ(samples.size(), 68U);
  for (const Sample& sample : samples) {
    const auto expected = read_text(Env::posix(), sample.path);
    ASSERT_TRUE(expected);
    EXPECT_EQ(text_of_fixture(sample), *expected) << sample.path;
  }
}

// ---- the live capture, whose binary form is not at hand: text → record → the same text ----

template <class Record>
bool fill(simdjson::dom::object object, Record& record);

template <class Value>
bool fill_value(simdjson::dom::element element, Value& value) {
  if constexpr (std::is_same_v<Value, RecordHeader>) {
    return fill(simdjson::dom::object(element), value);
  } else if constexpr (requires { value.front().bid_px; }) {
    auto level = value.begin();
    for (const auto item : simdjson::dom::array(element))
      if (!fill(simdjson::dom::object(item), *level++)) return false;
    return level == value.end();
  } else if constexpr (std::is_same_v<Value, char>) {
    if (!element.is_null()) value = std::string_view(element).front();
    return true;
  } else if constexpr (std::is_enum_v<Value>) {
    value = static_cast<Value>(std::uint64_t(element));
    return true;
  } else if constexpr (std::is_integral_v<Value>) {
    if (!element.is_string()) {
      value = static_cast<Value>(std::int64_t(element));
      return true;
    }
    const std::string_view text(element);
    return std::from_chars(text.data(), text.data() + text.size(), value).ec == std::errc{};
  } else {
    return set_text(value, std::string_view(element));
  }
}

template <class Record>
bool fill(simdjson::dom::object object, Record& record) {
  bool filled = true;
  for_each_field<Record>([&](const auto& field) {
    simdjson::dom::element element;
    filled =
        filled && !object[field.name].get(element) && fill_value(element, record.*field.member);
  });
  return filled;
}

TEST(Text, PrintsALiveCaptureAsItWas) {
  const std::string path = kData + "/text-samples/live-capture.raw.json";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << "shared data absent: " << path;
  const auto text = read_text(Env::posix(), path);
  ASSERT_TRUE(text);
  simdjson::dom::parser parser;
  std::size_t lines = 0;
  for (std::size_t at = 0; at < text->size(); ++lines) {
    const std::string line = text->substr(at, text->find('\n', at) + 1 - at);
    at += line.size();
    simdjson::dom::object object;
    ASSERT_FALSE(parser.parse(line).get(object)) << line;
    const auto rtype = static_cast<RType>(std::uint64_t(object["hd"]["rtype"]));
    std::string printed;
    EXPECT_TRUE(visit_type(rtype, kAnyRecordBytes, [&]<class Record>(const Record*) {
      Record record{};
      record.header.length = kLengthOf<Record>;
      EXPECT_TRUE(fill(object, record)) << line;
      EXPECT_TRUE(append_json(RecordView(record), {}, {}, printed));
    }));
    EXPECT_EQ(printed, line);
  }
  EXPECT_EQ(lines, 46U);
}

// ---- cases that no sample holds ----

OhlcvMsg bar() {
  OhlcvMsg record{};
  record.header = {kLengthOf<OhlcvMsg>, RType::kOhlcv1d, 1, 2, 0};
  record.open = -37'630'000'000;
  record.high = kUndefPrice;
  record.close = std::numeric_limits<Price>::min();
  record.volume = ~std::uint64_t{0};
  return record;
}

TEST(Text, WritesUndefinedAndExtremeValues) {
  const OhlcvMsg record = bar();
  std::string text;
  ASSERT_TRUE(append_json(RecordView(record), {true, true, true}, {}, text));
  EXPECT_EQ(text,
            R"({"hd":{"ts_event":null,"rtype":35,"publisher_id":1,"instrument_id":2},)"
            R"("open":"-37.630000000","high":null,"low":"0.000000000",)"
            R"("close":"-9223372036.854775808","volume":"18446744073709551615","symbol":null})"
            "\n");
  text.clear();
  ASSERT_TRUE(append_csv(RecordView(record), {{true, true, true}, '\t'}, {}, text));
  EXPECT_EQ(text,
            "\t35\t1\t2\t-37.630000000\t\t0.000000000\t-9223372036.854775808\t"
            "18446744073709551615\t\n");
}

TEST(Text, EscapesWhatEachFormMust) {
  InstrumentDefMsg record{};
  record.header = {kLengthOf<InstrumentDefMsg>, RType::kDefinition, 1, 2, 3};
  set_text(record.raw_symbol, "A\"B\\C,\n\x01");
  set_text(record.group, "\xFF");
  set_text(record.exchange, "\xC3\xA9");
  record.instrument_class = '\xFF';
  record.match_algorithm = '"';
  std::string json;
  ASSERT_TRUE(append_json(RecordView(record), {false, false, true}, "X\t\"", json));
  EXPECT_NE(json.find(R"("raw_symbol":"A\"B\\C,\n\u0001",)"), std::string::npos) << json;
  EXPECT_NE(json.find(R"("group":"",)"), std::string::npos);
  EXPECT_NE(json.find("\"exchange\":\"\xC3\xA9\","), std::string::npos);
  EXPECT_NE(json.find(R"("instrument_class":"\\xff",)"), std::string::npos);
  EXPECT_NE(json.find(R"("match_algorithm":"\"",)"), std::string::npos);
  EXPECT_NE(json.find(R"("user_defined_instrument":null,)"), std::string::npos);
  EXPECT_TRUE(json.ends_with(R"(,"symbol":"X\t\""})"
                             "\n"))
      << json;
  simdjson::dom::parser parser;
  EXPECT_FALSE(parser.parse(json).error());

  std::string csv;
  ASSERT_TRUE(append_csv(RecordView(record), {{false, false, true}}, "X,Y", csv));
  EXPECT_NE(csv.find(",\"A\"\"B\\C,\n\x01\","), std::string::npos) << csv;
  EXPECT_NE(csv.find(",\"\"\"\","), std::string::npos) << csv;
  EXPECT_TRUE(csv.ends_with(",\"X,Y\"\n")) << csv;
}

TEST(Text, FitsTheLongestRecordInItsBound) {
  const auto check = [](auto record, RType rtype) {
    std::memset(static_cast<void*>(&record), 0x01,
                sizeof record);  // six characters for each in JSON
    record.header.length = kLengthOf<decltype(record)>;
    record.header.rtype = rtype;
    std::string json;
    std::string csv;
    EXPECT_TRUE(
        append_json(RecordView(record), {true, true, true}, std::string(500, '\x01'), json));
    EXPECT_TRUE(append_csv(RecordView(record), {{true, true, true}}, std::string(500, '"'), csv));
    EXPECT_LT(json.size(), (text_bound<decltype(record)>()) + string_bound(500));
  };
  check(InstrumentDefMsg{}, RType::kDefinition);
  check(InstrumentDefMsgV1{}, RType::kDefinition);
  check(ErrorMsg{}, RType::kError);
  check(SystemMsg{}, RType::kSystem);
  check(Mbp10Msg{}, RType::kMbp10);
  check(ImbalanceMsg{}, RType::kImbalance);
}

TEST(Text, WritesTsOutAsTheLastFieldBeforeTheSymbol) {
  struct {
    OhlcvMsg bar_record = bar();
    Nanos ts_out = 5;
  } sent;
  sent.bar_record.header.length = sizeof sent / 4;
  const RecordView view(reinterpret_cast<const std::byte*>(&sent), kTsOutBytes);
  std::string text;
  ASSERT_TRUE(append_json(view, {false, false, true}, "ESH4", text));
  EXPECT_TRUE(text.ends_with(R"("volume":"18446744073709551615","ts_out":"5","symbol":"ESH4"})"
                             "\n"))
      << text;
  text.clear();
  const CsvOptions options{{false, true, true}};
  ASSERT_TRUE(append_csv_header(view, options, text));
  ASSERT_TRUE(append_csv(view, options, "ESH4", text));
  EXPECT_TRUE(
      text.starts_with("ts_event,rtype,publisher_id,instrument_id,open,high,low,close,volume,"
                       "ts_out,symbol\n"))
      << text;
  EXPECT_TRUE(text.ends_with(",1970-01-01T00:00:00.000000005Z,ESH4\n")) << text;
}

TEST(Text, WritesHeadersOfEveryKindAndVersion) {
  std::string one;
  std::string other;
  const StatMsgV1 statistic{
      {kLengthOf<StatMsgV1>, RType::kStatistics, 0, 0, 0}, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, {}};
  ASSERT_TRUE(append_csv_header(RType::kStatistics, 1, false, {}, one));
  ASSERT_TRUE(append_csv_header(RecordView(statistic), {}, other));
  EXPECT_EQ(one, other);
  std::string v1;
  std::string v3;
  ASSERT_TRUE(append_csv_header(RType::kDefinition, 1, false, {}, v1));
  ASSERT_TRUE(append_csv_header(RType::kDefinition, 3, false, {}, v3));
  EXPECT_NE(v1.find(",trading_reference_price,"), std::string::npos);
  EXPECT_NE(v3.find(",leg_price,"), std::string::npos);
  std::string levels;
  ASSERT_TRUE(append_csv_header(RType::kMbp10, 2, false, {}, levels));
  EXPECT_TRUE(levels.ends_with(",bid_px_09,ask_px_09,bid_sz_09,ask_sz_09,bid_ct_09,ask_ct_09\n"));
  EXPECT_EQ(std::count(levels.begin(), levels.end(), ','), 12 + 60);
  EXPECT_FALSE(append_csv_header(static_cast<RType>(0x7E), 3, false, {}, levels));
}

TEST(Text, RefusesUnknownRecords) {
  OhlcvMsg record = bar();
  record.header.rtype = static_cast<RType>(0x7E);
  std::string text = "kept";
  EXPECT_FALSE(append_json(RecordView(record), {}, {}, text));
  EXPECT_FALSE(append_csv(RecordView(record), {}, {}, text));
  EXPECT_FALSE(append_csv_header(RecordView(record), {}, text));
  EXPECT_EQ(text, "kept");
}

TEST(Text, LooksRecordsUpByTheirIndexTime) {
  TradeMsg trade{};
  trade.header = {kLengthOf<TradeMsg>, RType::kTrades, 1, 2, 3};
  trade.ts_recv = 4;
  EXPECT_EQ(index_time(RecordView(trade)), 4U);
  OhlcvMsg record = bar();
  record.header.ts_event = 7;
  EXPECT_EQ(index_time(RecordView(record)), 7U);
}

TEST(Text, WritesMetadata) {
  Metadata metadata;
  metadata.dataset = "GLBX.MDP3";
  metadata.start = 1'609'113'600'000'000'000;
  metadata.symbols = {"ES.FUT"};
  metadata.mappings = {{"ESH1", {{Date(2020, 12, 28), Date(2020, 12, 29), "5482"}}}};
  std::string text;
  append_json(metadata, {}, text);
  EXPECT_EQ(text,
            R"({"version":3,"dataset":"GLBX.MDP3","schema":null,"start":"1609113600000000000",)"
            R"("end":null,"limit":null,"stype_in":null,"stype_out":"instrument_id","ts_out":false,)"
            R"("symbol_cstr_len":71,"symbols":["ES.FUT"],"partial":[],"not_found":[],"mappings":)"
            R"([{"raw_symbol":"ESH1","intervals":[{"start_date":20201228,"end_date":20201229,)"
            R"("symbol":"5482"}]}]})"
            "\n");
  metadata.schema = Schema::kTbbo;
  metadata.end = metadata.start + 1;
  metadata.limit = 5;
  metadata.stype_in = SType::kParent;
  text.clear();
  append_json(metadata, {true, true, false}, text);
  EXPECT_TRUE(text.starts_with(
      R"({"version":3,"dataset":"GLBX.MDP3","schema":"tbbo","start":"2020-12-28T00:00:00.000000000Z",)"
      R"("end":"2020-12-28T00:00:00.000000001Z","limit":"5","stype_in":"parent",)"))
      << text;
  EXPECT_NE(text.find(R"({"start_date":"2020-12-28","end_date":"2020-12-29",)"), std::string::npos);
}

}  // namespace
}  // namespace fm::dbn
