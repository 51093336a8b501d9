#include "dbn/writer.h"

#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>

#include "dbn/reader.h"
#include "dbn/testing_records.h"

namespace fm::dbn {
namespace {

using testing::Bytes;
using testing::bytes_of;
using testing::first_of;
using testing::operator+;

// Reads a file as it is and writes it again, by blocks or record by record.
Bytes written_again(const Bytes& file, std::optional<int> fragment_version, bool by_block) {
  Bytes out;
  auto reader = Reader::open(std::make_unique<MemorySource>(file), "sample.dbn",
                             {.fragment_version = fragment_version, .upgrade = false});
  EXPECT_TRUE(reader.has_value()) << reader.error().message();
  if (!reader) return out;
  auto sink = std::make_unique<MemorySink>(out);
  Result<Writer> writer = fragment_version
                              ? Result<Writer>(Writer::fragment(std::move(sink), *fragment_version))
                              : Writer::open(std::move(sink), reader->metadata());
  EXPECT_TRUE(writer.has_value());
  for (;;) {
    const auto block = reader->next();
    EXPECT_TRUE(block.has_value()) << block.error().message();
    if (!block || block->empty()) break;
    if (by_block) {
      EXPECT_TRUE(writer->write(*block).has_value());
    } else {
      for (const RecordView record : *block) EXPECT_TRUE(writer->write(record).has_value());
    }
  }
  EXPECT_EQ(writer->records_written(), reader->records_read());
  EXPECT_TRUE(writer->finish().has_value());
  return out;
}

int version_in(const std::string& name) {
  for (const int version : {1, 2, 3})
    if (name.find(fmt::format(".v{}.", version)) != std::string::npos) return version;
  return 2;  // the one fragment that does not say
}

TEST(Writer, WritesTheFormatsOwnFilesByteByByte) {
  int files = 0;
  for (const char* folder : {"/dbn-fixtures", "/glbx-fixtures"}) {
    const std::filesystem::path path = FM_SHARED_DATA + std::string(folder);
    if (!std::filesystem::exists(path)) GTEST_SKIP() << "shared data absent: " << path;
    for (const auto& entry : std::filesystem::directory_iterator(path)) {
      if (entry.path().extension() == ".dbz") continue;
      SCOPED_TRACE(entry.path().string());
      const Bytes file = testing::read_file(entry.path().string());
      const std::string name = entry.path().filename().string();
      std::optional<int> version;
      if (name.find(".frag") != std::string::npos) version = version_in(name);
      EXPECT_EQ(written_again(file, version, true), file);
      EXPECT_EQ(written_again(file, version, false), file);
      ++files;
    }
  }
  EXPECT_GE(files, 80);
}

TEST(Writer, CompressesIntoOneFrameThatReadsBack) {
  Bytes compressed;
  auto writer = Writer::open(std::make_unique<ZstdSink>(std::make_unique<MemorySink>(compressed)),
                             testing::sample_metadata(3));
  ASSERT_TRUE(writer.has_value());
  for (std::uint32_t i = 0; i < 5'000; ++i)
    ASSERT_TRUE(writer->write(testing::sample_tbbo(i)).has_value());
  ASSERT_TRUE(writer->finish().has_value());
  EXPECT_LT(compressed.size(), 5'000u * 80 / 4);
  EXPECT_EQ(std::to_integer<int>(compressed[4]) & 0x04, 0x04);  // the checksum bit
  const auto out =
      testing::read_out(std::make_unique<ZstdSource>(std::make_unique<MemorySource>(compressed)));
  EXPECT_FALSE(out.error.has_value());
  EXPECT_EQ(out.record_count, 5'000u);
}

TEST(Writer, FlushedRecordsCanBeRead) {
  Bytes compressed;
  auto writer = Writer::open(std::make_unique<ZstdSink>(std::make_unique<MemorySink>(compressed)),
                             testing::sample_metadata(3));
  ASSERT_TRUE(writer->write(testing::sample_tbbo(1)).has_value());
  ASSERT_TRUE(writer->flush().has_value());
  const auto out =
      testing::read_out(std::make_unique<ZstdSource>(std::make_unique<MemorySource>(compressed)));
  EXPECT_EQ(out.record_count, 1u);
  EXPECT_EQ(out.error->code(), Code::kTruncated);  // the frame is still open
}

TEST(Writer, RefusesRecordsOfAnotherForm) {
  Bytes bytes;
  StatMsg newest{};
  newest.header.rtype = RType::kStatistics;
  StatMsgV1 old{};
  old.header.rtype = RType::kStatistics;
  auto v2 = Writer::open(std::make_unique<MemorySink>(bytes), testing::sample_metadata(2));
  EXPECT_TRUE(v2->write(old).has_value());
  const auto refused = v2->write(newest);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().message(),
            "a record of type 0x18 with 80 bytes belongs to DBN version 3, the file has version 2");
  auto v3 = Writer::open(std::make_unique<MemorySink>(bytes), testing::sample_metadata(3));
  EXPECT_TRUE(v3->write(newest).has_value());
  EXPECT_EQ(v3->write(old).error().code(), Code::kInvalidArgument);

  const Mbp1Msg trade = testing::sample_tbbo(1);
  auto with_ts_out = Writer::fragment(std::make_unique<MemorySink>(bytes), 3, true);
  EXPECT_EQ(with_ts_out.write(RecordView(trade)).error().code(), Code::kInvalidArgument);
  EXPECT_TRUE(with_ts_out.write(trade, 5).has_value());
  alignas(8) std::byte short_record[16] = {std::byte{3}};
  EXPECT_EQ(v3->write(RecordView(short_record, 0)).error().code(), Code::kInvalidArgument);
}

TEST(Writer, WritesFilesByTheirEnding) {
  const std::string folder = ::testing::TempDir();
  for (const char* name : {"fm_writer_test.dbn", "fm_writer_test.dbn.zst"}) {
    const std::string path = join(folder, name);
    auto sink = create_output(Env::posix(), path);
    ASSERT_TRUE(sink.has_value());
    auto writer = Writer::open(*std::move(sink), testing::sample_metadata(3));
    ASSERT_TRUE(writer->write(testing::sample_tbbo(1)).has_value());
    ASSERT_TRUE(writer->finish().has_value());
    auto input = open_input(Env::posix(), path);
    ASSERT_TRUE(input.has_value());
    EXPECT_EQ(input->compressed, path.ends_with(".zst"));
    EXPECT_EQ(testing::read_out(std::move(input->source)).record_count, 1u);
    EXPECT_TRUE(Env::posix().remove(path).has_value());
  }
}

}  // namespace
}  // namespace fm::dbn
