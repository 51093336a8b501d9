#include "synth/files.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "base/testing_fault_env.h"
#include "dbn/byte_source.h"
#include "dbn/reader.h"
#include "dbn/tbbo_text.h"

namespace fm::synth {
namespace {

using market::Calendar;
using market::Universe;

class Files : public testing::Test {
 protected:
  Result<Written> write(const std::string& name, const Options& options,
                        const FileOptions& how = {}) {
    return write_file(Env::posix(), directory_.file(name), Universe::builtin(), Calendar::builtin(),
                      options, how);
  }
  std::vector<dbn::Mbp1Msg> generated(const Options& options) {
    auto generator = Generator::create(Universe::builtin(), Calendar::builtin(), options);
    std::vector<dbn::Mbp1Msg> records;
    for (auto block = generator->next(); !block.empty(); block = generator->next()) {
      records.insert(records.end(), block.begin(), block.end());
    }
    return records;
  }

  const TestDirectory directory_;
  Options options_{.roots = {"ES", "ZL"}, .days = 2, .trades = 5'000};
};

TEST_F(Files, DbnOfEveryVersionHoldsTheRecordsAndTheirSymbols) {
  const std::vector<dbn::Mbp1Msg> expected = generated(options_);
  struct {
    const char* name;
    FileOptions how;
    bool compressed;
  } const cases[] = {{"a.dbn", {}, false},
                     {"b.dbn.zst", {}, true},
                     {"c.dbn", {.version = 1}, false},
                     {"d.dbn.zst", {.version = 2}, true},
                     {"e.dbn", {.zstd = true}, true}};
  for (const auto& c : cases) {
    const auto written = write(c.name, options_, c.how);
    ASSERT_TRUE(written) << written.error().message();
    EXPECT_EQ(written->records, expected.size());
    auto input = dbn::open_input(Env::posix(), directory_.file(c.name));
    ASSERT_TRUE(input) << input.error().message();
    EXPECT_EQ(input->compressed, c.compressed);
    dbn::ReaderOptions as_it_is;
    as_it_is.upgrade = false;
    auto reader = dbn::Reader::open(std::move(input->source), c.name, as_it_is);
    ASSERT_TRUE(reader) << reader.error().message();
    EXPECT_EQ(reader->source_version(), c.how.version);
    EXPECT_EQ(reader->metadata().schema, dbn::Schema::kTbbo);
    EXPECT_EQ(reader->metadata().symbols, (std::vector<std::string>{"ES.FUT", "ZL.FUT"}));

    std::size_t at = 0;
    for (auto block = reader->next(); block && !block->empty(); block = reader->next()) {
      for (const dbn::RecordView record : *block) {
        ASSERT_LT(at, expected.size());
        const auto* tbbo = record.get_if<dbn::Mbp1Msg>();
        ASSERT_NE(tbbo, nullptr);
        ASSERT_EQ(*tbbo, expected[at++]);
      }
    }
    EXPECT_EQ(at, expected.size());
  }
}

TEST_F(Files, JsonLinesHoldTheRecordsAndTheirSymbols) {
  const std::vector<dbn::Mbp1Msg> expected = generated(options_);
  for (const char* name : {"a.jsonl", "b.json", "c.jsonl.zst"}) {
    const auto written = write(name, options_);
    ASSERT_TRUE(written) << written.error().message();
    EXPECT_EQ(written->records, expected.size());
    std::map<std::uint32_t, std::string> symbols;
    for (const Instrument& instrument : written->instruments) {
      symbols[instrument.id] = instrument.symbol;
    }
    auto input = dbn::open_input(Env::posix(), directory_.file(name));
    ASSERT_TRUE(input) << input.error().message();
    EXPECT_EQ(input->format, dbn::Format::kJson);
    dbn::TbboTextReader reader(std::move(input->source), name, dbn::TextForm::kJsonLines);
    std::size_t at = 0;
    for (auto lines = reader.next(); lines && !lines->empty(); lines = reader.next()) {
      for (const dbn::TbboLine& line : *lines) {
        ASSERT_LT(at, expected.size());
        ASSERT_EQ(line.record, expected[at]) << "line " << line.line_number;
        ASSERT_EQ(line.symbol, symbols.at(expected[at].header.instrument_id));
        ++at;
      }
    }
    EXPECT_EQ(at, expected.size());
  }
}

TEST_F(Files, MappingsCoverEveryArrival) {
  auto generator = Generator::create(Universe::builtin(), Calendar::builtin(), options_);
  ASSERT_TRUE(generator) << generator.error().message();
  const dbn::Metadata metadata = metadata_of(*generator);
  ASSERT_EQ(metadata.mappings.size(), generator->instruments().size());
  for (std::size_t i = 0; i < metadata.mappings.size(); ++i) {
    const Instrument& instrument = generator->instruments()[i];
    ASSERT_EQ(metadata.mappings[i].intervals.size(), 1U);
    const dbn::MappingInterval& interval = metadata.mappings[i].intervals.front();
    EXPECT_EQ(metadata.mappings[i].raw_symbol, instrument.symbol);
    EXPECT_EQ(interval.symbol, std::to_string(instrument.id));
    EXPECT_LE(interval.start_date.first_second(), second_of(generator->start()));
    EXPECT_GT(interval.end_date.first_second(), second_of(generator->end()));
  }
}

TEST_F(Files, RefusesAnEndingBeforeItWritesAnything) {
  for (const char* name : {"a.csv", "a.zst", "a", "dbn", "a.dbn.gz"}) {
    const auto written = write(name, options_);
    ASSERT_FALSE(written) << name;
    EXPECT_EQ(written.error().code(), Code::kInvalidArgument);
    EXPECT_FALSE(Env::posix().exists(directory_.file(name)));
  }
  EXPECT_FALSE(write("a.dbn", options_, {.version = 4}));
  EXPECT_FALSE(write("a.dbn", {.roots = {"XX"}}));
  EXPECT_FALSE(Env::posix().exists(directory_.file("a.dbn")));
}

// By a slow grouping of the same trades.
TEST_F(Files, BarsAreThoseOfTheTrades) {
  const Options options{.roots = {"ES", "ZL"}, .days = 2, .trades = 20'000};
  const auto& universe = market::Universe::builtin();
  const auto& calendar = market::Calendar::builtin();
  struct Expected {
    std::map<std::pair<Nanos, std::size_t>, dbn::Mbp1Msg> trades;  // by time, then arrival
    std::uint64_t volume = 0;
  };
  std::map<std::pair<Nanos, std::uint32_t>, Expected> expected;
  auto generator = Generator::create(universe, calendar, options);
  ASSERT_TRUE(generator);
  constexpr Nanos kMinute = 60 * kNanosPerSecond;
  std::size_t arrival = 0;
  for (auto block = generator->next(); !block.empty(); block = generator->next())
    for (const dbn::Mbp1Msg& trade : block) {
      auto& bar = expected[{trade.header.ts_event / kMinute * kMinute, trade.header.instrument_id}];
      bar.trades[{trade.header.ts_event, arrival++}] = trade;
      bar.volume += trade.size;
    }
  const std::string path = directory_.file("bars.dbn.zst");
  const auto written = write_file(Env::posix(), path, universe, calendar, options,
                                  {.schema = dbn::Schema::kOhlcv1m});
  ASSERT_TRUE(written) << written.error().message();
  EXPECT_EQ(written->records, expected.size());
  auto input = dbn::open_input(Env::posix(), path);
  ASSERT_TRUE(input);
  auto reader = dbn::Reader::open(std::move(input->source), path);
  ASSERT_TRUE(reader);
  EXPECT_EQ(reader->metadata().schema, dbn::Schema::kOhlcv1m);
  auto at = expected.begin();
  while (true) {
    const auto block = reader->next();
    ASSERT_TRUE(block);
    if (block->empty()) break;
    for (const dbn::RecordView record : *block) {
      const auto* const bar = record.get_if<dbn::OhlcvMsg>();
      ASSERT_NE(bar, nullptr);
      ASSERT_NE(at, expected.end());
      EXPECT_EQ(std::pair(bar->header.ts_event, bar->header.instrument_id), at->first);
      const auto& trades = at->second.trades;
      const auto [low, high] = std::ranges::minmax_element(
          trades, {}, [](const auto& trade) { return trade.second.price; });
      EXPECT_EQ(bar->open, trades.begin()->second.price);
      EXPECT_EQ(bar->close, trades.rbegin()->second.price);
      EXPECT_EQ(bar->high, high->second.price);
      EXPECT_EQ(bar->low, low->second.price);
      EXPECT_EQ(bar->volume, at->second.volume);
      ++at;
    }
  }
  EXPECT_EQ(at, expected.end());
  const auto refused =
      write_file(Env::posix(), path, universe, calendar, options, {.schema = dbn::Schema::kMbo});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::kInvalidArgument);
}

}  // namespace
}  // namespace fm::synth
