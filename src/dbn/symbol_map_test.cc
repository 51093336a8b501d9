#include "dbn/symbol_map.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <vector>

#include "dbn/testing_records.h"
#include "dbn/upgrade.h"

namespace fm::dbn {
namespace {

constexpr Nanos day(int days) { return static_cast<Nanos>(days) * kNanosPerDay; }

template <class Record>
Record mapping(std::uint32_t id, std::string_view in, std::string_view out,
               Nanos start = kUndefTime, Nanos end = kUndefTime) {
  Record record{};
  record.header = {kLengthOf<Record>, RType::kSymbolMapping, 0, id, day(3)};
  set_text(record.stype_in_symbol, in);
  set_text(record.stype_out_symbol, out);
  record.start_ts = start;
  record.end_ts = end;
  return record;
}

TEST(SymbolMap, ReadsMetadataByDay) {
  Metadata metadata = testing::sample_metadata(3);
  const Date first(2023, 1, 1);
  metadata.mappings = {
      {"ESH3",
       {{first, first + 10, "100"}, {first + 20, first + 30, "200"}, {first, first + 9, ""}}},
      {"ESM3", {{first + 10, first + 20, "100"}, {first, first + 9, "no number"}}},
      {"ESU3", {}}};
  SymbolMap map;
  map.add(metadata);
  const Nanos start = day(first.days_since_1970());
  const struct {
    std::uint32_t id;
    Nanos time;
    const char* symbol;
    Nanos from, to;
  } cases[] = {
      {100, start, "ESH3", start, start + day(10)},
      {100, start + day(10) - 1, "ESH3", start, start + day(10)},
      {100, start + day(10), "ESM3", start + day(10), start + day(20)},
      {100, start - 1, "", 0, start},
      {100, start + day(20), "", start + day(20), kUndefTime},
      {200, start + day(25), "ESH3", start + day(20), start + day(30)},
      {300, start, "", 0, kUndefTime},
  };
  for (const auto& c : cases) {
    const SymbolSpan span = map.find(c.id, c.time);
    EXPECT_EQ(span.symbol, c.symbol) << c.id << " " << c.time;
    EXPECT_EQ(span.valid_from, c.from) << c.id << " " << c.time;
    EXPECT_EQ(span.valid_to, c.to) << c.id << " " << c.time;
  }
  EXPECT_EQ(map.unreadable(), 1u);
}

TEST(SymbolMap, ReadsMetadataOfEveryKindOfRequest) {
  const struct {
    std::optional<SType> in;
    SType out;
    const char* key;
    const char* value;
    const char* symbol;  // of 5482
  } cases[] = {
      {SType::kRawSymbol, SType::kInstrumentId, "ESH1", "5482", "ESH1"},
      {SType::kParent, SType::kInstrumentId, "ESH1", "5482", "ESH1"},
      {SType::kContinuous, SType::kInstrumentId, "ES.c.0", "5482", "ES.c.0"},
      {SType::kInstrumentId, SType::kRawSymbol, "5482", "ESH1", "ESH1"},
      {std::nullopt, SType::kInstrumentId, "ESH1", "5482", "ESH1"},
      {SType::kParent, SType::kRawSymbol, "ES.FUT", "ESH1", ""},
  };
  for (const auto& c : cases) {
    Metadata metadata = testing::sample_metadata(3);
    metadata.stype_in = c.in;
    metadata.stype_out = c.out;
    metadata.mappings = {{c.key, {{Date(2020, 12, 28), Date(2020, 12, 29), c.value}}}};
    SymbolMap map;
    map.add(metadata);
    EXPECT_EQ(map.find(5482, 1'609'113'600'000'000'000).symbol, c.symbol) << c.key << c.value;
  }
}

TEST(SymbolMap, ReadsMappingRecordsOfEveryVersion) {
  SymbolMap map;
  map.add(mapping<SymbolMappingMsg>(1, "ES.c.0", "ESH4"));
  EXPECT_EQ(map.find(1, 0).symbol, "ESH4");
  EXPECT_EQ(map.find(1, kUndefTime - 1).symbol, "ESH4");
  map.add(mapping<SymbolMappingMsgV1>(1, "ES.c.0", "ESM4", day(5), day(6)));
  EXPECT_EQ(map.find(1, day(5) - 1).symbol, "ESH4");
  EXPECT_EQ(map.find(1, day(5)).symbol, "ESM4");
  EXPECT_EQ(map.find(1, day(6)).symbol, "ESH4");
  map.add(upgraded(mapping<SymbolMappingMsgV1>(2, "ESU4", "2")));  // resolved to the id
  EXPECT_EQ(map.find(2, day(1)).symbol, "ESU4");
  map.add(mapping<SymbolMappingMsg>(3, "ESZ4", ""));
  EXPECT_EQ(map.find(3, day(1)).symbol, "");

  const auto mapped = mapping<SymbolMappingMsg>(4, "NG.FUT", "NGF5");
  EXPECT_TRUE(map.add(RecordView(mapped)));
  EXPECT_EQ(map.find(4, day(1)).symbol, "NGF5");
  const Mbp1Msg trade = testing::sample_tbbo(1);
  EXPECT_FALSE(map.add(RecordView(trade)));
}

TEST(SymbolMap, TellsWhenAnswersMayHaveChanged) {
  SymbolMap map;
  map.add(7, "ESH4", day(1), day(9));
  const auto generation = map.generation();
  map.add(7, "ESH4", day(2), day(9));
  map.add(7, "", day(2), day(9));
  map.add(7, "ESM4", day(9), day(9));
  EXPECT_EQ(map.generation(), generation);
  map.add(7, "ESM4", day(2), day(3));
  EXPECT_NE(map.generation(), generation);
}

TEST(SymbolMap, AnswersOutliveAMoveOfTheMap) {
  SymbolMap map;
  map.add(7, "ESH4", day(1), day(9));
  const SymbolSpan span = map.find(7, day(1));
  const SymbolMap moved = std::move(map);
  EXPECT_EQ(span.symbol, "ESH4");
  EXPECT_EQ(moved.find(7, day(1)).symbol.data(), span.symbol.data());
}

TEST(SymbolMap, AnswersAsIfEveryMomentWereKeptApart) {
  rc::check("find() agrees with an array of moments, and its span is right everywhere", [] {
    constexpr Nanos kMoments = 12;
    std::vector<std::string> truth(kMoments);
    SymbolMap map;
    const int steps = *rc::gen::inRange(0, 25);
    for (int i = 0; i < steps; ++i) {
      const auto from = *rc::gen::inRange<Nanos>(0, kMoments);
      const auto to = *rc::gen::inRange<Nanos>(0, kMoments + 1);
      const auto symbol = *rc::gen::element<std::string>("A", "B", "C");
      map.add(1, symbol, from, to);
      for (Nanos moment = from; moment < to; ++moment) truth[moment] = symbol;
      for (Nanos moment = 0; moment < kMoments; ++moment) {
        const SymbolSpan span = map.find(1, moment);
        RC_ASSERT(span.symbol == truth[moment]);
        RC_ASSERT(span.valid_from <= moment && moment < span.valid_to);
        for (Nanos other = span.valid_from; other < std::min(span.valid_to, kMoments); ++other)
          RC_ASSERT(truth[other] == span.symbol);
      }
    }
  });
}

}  // namespace
}  // namespace fm::dbn
