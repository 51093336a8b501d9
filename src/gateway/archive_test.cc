#include "gateway/archive.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <map>

#include "base/testing_fault_env.h"
#include "dbn/writer.h"
#include "gateway/testing_archive.h"

namespace fm::gateway {
namespace {

using dbn::Schema;
using testing::day;
using testing::FileSpec;
using testing::shared;
using testing::trade;
using testing::write_file;

class ArchiveTest : public ::testing::Test {
 protected:
  std::shared_ptr<const Archive> open(std::vector<std::string> paths) {
    auto archive = Archive::open(env_, paths);
    if (!archive) {
      ADD_FAILURE() << archive.error().message();
      return nullptr;
    }
    return *archive;
  }
  std::shared_ptr<const Archive> open() { return open({directory_.path()}); }

  // Sequence numbers of a request's records, and checks of what every run promises.
  static std::vector<std::uint32_t> sequences(const Archive& archive, ReadRequest request) {
    std::vector<std::uint32_t> out;
    auto stream = archive.read(std::move(request));
    if (!stream) {
      ADD_FAILURE() << stream.error().message();
      return out;
    }
    Nanos last = 0;
    for (;;) {
      const auto next_time = stream->next_time();
      const auto run = stream->next();
      if (!run) {
        ADD_FAILURE() << run.error().message();
        return out;
      }
      if (run->empty()) {
        EXPECT_EQ(*next_time, std::nullopt);
        return out;
      }
      EXPECT_EQ(*next_time, run->first_time);
      EXPECT_LE(last, run->first_time);
      EXPECT_LE(run->first_time, run->last_time);
      last = run->last_time;
      std::uint64_t count = 0;
      for (const dbn::RecordView record : run->block) {
        ++count;
        if (const auto* one = record.get_if<dbn::TradeMsg>()) out.push_back(one->sequence);
        if (const auto* one = record.get_if<dbn::Mbp1Msg>()) out.push_back(one->sequence);
        if (const auto* one = record.get_if<dbn::OhlcvMsg>())
          out.push_back(static_cast<std::uint32_t>(one->volume));
      }
      EXPECT_EQ(count, run->block.record_count);
    }
  }

  Env& env_ = Env::posix();
  TestDirectory directory_;
};

TEST_F(ArchiveTest, MergesFilesByIndexTimeAndEqualTimesByPath) {
  write_file(directory_.file("b.dbn"), {.schema = Schema::kTrades},
             {trade(1, day(0, 5), 1), trade(1, day(0, 7), 2), trade(1, day(0, 9), 3)});
  write_file(directory_.file("a.dbn"), {.schema = Schema::kTrades},
             {trade(2, day(0, 7), 11), trade(2, day(0, 8), 12), trade(2, day(1, 1), 13)});
  write_file(directory_.file("c.dbn.zst"), {.schema = Schema::kTrades, .start_day = 1},
             {trade(2, day(1, 0), 21), trade(2, day(1, 1), 22)});
  const auto archive = open();
  ASSERT_NE(archive, nullptr);
  const std::vector<std::uint32_t> expected{1, 11, 2, 12, 3, 21, 13, 22};
  EXPECT_EQ(sequences(*archive, {.dataset = "GLBX.MDP3", .schemas = {Schema::kTrades}}), expected);
}

TEST_F(ArchiveTest, KeepsTheOrderWithinAFile) {
  write_file(directory_.file("a.dbn"), {.schema = Schema::kTrades},
             {trade(1, day(0, 5), 1), trade(1, day(0, 3), 2), trade(1, day(0, 6), 3)});
  write_file(directory_.file("b.dbn"), {.schema = Schema::kTrades}, {trade(1, day(0, 4), 4)});
  const auto archive = open();
  const std::vector<std::uint32_t> expected{4, 1, 2, 3};
  EXPECT_EQ(sequences(*archive, {.dataset = "GLBX.MDP3", .schemas = {Schema::kTrades}}), expected);
}

TEST_F(ArchiveTest, CutsByTimeAndChoosesInstruments) {
  std::vector<dbn::TradeMsg> trades;
  for (std::uint32_t i = 0; i < 1'000; ++i) {
    trades.push_back(trade(i % 3, day(0, i), i));
    trades.back().header.ts_event = day(0, i) - kNanosPerSecond;
  }
  write_file(directory_.file("a.dbn"), {.schema = Schema::kTrades}, trades);
  const auto archive = open();
  ReadRequest request{.dataset = "GLBX.MDP3", .schemas = {Schema::kTrades}};
  request.from = day(0, 100);
  request.to = day(0, 900);
  auto all = sequences(*archive, request);
  ASSERT_EQ(all.size(), 800u);
  EXPECT_EQ(all.front(), 100u);
  EXPECT_EQ(all.back(), 899u);

  request.filter = Filter::kTsEvent;  // a second before the arrival
  all = sequences(*archive, request);
  ASSERT_EQ(all.size(), 800u);
  EXPECT_EQ(all.front(), 101u);

  request.filter = Filter::kIndexTime;
  request.selection = Selection();
  request.selection.add(1, 0, day(0, 500));
  request.selection.add(2, day(0, 500));
  const auto some = sequences(*archive, request);
  std::vector<std::uint32_t> expected;
  for (std::uint32_t i = 100; i < 900; ++i)
    if (i % 3 == (i < 500 ? 1u : 2u)) expected.push_back(i);
  EXPECT_EQ(some, expected);
}

TEST_F(ArchiveTest, GivesNothingLaterThanAskedFor) {
  write_file(directory_.file("a.dbn"), {.schema = Schema::kTrades},
             {trade(1, day(0, 1), 1), trade(1, day(0, 2), 2), trade(1, day(0, 3), 3)});
  const auto archive = open();
  auto stream = archive->read({.dataset = "GLBX.MDP3", .schemas = {Schema::kTrades}});
  ASSERT_TRUE(stream);
  EXPECT_TRUE(stream->next(day(0, 1) - 1)->empty());
  EXPECT_EQ(stream->next(day(0, 2))->block.record_count, 2u);
  EXPECT_TRUE(stream->next(day(0, 2))->empty());
  EXPECT_EQ(**stream->next_time(), day(0, 3));
  EXPECT_EQ(stream->next()->block.record_count, 1u);
}

TEST_F(ArchiveTest, BarsArriveAtTheirEnd) {
  std::vector<dbn::OhlcvMsg> bars;
  for (std::uint32_t i = 0; i < 2; ++i) {
    dbn::OhlcvMsg bar{};
    bar.header = {0, dbn::RType::kOhlcv1m, 1, 1, day(0, 60 * i)};
    bar.volume = 100 + i;
    bars.push_back(bar);
  }
  write_file(directory_.file("bars.dbn"), {.schema = Schema::kOhlcv1m}, bars);
  write_file(directory_.file("trades.dbn"), {.schema = Schema::kTrades},
             {trade(1, day(0, 1), 1), trade(1, day(0, 61), 2)});
  const auto archive = open();
  ReadRequest request{.dataset = "GLBX.MDP3", .schemas = {Schema::kTrades, Schema::kOhlcv1m}};
  EXPECT_EQ(sequences(*archive, request), (std::vector<std::uint32_t>{100, 1, 101, 2}));
  request.order = Order::kArrival;
  EXPECT_EQ(sequences(*archive, request), (std::vector<std::uint32_t>{1, 100, 2, 101}));
  request.filter = Filter::kArrival;
  request.from = day(0, 61);
  EXPECT_EQ(sequences(*archive, request), (std::vector<std::uint32_t>{2, 101}));
}

TEST_F(ArchiveTest, SplitsMixedFilesByKindAndLearnsTheirMappings) {
  dbn::Metadata metadata;
  metadata.dataset = "GLBX.MDP3";
  metadata.start = day(0, 0);
  metadata.ts_out = true;
  auto writer = dbn::Writer::open(*dbn::create_output(env_, directory_.file("0001.dbn")), metadata);
  ASSERT_TRUE(writer);
  dbn::SymbolMappingMsg mapping{};
  mapping.header = {0, dbn::RType::kSymbolMapping, 0, 7, day(0, 1)};
  dbn::set_text(mapping.stype_in_symbol, "ES.c.0");
  mapping.stype_in = static_cast<std::uint8_t>(dbn::SType::kContinuous);
  dbn::set_text(mapping.stype_out_symbol, "ESH4");
  mapping.start_ts = mapping.end_ts = kUndefTime;
  ASSERT_TRUE(writer->write(mapping, day(0, 1)));
  ASSERT_TRUE(writer->write(trade(7, day(0, 2), 1), day(0, 2)));
  dbn::Mbp1Msg quote{};
  quote.header = {0, dbn::RType::kMbp1, 1, 7, day(0, 3)};
  quote.ts_recv = day(0, 3);
  quote.action = 'T';
  quote.sequence = 2;
  ASSERT_TRUE(writer->write(quote, day(0, 3)));
  ASSERT_TRUE(writer->finish());
  // A log that is still being written has room in front of it.
  {
    auto file = env_.create(directory_.file("0001.dbn"), Create::kAppend);
    ASSERT_TRUE((*file)->write(std::string(4'096, '\0')));
  }

  const auto archive = open();
  ASSERT_NE(archive, nullptr);
  EXPECT_EQ(archive->schemas("GLBX.MDP3"), (std::vector{Schema::kTbbo, Schema::kTrades}));
  EXPECT_EQ(archive->range("GLBX.MDP3"), (TimeRange{day(0, 0), day(0, 3) + 1}));
  EXPECT_EQ(sequences(*archive, {.dataset = "GLBX.MDP3", .schemas = {Schema::kTbbo}}),
            std::vector{2u});
  // The records lost their ts_out.
  EXPECT_EQ(archive->measure({.dataset = "GLBX.MDP3", .schemas = {Schema::kTrades, Schema::kTbbo}})
                ->bytes,
            sizeof(dbn::TradeMsg) + sizeof(dbn::Mbp1Msg));
  const auto symbology = archive->symbology("GLBX.MDP3");
  EXPECT_EQ((*symbology)->raw_symbol(7, Date(2024, 1, 8)), "ESH4");
  const auto resolved = (*symbology)
                            ->resolve({.symbols = {"ES.c.0"},
                                       .stype_in = dbn::SType::kContinuous,
                                       .start = Date(2024, 1, 8),
                                       .end = Date(2024, 1, 9)});
  ASSERT_EQ(resolved->mappings.size(), 1u);
  EXPECT_EQ(resolved->mappings[0].intervals[0].symbol, "7");
}

TEST_F(ArchiveTest, SaysWhichFilesItCannotServe) {
  const std::string text = directory_.file("trades.json");
  ASSERT_TRUE(write_text_atomically(env_, text, "{\"a\":1}\n"));
  const std::string fragment = directory_.file("trades.dbn.frag");
  ASSERT_TRUE(write_text_atomically(env_, fragment, "0123456789012345"));
  struct {
    std::vector<std::string> paths;
    Code code;
    std::string_view words;
  } const cases[] = {{{}, Code::kInvalidArgument, "no file is named"},
                     {{directory_.path()}, Code::kInvalidArgument, "no DBN file"},
                     {{text}, Code::kUnsupported, "is text"},
                     {{fragment}, Code::kUnsupported, "is a fragment"},
                     {{directory_.file("none")}, Code::kNotFound, "none"}};
  for (const auto& c : cases) {
    const auto archive = Archive::open(env_, c.paths);
    ASSERT_FALSE(archive) << c.words;
    EXPECT_EQ(archive.error().code(), c.code) << archive.error().message();
    EXPECT_NE(archive.error().message().find(c.words), std::string::npos)
        << archive.error().message();
  }
}

TEST_F(ArchiveTest, GivesEverythingBeforeDamage) {
  const std::string path = directory_.file("a.dbn");
  write_file(path, {.schema = Schema::kTrades}, {trade(1, day(0, 1), 1), trade(1, day(0, 2), 2)});
  std::filesystem::resize_file(path, std::filesystem::file_size(path) - 10);
  const auto archive = open();
  auto stream = archive->read({.dataset = "GLBX.MDP3", .schemas = {Schema::kTrades}});
  EXPECT_EQ(stream->next()->block.record_count, 1u);
  const auto end = stream->next();
  ASSERT_FALSE(end);
  EXPECT_EQ(end.error().code(), Code::kTruncated);
  EXPECT_NE(end.error().message().find(path), std::string::npos);
}

TEST_F(ArchiveTest, UnknownDatasetNamesTheKnownOnes) {
  write_file(directory_.file("a.dbn"), {.schema = Schema::kTrades}, {trade(1, day(0, 1), 1)});
  const auto archive = open();
  const auto stream = archive->read({.dataset = "XNAS.ITCH", .schemas = {Schema::kTrades}});
  ASSERT_FALSE(stream);
  EXPECT_EQ(stream.error().code(), Code::kNotFound);
  EXPECT_NE(stream.error().message().find("GLBX.MDP3"), std::string::npos);
}

TEST_F(ArchiveTest, ReadsEverySharedFixture) {
  const std::string root = shared("glbx-fixtures");
  if (!env_.exists(root)) GTEST_SKIP() << "no shared data";
  const auto archive =
      open({root, shared("esh4-2023-12-25"), shared("es-2024-07-01"), shared("batch-jobs")});
  ASSERT_NE(archive, nullptr);
  struct {
    Schema schema;
    Nanos from;
    Nanos to;
    std::uint64_t records;
  } const cases[] = {
      {Schema::kTbbo, *parse_iso_nanos("2023-12-25T00:00:00Z"), kUndefTime, 2 * 2'973},
      {Schema::kMbp1, *parse_iso_nanos("2023-12-25T00:00:00Z"),
       *parse_iso_nanos("2024-01-01T00:00:00Z"), 32'075},
      {Schema::kMbp1, *parse_iso_nanos("2024-07-01T00:00:00Z"), kUndefTime, 2'288},
      {Schema::kOhlcv1m, *parse_iso_nanos("2023-12-25T00:00:00Z"),
       *parse_iso_nanos("2024-01-01T00:00:00Z"), 60},
  };
  for (const auto& c : cases) {
    const auto size = archive->measure(
        {.dataset = "GLBX.MDP3", .schemas = {c.schema}, .from = c.from, .to = c.to});
    ASSERT_TRUE(size) << size.error().message();
    EXPECT_EQ(size->records, c.records) << dbn::name(c.schema);
  }
}

}  // namespace
}  // namespace fm::gateway
