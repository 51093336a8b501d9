#include "gateway/symbology.h"

#include <gtest/gtest.h>

#include "base/testing_fault_env.h"
#include "dbn/writer.h"
#include "gateway/archive.h"
#include "gateway/symbology_builder.h"
#include "gateway/testing_archive.h"

namespace fm::gateway {
namespace {

using dbn::Schema;
using dbn::SType;
using testing::day;
using testing::FileSpec;
using testing::shared;
using testing::trade;
using testing::write_file;

using Texts = std::vector<std::string>;

Date monday() { return Date(2024, 1, 8); }

dbn::InstrumentDefMsg definition(std::uint32_t id, std::string_view symbol, std::string_view asset,
                                 char instrument_class, Nanos expiration, int seen_on = 0) {
  dbn::InstrumentDefMsg record{};
  record.header = {0, dbn::RType::kDefinition, 1, id, day(seen_on)};
  record.ts_recv = day(seen_on);
  record.expiration = expiration;
  record.instrument_class = instrument_class;
  record.security_update_action = 'A';
  dbn::set_text(record.raw_symbol, symbol);
  dbn::set_text(record.asset, asset);
  return record;
}

class SymbologyTest : public ::testing::Test {
 protected:
  const Symbology& symbology() {
    if (!archive_) {
      auto archive = Archive::open(Env::posix(), std::vector{directory_.path()});
      EXPECT_TRUE(archive) << archive.error().message();
      archive_ = *archive;
    }
    auto symbology = archive_->symbology("GLBX.MDP3");
    EXPECT_TRUE(symbology) << symbology.error().message();
    return **symbology;
  }

  // "NAME: FROM-TO ID, …" with days counted from Monday; then "partial NAME", "missing NAME".
  Texts resolve(Texts symbols, SType in, int from, int to, SType out = SType::kInstrumentId) {
    const auto answer = symbology().resolve({.symbols = std::move(symbols),
                                             .stype_in = in,
                                             .stype_out = out,
                                             .start = monday() + from,
                                             .end = monday() + to});
    if (!answer) return {answer.error().message()};
    Texts texts;
    for (const dbn::SymbolMapping& mapping : answer->mappings) {
      std::string text = mapping.raw_symbol + ":";
      for (const dbn::MappingInterval& interval : mapping.intervals)
        text += fmt::format(" {}-{} {}", interval.start_date - monday(),
                            interval.end_date - monday(), interval.symbol);
      texts.push_back(text);
    }
    for (const std::string& name : answer->partial) texts.push_back("partial " + name);
    for (const std::string& name : answer->not_found) {
      texts.push_back("missing " + name);
      EXPECT_NE(answer->reasons.at(name), "") << name;
    }
    return texts;
  }

  TestDirectory directory_;
  std::shared_ptr<const Archive> archive_;
};

TEST_F(SymbologyTest, ResolvesBothWaysFromMetadata) {
  write_file(directory_.file("a.dbn"),
             {.schema = Schema::kTrades, .end_day = 2, .mapped = {{"ESH4", 7}, {"ESM4", 8}}},
             {trade(7, day(0), 1)});
  write_file(directory_.file("b.dbn"),
             {.schema = Schema::kTrades, .start_day = 2, .end_day = 3, .mapped = {{"ESH4", 7}}},
             {trade(7, day(2), 2)});
  EXPECT_EQ(resolve({"ESM4", "ESH4", "NQH4"}, SType::kRawSymbol, 0, 3),
            (Texts{"ESM4: 0-2 8", "ESH4: 0-3 7", "partial ESM4", "missing NQH4"}));
  EXPECT_EQ(resolve({"7"}, SType::kInstrumentId, 0, 3, SType::kRawSymbol), Texts{"7: 0-3 ESH4"});
  EXPECT_EQ(resolve({"8", "9", "x"}, SType::kInstrumentId, 1, 2),
            (Texts{"8: 1-2 8", "missing 9", "missing x"}));
  EXPECT_EQ(resolve({"ESH4"}, SType::kRawSymbol, 10, 12), Texts{"missing ESH4"});
  EXPECT_EQ(symbology().raw_symbol(8, monday() + 1), "ESM4");
  EXPECT_EQ(symbology().raw_symbol(8, monday() + 2), "");
}

TEST_F(SymbologyTest, ClosesWeekendsButNotLongHoles) {
  for (const int start : {0, 4, 20}) {
    FileSpec spec{.schema = Schema::kTrades, .start_day = start, .mapped = {{"ESH4", 7}}};
    write_file(directory_.file(fmt::format("{:02}.dbn", start)), spec, {trade(7, day(start), 1)});
  }
  EXPECT_EQ(resolve({"ESH4"}, SType::kRawSymbol, 0, 21),
            (Texts{"ESH4: 0-5 7 20-21 7", "partial ESH4"}));
}

TEST_F(SymbologyTest, FollowsAnIdThatIsUsedAgain) {
  write_file(directory_.file("a.dbn"), {.schema = Schema::kTrades, .mapped = {{"ESH4", 7}}},
             {trade(7, day(0), 1)});
  write_file(directory_.file("b.dbn"),
             {.schema = Schema::kTrades, .start_day = 1, .mapped = {{"CLH4", 7}, {"ESH4", 70}}},
             {trade(7, day(1), 2)});
  EXPECT_EQ(resolve({"ESH4"}, SType::kRawSymbol, 0, 2), Texts{"ESH4: 0-1 7 1-2 70"});
  EXPECT_EQ(resolve({"7"}, SType::kInstrumentId, 0, 2, SType::kRawSymbol),
            Texts{"7: 0-1 ESH4 1-2 CLH4"});
}

TEST_F(SymbologyTest, ChoosesChildrenByClassAndAsset) {
  const Nanos later = day(100);
  write_file(
      directory_.file("definitions.dbn"), {.schema = Schema::kDefinition},
      {definition(1, "ESH4", "ES", 'F', later), definition(2, "ESH4-ESM4", "ES", 'S', later),
       definition(3, "EW1F4 C4800", "ES", 'C', later),
       definition(4, "ESH4 P4700", "ES", 'P', later), definition(5, "NQH4", "NQ", 'F', later),
       definition(6, "UD:1V: VT 1", "ES", 'T', later)});
  EXPECT_EQ(resolve({"ES.FUT"}, SType::kParent, 0, 1), (Texts{"ESH4: 0-1 1", "ESH4-ESM4: 0-1 2"}));
  EXPECT_EQ(
      resolve({"ES.OPT", "NQ.FUT"}, SType::kParent, 0, 1),
      (Texts{"ESH4 P4700: 0-1 4", "EW1F4 C4800: 0-1 3", "UD:1V: VT 1: 0-1 6", "NQH4: 0-1 5"}));
  EXPECT_EQ(resolve({"ES", "ES.SPOT", "CL.FUT"}, SType::kParent, 0, 1),
            (Texts{"missing ES", "missing ES.SPOT", "missing CL.FUT"}));
  EXPECT_EQ(resolve({"ALL_SYMBOLS"}, SType::kRawSymbol, 0, 1).size(), 6u);
}

TEST_F(SymbologyTest, RollsCalendarContinuousTheDayAfterExpiry) {
  // Expires in the course of day 1, a Tuesday.
  write_file(directory_.file("definitions.dbn"), {.schema = Schema::kDefinition, .end_day = 4},
             {definition(1, "NGG4", "NG", 'F', day(1, 60'000)),
              definition(2, "NGH4", "NG", 'F', day(30)), definition(3, "NGJ4", "NG", 'F', day(60)),
              definition(4, "NGG4-NGH4", "NG", 'S', day(1, 60'000))});
  EXPECT_EQ(resolve({"NG.c.0", "NG.C.1"}, SType::kContinuous, 0, 4),
            (Texts{"NG.c.0: 0-2 1 2-4 2", "NG.C.1: 0-2 2 2-4 3"}));
  EXPECT_EQ(resolve({"NG.c.2", "NG.c.9", "NG.x.0", "NG", "CL.c.0"}, SType::kContinuous, 0, 4),
            (Texts{"NG.c.2: 0-2 3", "partial NG.c.2", "missing NG.c.9", "missing NG.x.0",
                   "missing NG", "missing CL.c.0"}));
}

TEST_F(SymbologyTest, RanksByTheDayBefore) {
  write_file(
      directory_.file("definitions.dbn"), {.schema = Schema::kDefinition, .end_day = 4},
      {definition(1, "ESH4", "ES", 'F', day(60)), definition(2, "ESM4", "ES", 'F', day(90))});
  // Volume: the first leads on day 0, the second on days 1 and 2.
  write_file(directory_.file("trades.dbn"), {.schema = Schema::kTrades, .end_day = 3},
             {trade(1, day(0, 9), 1, 10), trade(2, day(0, 9), 2, 5), trade(1, day(1, 9), 3, 1),
              trade(2, day(1, 9), 4, 5), trade(2, day(2, 9), 5, 5)});
  std::vector<dbn::StatMsg> statistics;
  for (const auto& [id, on, open_interest] :
       {std::tuple{1u, 0, 100}, {2u, 0, 50}, {1u, 1, 40}, {2u, 1, 60}}) {
    dbn::StatMsg record{};
    record.header = {0, dbn::RType::kStatistics, 1, id, day(on, 5)};
    record.ts_recv = day(on, 5);
    record.stat_type = static_cast<std::uint16_t>(dbn::StatType::kOpenInterest);
    record.quantity = open_interest;
    statistics.push_back(record);
  }
  write_file(directory_.file("statistics.dbn"), {.schema = Schema::kStatistics, .end_day = 2},
             statistics);
  EXPECT_EQ(
      resolve({"ES.v.0", "ES.v.1"}, SType::kContinuous, 0, 4),
      (Texts{"ES.v.0: 1-2 1 2-4 2", "ES.v.1: 1-2 2 2-4 1", "partial ES.v.0", "partial ES.v.1"}));
  EXPECT_EQ(resolve({"ES.n.0"}, SType::kContinuous, 1, 4), Texts{"ES.n.0: 1-2 1 2-4 2"});
}

TEST_F(SymbologyTest, BelievesWhatTheVendorResolved) {
  // Both days from one continuous request, whose metadata know the request alone.
  dbn::Metadata metadata = testing::metadata_of({.schema = Schema::kTrades, .end_day = 2});
  metadata.stype_in = SType::kContinuous;
  metadata.mappings = {
      {"ES.v.0", {{monday(), monday() + 1, "7"}, {monday() + 1, monday() + 2, "8"}}}};
  auto writer =
      dbn::Writer::open(*dbn::create_output(Env::posix(), directory_.file("a.dbn")), metadata);
  ASSERT_TRUE(writer->finish());
  EXPECT_EQ(resolve({"ES.v.0"}, SType::kContinuous, 0, 2), Texts{"ES.v.0: 0-1 7 1-2 8"});
  EXPECT_EQ(resolve({"7"}, SType::kInstrumentId, 0, 2), (Texts{"7: 0-1 7", "partial 7"}));
}

TEST_F(SymbologyTest, RefusesPairsThatCannotBe) {
  write_file(directory_.file("a.dbn"), {.schema = Schema::kTrades}, {trade(7, day(0), 1)});
  const struct {
    SType in;
    SType out;
  } cases[] = {{SType::kRawSymbol, SType::kRawSymbol},
               {SType::kParent, SType::kRawSymbol},
               {SType::kInstrumentId, SType::kContinuous},
               {SType::kIsin, SType::kInstrumentId}};
  for (const auto& c : cases) {
    const auto answer = symbology().resolve({.symbols = {"A"},
                                             .stype_in = c.in,
                                             .stype_out = c.out,
                                             .start = monday(),
                                             .end = monday() + 1});
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code(), Code::kInvalidArgument);
  }
  EXPECT_FALSE(symbology().resolve({.symbols = {"A"}, .start = monday(), .end = monday()}));
}

TEST(ShownRoot, ReadsSymbolsByTheirForm) {
  const struct {
    const char* symbol;
    const char* root;
    char instrument_class;
  } cases[] = {{"ESH4", "ES", 'F'},         {"6EZ24", "6E", 'F'},
               {"ESH4-ESM4", "ES", 'S'},    {"ZC:BF N4-U4-Z4", "ZC", 'S'},
               {"ESM4 P5230", "ES", 'P'},   {"ESM4 C5230", "ES", 'C'},
               {"UD:1V: GN 123", "", '\0'}, {"", "", '\0'}};
  for (const auto& c : cases) {
    EXPECT_EQ(shown_root(c.symbol), c.root) << c.symbol;
    EXPECT_EQ(shown_class(c.symbol), c.instrument_class) << c.symbol;
  }
}

TEST(SharedSymbology, KnowsTheFixtures) {
  if (!Env::posix().exists(shared("glbx-fixtures"))) GTEST_SKIP() << "no shared data";
  const auto archive = Archive::open(
      Env::posix(),
      std::vector{shared("glbx-fixtures"), shared("es-2024-07-01"), shared("esh4-2023-12-25")});
  ASSERT_TRUE(archive) << archive.error().message();
  const auto symbology = (*archive)->symbology("GLBX.MDP3");
  ASSERT_TRUE(symbology) << symbology.error().message();
  EXPECT_EQ((*symbology)->raw_symbol(5482, Date(2020, 12, 28)), "ESH1");
  const auto parent = (*symbology)
                          ->resolve({.symbols = {"ES.FUT"},
                                     .stype_in = SType::kParent,
                                     .start = Date(2023, 12, 25),
                                     .end = Date(2023, 12, 26)});
  ASSERT_TRUE(parent);
  ASSERT_EQ(parent->mappings.size(), 1u);
  EXPECT_EQ(parent->mappings[0].raw_symbol, "ESH4");
}

}  // namespace
}  // namespace fm::gateway
