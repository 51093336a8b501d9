#include "dbn/record_text.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <cstring>
#include <filesystem>
#include <functional>

#include "dbn/reader.h"
#include "dbn/testing_records.h"
#include "dbn/testing_text.h"
#include "dbn/text_csv.h"
#include "dbn/text_json.h"

namespace fm::dbn {
namespace {

struct OwnedRecord {
  RecordLine::Kind kind{};
  RType rtype{};
  std::vector<std::byte> bytes;
  std::string symbol;
  std::string reason;
  std::uint64_t line_number = 0;
  friend bool operator==(const OwnedRecord&, const OwnedRecord&) = default;
};

std::vector<OwnedRecord> read(std::string text, TextForm form,
                              std::optional<RType> unnamed = std::nullopt,
                              std::size_t piece_bytes = 1 << 20) {
  RecordTextReader reader(std::make_unique<PieceSource>(std::move(text), piece_bytes), "text", form,
                          unnamed);
  std::vector<OwnedRecord> records;
  for (;;) {
    const auto lines = reader.next();
    EXPECT_TRUE(lines);
    if (!lines || lines->empty()) return records;
    for (const RecordLine& line : *lines) {
      OwnedRecord record{
          line.kind,       line.rtype, {}, std::string(line.symbol), std::string(line.reason),
          line.line_number};
      if (line.kind == RecordLine::Kind::kRecord) {
        const auto bytes = line.record().bytes();
        record.bytes.assign(bytes.begin(), bytes.end());
      }
      records.push_back(std::move(record));
    }
  }
}

template <class Record>
Record sample(RType rtype) {
  Record record{};
  record.header = {kLengthOf<Record>, rtype, 1, 5482, kTradeEvent};
  return record;
}

template <class Record>
void expect_round_trip(const Record& record, std::string_view symbol) {
  for (const bool pretty : {false, true}) {
    const TextOptions options{
        .pretty_px = pretty, .pretty_ts = pretty, .map_symbols = !symbol.empty()};
    std::string json;
    std::string csv;
    std::string tsv;
    const RecordView view(record);
    ASSERT_TRUE(append_json(view, options, symbol, json));
    ASSERT_TRUE(append_csv_header(view, {options, ','}, csv));
    ASSERT_TRUE(append_csv(view, {options, ','}, symbol, csv));
    ASSERT_TRUE(append_csv_header(view, {options, '\t'}, tsv));
    ASSERT_TRUE(append_csv(view, {options, '\t'}, symbol, tsv));
    const auto whole = view.bytes();
    for (const auto& [text, form] :
         {std::pair(json, TextForm::kJsonLines), std::pair(csv, TextForm::kCsv),
          std::pair(tsv, TextForm::kCsv)})
      for (const std::size_t piece : {std::size_t{1} << 20, std::size_t{7}}) {
        const auto lines = read(text, form, std::nullopt, piece);
        ASSERT_EQ(lines.size(), 1U) << text;
        EXPECT_EQ(lines[0].reason, "") << text;
        EXPECT_EQ(lines[0].bytes, std::vector<std::byte>(whole.begin(), whole.end())) << text;
        EXPECT_EQ(lines[0].symbol, symbol);
      }
  }
}

TEST(RecordText, ReadsWhatIsWritten) {
  auto bar = sample<OhlcvMsg>(RType::kOhlcv1m);
  bar.open = -37'630'000'000;
  bar.high = 1;
  bar.low = kUndefPrice - 1;
  bar.close = 4'800'250'000'000;
  bar.volume = 9'892;
  expect_round_trip(bar, "ESH4");
  expect_round_trip(bar, "");

  auto trade = sample<TradeMsg>(RType::kTrades);
  trade.ts_recv = kTradeEvent + 5;
  trade.price = -250'000'000;
  trade.size = kUndefOrderSize;
  trade.action = kActionTrade;
  trade.side = kSideBid;
  trade.flags = 0x82;
  trade.depth = 1;
  trade.ts_in_delta = -17;
  trade.sequence = 4'000'000'000;
  expect_round_trip(trade, "ESH4");
  expect_round_trip(trade, "");

  auto tbbo = sample<Mbp1Msg>(RType::kMbp1);
  tbbo.ts_recv = kUndefTime;
  tbbo.price = -250'000'000;
  tbbo.action = kActionTrade;
  tbbo.side = kSideNone;
  tbbo.levels[0] = {-250'000'000, kUndefPrice, 3, 0, kUndefOrderSize, 9};
  expect_round_trip(tbbo, "ESH4-ESM4");

  auto status = sample<StatusMsg>(RType::kStatus);
  status.ts_recv = kTradeEvent + 5;
  status.action = 7;
  status.reason = 1;
  status.is_trading = 'Y';
  status.is_quoting = 'N';
  status.is_short_sell_restricted = '~';
  expect_round_trip(status, "ESH4");

  auto statistic = sample<StatMsg>(RType::kStatistics);
  statistic.ts_recv = kTradeEvent + 5;
  statistic.ts_ref = kUndefTime;
  statistic.price = kUndefPrice;
  statistic.quantity = 12'345;
  statistic.sequence = 7;
  statistic.ts_in_delta = -3;
  statistic.stat_type = 9;
  statistic.update_action = 1;
  statistic.stat_flags = 255;
  expect_round_trip(statistic, "ESH4");

  auto definition = sample<InstrumentDefMsg>(RType::kDefinition);
  definition.ts_recv = kTradeEvent;
  definition.expiration = definition.activation = kUndefTime;
  definition.min_price_increment = 250'000'000;
  definition.high_limit_price = definition.low_limit_price = kUndefPrice;
  definition.leg_price = definition.leg_delta = kUndefPrice;
  definition.instrument_class = 'F';
  definition.match_algorithm = 'F';
  definition.security_update_action = 'A';
  definition.user_defined_instrument = 'N';
  definition.leg_side = 'N';
  definition.contract_multiplier_unit = -1;
  set_text(definition.raw_symbol, "ESH4");
  set_text(definition.currency, "USD");
  set_text(definition.unit_of_measure, "IPNT");
  expect_round_trip(definition, "ESH4");
}

TEST(RecordText, ReadsAnyBarThatIsWritten) {
  EXPECT_TRUE(rc::check("bars", [] {
    auto bar = sample<OhlcvMsg>(*rc::gen::element(RType::kOhlcv1s, RType::kOhlcv1d));
    bar.header.instrument_id = *rc::gen::arbitrary<std::uint32_t>();
    bar.header.ts_event = *rc::gen::inRange<Nanos>(1, 4'000'000'000'000'000'000);
    for (Price OhlcvMsg::* price :
         {&OhlcvMsg::open, &OhlcvMsg::high, &OhlcvMsg::low, &OhlcvMsg::close})
      bar.*price = *rc::gen::inRange<Price>(-kUndefPrice, kUndefPrice);
    bar.volume = *rc::gen::arbitrary<std::uint64_t>();
    expect_round_trip(bar, *rc::gen::element(std::string(), std::string("ESH4")));
  }));
}

constexpr const char* kLine =
    R"({"hd":{"ts_event":"1750078800000000000","rtype":33,"publisher_id":1,"instrument_id":5},)"
    R"("open":"2","high":"3","low":"1","close":"2","volume":"4","symbol":"ESU5"})";

// What the quick way accepts, the general way reads the same: a space is enough to part them.
TEST(RecordText, BothWaysReadTheSame) {
  EXPECT_TRUE(rc::check("two ways", [] {
    std::string line = replaced(
        kLine, "\"open\":\"2\"",
        fmt::format("\"open\":\"{}\"",
                    *rc::gen::element<std::string>("2", "-2", "007", "2.000000000", "-0.5", "-0",
                                                   "9223372036854775807", "9223372036854775808",
                                                   "-9223372036854775807", "1.1234567890", "", "-",
                                                   "9223372036.854775808", "99999999999.0")));
    // One byte of it is another, or none.
    const auto at = *rc::gen::inRange<std::size_t>(0, line.size());
    if (*rc::gen::arbitrary<bool>())
      line[at] = *rc::gen::element('0', '9', '"', ',', '}', '-', '.', 'Z', '\\', ' ', 'n');
    const auto quick = read(line, TextForm::kJsonLines, RType::kOhlcv1m);
    const auto general = read(" " + line, TextForm::kJsonLines, RType::kOhlcv1m);
    RC_ASSERT(quick == general);
  }));
}

TEST(RecordText, AQuoteIsTheFirstLevelWhateverItIsCalled) {
  constexpr std::string_view kTrade =
      R"({"hd":{"ts_event":"1750078800000000000","rtype":1,"publisher_id":1,"instrument_id":5},)"
      R"("action":"T","side":"A","price":"2","size":3,"levels":[{"bid_px":"1","bid_sz":7}]})";
  const auto quote_of = [](const std::string& text) -> std::pair<Price, std::uint32_t> {
    const auto lines = read(text, TextForm::kJsonLines);
    if (lines.at(0).kind != RecordLine::Kind::kRecord) return {-1, 0};
    Mbp1Msg record;
    std::memcpy(&record, lines[0].bytes.data(), sizeof record);
    EXPECT_EQ(record.levels[0].ask_px, kUndefPrice);
    return {record.levels[0].bid_px, record.levels[0].bid_sz};
  };
  const std::string line(kTrade);
  EXPECT_EQ(quote_of(line), std::pair(Price{1}, 7U));
  EXPECT_EQ(quote_of(replaced(line, "levels", "booklevel")), std::pair(Price{1}, 7U));
  EXPECT_EQ(quote_of(replaced(line, "}]", "},{\"bid_px\":\"9\"}]")), std::pair(Price{1}, 7U));
  EXPECT_EQ(quote_of(replaced(line, R"({"bid_px":"1","bid_sz":7})", "")),
            std::pair(kUndefPrice, 0U));
  EXPECT_EQ(quote_of(replaced(line, R"({"bid_px":"1","bid_sz":7})", "1")).first, -1);
  EXPECT_EQ(quote_of(replaced(line, "\"bid_sz\":7", "\"bid_sz\":true")).first, -1);
}

TEST(RecordText, TakesOldAndLooseForms) {
  const auto expected = read(kLine, TextForm::kJsonLines);
  ASSERT_EQ(expected.size(), 1U);
  ASSERT_EQ(expected[0].kind, RecordLine::Kind::kRecord) << expected[0].reason;
  const std::string texts[] = {
      replaced(kLine, "\"volume\":\"4\"", "\"volume\":4"),
      replaced(kLine, "\"open\":\"2\"", "\"open\" : 2 "),
      replaced(kLine, "\"hd\":{", "\"extra\":[{\"a\":1}],\"other\":true,\"hd\":{"),
      replaced(replaced(kLine, "\"hd\":{", ""), "},\"open\"", ",\"open\""),
      replaced(kLine, "ESU5", "\\u0045SU5"),
      replaced(kLine, "1750078800000000000", "2025-06-16T13:00:00.000000000Z"),
      std::string("\xEF\xBB\xBF") + kLine + "\r\n\n",
  };
  for (const std::string& text : texts) {
    const auto lines = read(text, TextForm::kJsonLines);
    EXPECT_EQ(lines, expected) << text;
  }
  const std::string unnamed = replaced(kLine, "\"rtype\":33,", "");
  EXPECT_EQ(read(unnamed, TextForm::kJsonLines, RType::kOhlcv1m), expected);
  EXPECT_EQ(read(unnamed, TextForm::kJsonLines)[0].reason, "names no rtype");
  const auto quoted = read(
      "volume,ts_event,rtype,publisher_id,instrument_id,open,high,low,close,symbol,new\n"
      "4,\"1750078800000000000\",33,1,5,2,3,1,2,\"ESU5\",x\r\n",
      TextForm::kCsv);
  ASSERT_EQ(quoted.size(), 1U);
  EXPECT_EQ(quoted[0].bytes, expected[0].bytes);
  EXPECT_EQ(quoted[0].symbol, "ESU5");
}

TEST(RecordText, SaysWhatIsWrongWithALine) {
  const struct {
    std::string text;
    const char* reason;
  } cases[] = {
      {"[1,2]", "not one JSON object"},
      {"{\"a\":", "not one JSON object"},
      {std::string(kLine) + kLine, "not one JSON object"},
      {replaced(kLine, "\"rtype\":33", "\"rtype\":333"), "the value of rtype does not parse"},
      {replaced(kLine, "\"open\":\"2\"", "\"open\":\"two\""), "a value does not parse"},
      {replaced(kLine, "\"open\":\"2\"", "\"open\":true"), "a value does not parse"},
      {replaced(kLine, "\"volume\":\"4\"", "\"volume\":-4"), "a value does not parse"},
      {replaced(kLine, "\"open\":\"2\"", "\"open\":null"),
       "a field that its kind of record has is missing"},
      {replaced(kLine, "\"volume\":\"4\",", ""), "a field that its kind of record has is missing"},
      {std::string(70'000, 'x'), "longer than 65,536 bytes"},
  };
  for (const auto& c : cases) {
    const auto lines = read(c.text + "\n" + kLine + "\n", TextForm::kJsonLines);
    ASSERT_EQ(lines.size(), 2U) << c.text.substr(0, 80);
    EXPECT_EQ(lines[0].kind, RecordLine::Kind::kMalformed);
    EXPECT_EQ(lines[0].reason, c.reason) << c.text.substr(0, 80);
    EXPECT_EQ(lines[1].kind, RecordLine::Kind::kRecord) << "the next line is read";
    EXPECT_EQ(lines[1].line_number, 2U);
  }
  const auto rows = read("ts_event,rtype\n1\n1,2,3\n\"1,2\n", TextForm::kCsv);
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_EQ(rows[0].reason, "not as many cells as the header has");
  EXPECT_EQ(rows[1].reason, "not as many cells as the header has");
  EXPECT_EQ(rows[2].reason, "a quoted cell does not end");
  const auto other = read(replaced(kLine, "\"rtype\":33", "\"rtype\":10"), TextForm::kJsonLines);
  EXPECT_EQ(other[0].kind, RecordLine::Kind::kOther);
  EXPECT_EQ(other[0].rtype, RType::kMbp10);
}

TEST(RecordText, AnUndefinedQuantityOfOldStatisticsIsUndefined) {
  const auto lines = read(
      "ts_recv,ts_event,rtype,publisher_id,instrument_id,ts_ref,price,quantity,sequence,"
      "ts_in_delta,stat_type,channel_id,update_action,stat_flags\n"
      "1,1,24,1,5,,1.5,2147483647,2,3,7,13,1,255\n",
      TextForm::kCsv);
  ASSERT_EQ(lines.size(), 1U);
  StatMsg record;
  ASSERT_EQ(lines[0].bytes.size(), sizeof record) << lines[0].reason;
  std::memcpy(&record, lines[0].bytes.data(), sizeof record);
  EXPECT_EQ(record.quantity, kUndefStatQuantity);
  EXPECT_EQ(record.ts_ref, kUndefTime);
  EXPECT_EQ(record.price, 1'500'000'000);
}

// The vendor's own text against its own binary files.
TEST(RecordText, ReadsTheVendorsTextAsItsBinary) {
  const std::string shared = FM_SHARED_DATA;
  if (!std::filesystem::exists(shared)) GTEST_SKIP() << "shared data absent: " << shared;
  for (const char* schema :
       {"ohlcv-1s", "ohlcv-1m", "ohlcv-1h", "ohlcv-1d", "status", "statistics", "definition"}) {
    auto input = open_input(Env::posix(),
                            fmt::format("{}/glbx-fixtures/test_data.{}.dbn.zst", shared, schema));
    ASSERT_TRUE(input);
    auto reader = Reader::open(std::move(input->source), schema).value();
    std::vector<std::vector<std::byte>> records;
    for (;;) {
      const auto block = reader.next().value();
      if (block.empty()) break;
      for (const RecordView record : block)
        records.emplace_back(record.bytes().begin(), record.bytes().end());
    }
    for (const char* form : {"raw.json", "pretty-sym.json", "raw.csv", "pretty-sym.csv"}) {
      const auto text =
          testing::read_file(fmt::format("{}/text-samples/glbx.{}.{}", shared, schema, form));
      const auto lines =
          read(std::string(reinterpret_cast<const char*>(text.data()), text.size()),
               std::string_view(form).ends_with("csv") ? TextForm::kCsv : TextForm::kJsonLines);
      ASSERT_LE(lines.size(), records.size()) << schema << form;
      ASSERT_GT(lines.size(), 0U);
      for (std::size_t i = 0; i < lines.size(); ++i)
        EXPECT_EQ(lines[i].bytes, records[i])
            << schema << " " << form << " " << i << lines[i].reason;
    }
  }
}

}  // namespace
}  // namespace fm::dbn
