#include "dbn/tbbo_text_json.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <random>

#include "dbn/testing_text.h"
#include "dbn/text_csv.h"
#include "dbn/text_json.h"

namespace fm::dbn {
namespace {

// Both paths over one line; the text needs its line feed and padding.
struct Paths {
  TbboJsonMatcher matcher;
  TbboJsonParser parser;
  std::vector<SymbolMappingMsg> mappings;

  Paths() { mappings.reserve(1); }

  // Whether the matcher took the line; then the parser must have read the same.
  bool agree(std::string text) {
    const std::size_t size = text.size();
    text += '\n';
    text.append(kTextPaddingBytes, '\0');
    TbboLine matched;
    const char* const end = matcher.match(text.data(), matched);
    if (end == nullptr) return false;
    EXPECT_EQ(end, text.data() + size + 1) << text;
    TbboLine parsed;
    mappings.clear();
    parser.parse(std::string_view(text).substr(0, size), mappings, parsed);
    EXPECT_EQ(own(matched), own(parsed)) << text;
    return true;
  }
};

// Values as they come: mostly small, sometimes undefined or at an end of their range.
template <class Integer>
rc::Gen<Integer> any_of(Integer undefined) {
  return rc::gen::weightedOneOf<Integer>(
      {{8, rc::gen::arbitrary<Integer>()},
       {2, rc::gen::element(undefined, Integer{0}, std::numeric_limits<Integer>::min(),
                            std::numeric_limits<Integer>::max())}});
}

Mbp1Msg any_record() {
  Mbp1Msg record{};
  record.header = {kLengthOf<Mbp1Msg>, RType::kMbp1, *any_of<std::uint16_t>(1),
                   *any_of<std::uint32_t>(7),
                   *rc::gen::inRange<Nanos>(1, 18'400'000'000'000'000'000U)};
  record.price = *any_of<Price>(kUndefPrice);
  record.size = *any_of<std::uint32_t>(kUndefOrderSize);
  record.action = *rc::gen::element('T', 'A', 'C');
  record.side = *rc::gen::element('A', 'B', 'N');
  record.flags = *rc::gen::arbitrary<std::uint8_t>();
  record.depth = *rc::gen::arbitrary<std::uint8_t>();
  record.ts_recv = *rc::gen::element(kUndefTime, record.header.ts_event + 1);
  record.ts_in_delta = *any_of<std::int32_t>(0);
  record.sequence = *any_of<std::uint32_t>(0);
  record.levels[0] = {*any_of<Price>(kUndefPrice),
                      *any_of<Price>(kUndefPrice),
                      *rc::gen::inRange<std::uint32_t>(0, kUndefOrderSize),
                      *rc::gen::inRange<std::uint32_t>(0, kUndefOrderSize),
                      *any_of<std::uint32_t>(0),
                      *any_of<std::uint32_t>(0)};
  return record;
}

TEST(TbboJson, ReadsBackWhateverIsWritten) {
  EXPECT_TRUE(rc::check("record → JSON and CSV → the same record", [] {
    const Mbp1Msg record = any_record();
    const TextOptions options{*rc::gen::arbitrary<bool>(), *rc::gen::arbitrary<bool>(), true};
    const std::string symbol =
        *rc::gen::element<std::string>("ESM5", "", "UD:1V: 12 2823443", "A\"\\", "a,b", "\xC3\xA9");
    std::string json;
    std::string csv;
    RC_ASSERT(append_json(RecordView(record), options, symbol, json));
    RC_ASSERT(append_csv_header(RecordView(record), {options}, csv));
    RC_ASSERT(append_csv(RecordView(record), {options}, symbol, csv));
    for (const auto& lines : {read_text(json, TextForm::kJsonLines, json.size()),
                              read_text(csv, TextForm::kCsv, csv.size())}) {
      RC_ASSERT(lines.size() == 1U);
      RC_ASSERT(lines[0].reason == "");
      RC_ASSERT(lines[0].record == record);
      RC_ASSERT(lines[0].symbol == symbol);
    }
  }));
}

TEST(TbboJson, MatcherKnowsEveryFormOfTodaysEncoder) {
  Paths paths;
  Mbp1Msg record{};
  record.header = {kLengthOf<Mbp1Msg>, RType::kMbp1, 1, 7, 1'750'078'800'000'000'001};
  record.ts_recv = record.header.ts_event + 5;
  record.price = -37'630'000'000;
  record.action = 'T';
  record.side = 'B';
  record.levels[0].ask_px = kUndefPrice;
  for (int flags = 0; flags < 8; ++flags) {
    for (const char* symbol : {"", "ESM5", "UD:1V: 12 2823443"}) {
      std::string text;
      const TextOptions options{(flags & 1) != 0, (flags & 2) != 0, (flags & 4) != 0};
      ASSERT_TRUE(append_json(RecordView(record), options, symbol, text));
      text.pop_back();
      EXPECT_TRUE(paths.agree(text)) << text;
      EXPECT_TRUE(paths.agree(text + "\r")) << text;
    }
  }
}

TEST(TbboJson, MatcherStopsAtTheEndOfWhatIsThere) {
  Mbp1Msg record{};
  record.header = {kLengthOf<Mbp1Msg>, RType::kMbp1, 1, 7, 1'750'078'800'000'000'001};
  record.action = 'T';
  record.side = 'B';
  std::string text;
  ASSERT_TRUE(append_json(RecordView(record), {true, true, true}, "ESM5", text));
  for (std::size_t size = 0; size < text.size(); ++size) {
    const std::string part = text.substr(0, size) + std::string(kTextPaddingBytes, '\0');
    TbboLine line;
    EXPECT_EQ(TbboJsonMatcher().match(part.data(), line), nullptr) << size;
  }
}

// A change or two: a byte, a piece that readers stumble over, a piece less, a digit.
std::string mutate(std::string text, std::mt19937& random) {
  static constexpr std::string_view kPieces[] = {"0",
                                                 "00",
                                                 "9",
                                                 "-",
                                                 "+",
                                                 ".",
                                                 "\"",
                                                 "\\",
                                                 "null",
                                                 ",",
                                                 ":",
                                                 "{",
                                                 "}",
                                                 "[",
                                                 "]",
                                                 " ",
                                                 "\\u0041",
                                                 "\xC3",
                                                 "1e5",
                                                 "4294967295",
                                                 "\r",
                                                 "\t",
                                                 "true",
                                                 "1.5",
                                                 "\\n",
                                                 "999999",
                                                 "2554-01-01T",
                                                 "\x7F",
                                                 "é",
                                                 "18446744073709551615",
                                                 "\x01",
                                                 "T00:",
                                                 "60",
                                                 "24:",
                                                 "\"hd\"",
                                                 "02-30",
                                                 "9223372036854775807",
                                                 "Z"};
  const int changes = 1 + static_cast<int>(random() % 2);
  for (int i = 0; i < changes; ++i) {
    const std::size_t at = random() % text.size();
    const std::string_view piece = kPieces[random() % std::size(kPieces)];
    switch (random() % 8) {
      case 0:
        text[at] = static_cast<char>(random() % 255 + 1);
        break;
      case 1:
        text.insert(at, piece);
        break;
      case 2:
        text.replace(at, std::min(piece.size(), text.size() - at), piece);
        break;
      case 3:
        text.erase(at, 1 + random() % 3);
        break;
      default:  // another digit, which may make a value that is none
        if (const std::size_t digit = text.find_first_of("0123456789", at); digit < text.size())
          text[digit] = static_cast<char>('0' + random() % 10);
    }
    if (text.empty()) text = "x";
  }
  std::erase(text, '\n');
  return text;
}

TEST(TbboJson, BothPathsAgreeOnEveryDamagedLine) {
  std::mt19937 random(20250616);
  Paths paths;
  Mbp1Msg record{};
  record.header = {kLengthOf<Mbp1Msg>, RType::kMbp1, 1, 7, 1'750'078'800'000'000'001};
  record.ts_recv = record.header.ts_event + 5;
  record.price = 6'012'250'000'000;
  record.size = 3;
  record.action = 'T';
  record.side = 'B';
  record.levels[0] = {6'012'000'000'000, kUndefPrice, 21, 20, 11, 12};
  int matched = 0;
  for (int i = 0; i < 60'000; ++i) {
    std::string text;
    const TextOptions options{i % 2 != 0, i % 3 != 0, i % 5 != 0};
    ASSERT_TRUE(append_json(RecordView(record), options, i % 7 != 0 ? "ESM5" : "", text));
    text.pop_back();
    matched += paths.agree(mutate(text, random)) ? 1 : 0;
  }
  // Most changes break the shape; a test that never matched would prove nothing.
  EXPECT_GT(matched, 3'000);
  EXPECT_LT(matched, 40'000);
}

}  // namespace
}  // namespace fm::dbn
