#include "synth/files.h"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace fm::synth
