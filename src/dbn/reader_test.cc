#include "dbn/reader.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <cstring>

#include "dbn/testing_records.h"
#include "dbn/writer.h"

namespace fm::dbn {
namespace {

using testing::Bytes;
using testing::bytes_of;
using testing::first_of;
using testing::read_out;
using testing::ReadOut;
using testing::sample_metadata;
using testing::sample_tbbo;
using testing::tbbo_file;
using testing::TrickleSource;
using testing::unknown_record;
using testing::operator+;

Bytes header(int version) { return *encode(sample_metadata(version)); }

TEST(Reader, GivesTheRecordsOfEveryVersionAsAnArray) {
  for (const int version : {1, 2, 3}) {
    const Bytes file = tbbo_file(version, 10'000);
    auto reader = Reader::open(std::make_unique<MemorySource>(file), "sample.dbn");
    ASSERT_TRUE(reader.has_value());
    EXPECT_EQ(reader->source_version(), version);
    EXPECT_EQ(reader->metadata().version, 3);
    EXPECT_EQ(reader->metadata().symbol_cstr_len, 71u);
    std::uint32_t sequence = 0;
    std::uint64_t place = header(version).size();
    for (;;) {
      const auto block = reader->next();
      ASSERT_TRUE(block.has_value());
      if (block->empty()) break;
      EXPECT_EQ(block->first_byte, place);
      const auto records = block->all<Mbp1Msg>();
      EXPECT_EQ(records.size(), block->record_count);
      EXPECT_TRUE(block->all<TradeMsg>().empty());
      for (const Mbp1Msg& record : records) EXPECT_EQ(record, sample_tbbo(sequence++));
      place += block->bytes.size();
    }
    EXPECT_EQ(sequence, 10'000u);
    EXPECT_FALSE(reader->loss().has_value());
  }
}

TEST(Reader, GivesTheSameWhateverTheSourceGivesAtOnce) {
  const Bytes records = bytes_of(sample_tbbo(1)) + unknown_record(20) + unknown_record(36) +
                        bytes_of(sample_tbbo(2)) + unknown_record(16) + unknown_record(1020) +
                        bytes_of(sample_tbbo(3));
  for (const int version : {1, 3}) {
    const Bytes file = header(version) + records;
    for (std::size_t step = 1; step < 200; step += step < 20 ? 1 : 13) {
      for (const std::size_t buffer : {1, 64, 100'000}) {
        const ReadOut out =
            read_out(std::make_unique<TrickleSource>(file, step), {.buffer_bytes = buffer});
        ASSERT_FALSE(out.error.has_value()) << out.error->message();
        EXPECT_EQ(out.records, records);
        EXPECT_EQ(out.record_count, 7u);
      }
    }
  }
}

TEST(Reader, PassesUnknownRecordsAndLengths) {
  Bytes odd_trade = bytes_of(sample_tbbo(5)) + Bytes(8);
  odd_trade[0] = std::byte{22};
  const Bytes file = header(3) + unknown_record(16) + odd_trade + unknown_record(1020);
  auto reader = Reader::open(std::make_unique<MemorySource>(file), "sample.dbn");
  ASSERT_TRUE(reader.has_value());
  const RecordBlock first = *reader->next();
  std::vector<std::size_t> sizes;
  for (const RecordView record : first) {
    sizes.push_back(record.size_bytes());
    EXPECT_EQ(record.get_if<Mbp1Msg>(), nullptr);  // 88 bytes without ts_out are no Mbp1Msg
  }
  EXPECT_EQ(sizes, (std::vector<std::size_t>{16, 88, 1020}));
}

TEST(Reader, GivesTsOut) {
  Metadata metadata = sample_metadata(1, Schema::kStatistics);
  metadata.ts_out = true;
  Bytes file;
  auto writer = Writer::open(std::make_unique<MemorySink>(file), metadata);
  ASSERT_TRUE(writer.has_value());
  StatMsgV1 statistic{};
  statistic.header.rtype = RType::kStatistics;
  statistic.quantity = kUndefStatQuantityV1;
  ASSERT_TRUE(writer->write(statistic, 77).has_value());
  ASSERT_TRUE(writer->write(sample_tbbo(1), 88).has_value());
  ASSERT_TRUE(writer->finish().has_value());
  auto reader = Reader::open(std::make_unique<MemorySource>(file), "sample.dbn");
  ASSERT_TRUE(reader.has_value());
  const RecordBlock first = *reader->next();
  const RecordView upgraded = *first.begin();
  ASSERT_NE(upgraded.get_if<StatMsg>(), nullptr);
  EXPECT_EQ(upgraded.get_if<StatMsg>()->quantity, kUndefStatQuantity);
  EXPECT_EQ(upgraded.size_bytes(), sizeof(StatMsg) + 8);
  EXPECT_EQ(upgraded.ts_out(), 77u);
  const RecordBlock second = *reader->next();
  EXPECT_TRUE(second.all<Mbp1Msg>().empty());  // 88 bytes apart, so no array
  const RecordView trade = *second.begin();
  ASSERT_NE(trade.get_if<Mbp1Msg>(), nullptr);
  EXPECT_EQ(trade.get_if<Mbp1Msg>()->sequence, 1u);
  EXPECT_EQ(trade.ts_out(), 88u);
}

TEST(Reader, ReadsFragmentsOfAStatedVersion) {
  StatMsgV1 statistic{};
  statistic.header.rtype = RType::kStatistics;
  const Bytes fragment = bytes_of(statistic) + bytes_of(sample_tbbo(1));
  EXPECT_EQ(read_out(fragment, {.fragment_version = 1, .upgrade = false}).records, fragment);
  const ReadOut upgraded = read_out(fragment, {.fragment_version = 2});
  EXPECT_EQ(upgraded.metadata.version, 3);
  EXPECT_EQ(upgraded.records.size(), sizeof(StatMsg) + sizeof(Mbp1Msg));
  EXPECT_EQ(read_out(fragment, {.fragment_version = 3}).records, fragment);
  EXPECT_EQ(read_out(Bytes{}, {.fragment_version = 3}).record_count, 0u);
  EXPECT_EQ(read_out(first_of(fragment, 5), {.fragment_version = 3}).error->code(),
            Code::kTruncated);
  EXPECT_EQ(read_out(fragment, {.fragment_version = 4}).error->code(), Code::kInvalidArgument);
  // An input that has metadata is read by them.
  EXPECT_EQ(read_out(tbbo_file(1, 3), {.fragment_version = 3}).metadata.symbols.size(), 1u);

  const ReadOut refused = read_out(fragment);
  EXPECT_EQ(refused.error->code(), Code::kCorrupt);
  EXPECT_NE(refused.error->advice().find("say which DBN version"), std::string::npos);
}

TEST(Reader, SaysWhereDamageIs) {
  const Bytes file = tbbo_file(3, 1'234);
  const std::size_t start = header(3).size();
  Bytes short_length = file;
  short_length[start + 1'000 * 80] = std::byte{3};
  const ReadOut out = read_out(short_length);
  EXPECT_EQ(out.record_count, 1'000u);
  EXPECT_EQ(out.error->code(), Code::kCorrupt);
  EXPECT_EQ(out.error->message(),
            "sample.dbn: record 1,001 at byte 80,360: length 12 is shorter than a header (16)");
  EXPECT_EQ(out.error->advice(),
            "The file is damaged from here on; `--salvage` keeps the 1,000 records before it.");

  const ReadOut cut = read_out(first_of(file, start + 5 * 80 + 33));
  EXPECT_EQ(cut.record_count, 5u);
  EXPECT_EQ(cut.error->code(), Code::kTruncated);
  EXPECT_EQ(cut.error->message(),
            "sample.dbn: record 6 at byte 760: the input ends after 33 of the record's 80 bytes");

  const ReadOut joined = read_out(file + file);
  EXPECT_EQ(joined.record_count, 1'234u);
  EXPECT_EQ(joined.error->code(), Code::kUnsupported);
  EXPECT_NE(joined.error->message().find("metadata of a second DBN file"), std::string::npos);
}

TEST(Reader, SalvagesWhatComesBeforeTheDamage) {
  const Bytes file = tbbo_file(2, 5'000);
  const std::size_t start = header(2).size();
  Bytes damaged = file;
  damaged[start + 4'000 * 80] = std::byte{0};
  const ReadOut out = read_out(damaged, {.salvage = true, .buffer_bytes = 10'000});
  EXPECT_FALSE(out.error.has_value());
  EXPECT_EQ(out.record_count, 4'000u);
  ASSERT_TRUE(out.loss.has_value());
  EXPECT_EQ(out.loss->records_kept, 4'000u);
  EXPECT_EQ(out.loss->first_byte, start + 4'000 * 80);
  EXPECT_EQ(out.loss->bytes_lost, 1'000u * 80);
  EXPECT_EQ(out.loss->reason, read_out(damaged).error->message());
}

TEST(Reader, KeepsWholeRecordsOfAFileCutAnywhere) {
  for (const int version : {1, 2, 3}) {
    const Bytes file = tbbo_file(version, 3);
    const std::size_t start = header(version).size();
    for (std::size_t size = 0; size < file.size(); ++size) {
      const Bytes cut = first_of(file, size);
      const ReadOut strict = read_out(cut);
      const ReadOut salvaged = read_out(cut, {.salvage = true});
      if (size < start) {
        EXPECT_EQ(strict.error->code(), Code::kTruncated) << size;
        EXPECT_EQ(salvaged.error->code(), Code::kTruncated) << size;
        continue;
      }
      const std::size_t whole = (size - start) / 80;
      const std::size_t lost = (size - start) % 80;
      EXPECT_EQ(strict.record_count, whole) << size;
      EXPECT_EQ(strict.error.has_value(), lost != 0) << size;
      EXPECT_FALSE(salvaged.error.has_value()) << size;
      EXPECT_EQ(salvaged.records,
                first_of(Bytes(file.begin() + static_cast<std::ptrdiff_t>(start), file.end()),
                         whole * 80));
      EXPECT_EQ(salvaged.loss.has_value(), lost != 0) << size;
      if (salvaged.loss) {
        EXPECT_EQ(salvaged.loss->bytes_lost, lost);
      }
    }
  }
}

TEST(Reader, SurvivesAFlippedByteAnywhere) {
  for (const int version : {1, 3}) {
    Bytes file = tbbo_file(version, 3);
    SystemMsgV1 heartbeat{};
    heartbeat.header.rtype = RType::kSystem;
    file = file + bytes_of(heartbeat) + unknown_record(20) + bytes_of(sample_tbbo(9));
    for (std::size_t place = 0; place < file.size(); ++place) {
      for (const int flip : {0x01, 0x80, 0xFF}) {
        Bytes flipped = file;
        flipped[place] ^= static_cast<std::byte>(flip);
        const ReadOut strict = read_out(flipped);
        const ReadOut salvaged = read_out(flipped, {.salvage = true});
        EXPECT_EQ(strict.records, salvaged.records) << place;
        EXPECT_EQ(salvaged.loss.has_value(),
                  strict.error.has_value() && strict.record_count + 1 > 0 && !salvaged.error)
            << place;
      }
    }
  }
}

TEST(Reader, NeitherSalvagesNorBlamesAFileForAFailingDisk) {
  const Bytes file = tbbo_file(3, 2);
  for (const bool salvage : {false, true}) {
    const ReadOut out =
        read_out(std::make_unique<testing::FailingSource>(file), {.salvage = salvage});
    EXPECT_EQ(out.record_count, 2u);
    EXPECT_EQ(out.error->code(), Code::kIo);
    EXPECT_EQ(out.error->message(), "cable: cannot read: pulled out");
  }
}

TEST(Reader, ReadsWhatAWriterWroteWhateverTheMix) {
  rc::check("records come back byte by byte, at every version and buffer size", [] {
    const int version = *rc::gen::inRange(1, 4);
    const auto words = *rc::gen::container<std::vector<int>>(rc::gen::inRange(4, 256));
    Bytes records;
    for (const int size : words)
      records = records + (size % 3 == 0 ? bytes_of(sample_tbbo(static_cast<std::uint32_t>(size)))
                                         : unknown_record(static_cast<std::size_t>(size) * 4));
    const ReadOut out =
        read_out(std::make_unique<TrickleSource>(header(version) + records,
                                                 *rc::gen::inRange<std::size_t>(1, 5'000)),
                 {.upgrade = false, .buffer_bytes = *rc::gen::inRange<std::size_t>(1, 5'000)});
    RC_ASSERT(!out.error.has_value());
    RC_ASSERT(out.records == records);
    RC_ASSERT(out.record_count == words.size());
  });
}

}  // namespace
}  // namespace fm::dbn
