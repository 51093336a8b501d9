#include "dbn/testing_records.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/env.h"
#include "dbn/writer.h"

namespace fm::dbn::testing {
namespace {

void check_block(const RecordBlock& block, const ReadOut& so_far) {
  ASSERT_FALSE(block.empty());
  ASSERT_EQ(block.first_record, so_far.record_count);
  ASSERT_EQ(reinterpret_cast<std::uintptr_t>(block.bytes.data()) % 8, 0u);
  std::uint64_t count = 0;
  std::size_t bytes = 0;
  bool alike = true;
  for (const RecordView record : block) {
    ASSERT_GE(record.size_bytes(), kHeaderBytes);
    ASSERT_EQ(reinterpret_cast<std::uintptr_t>(record.bytes().data()) % 8, 0u);
    alike =
        alike && record.size_bytes() == block.common_bytes && record.rtype() == block.common_rtype;
    bytes += record.size_bytes();
    ASSERT_LE(bytes, block.bytes.size());
    ++count;
  }
  ASSERT_EQ(bytes, block.bytes.size());
  ASSERT_EQ(count, block.record_count);
  ASSERT_TRUE(alike || block.common_bytes == 0);
}

}  // namespace

Bytes operator+(Bytes left, const Bytes& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

Bytes first_of(const Bytes& bytes, std::size_t count) {
  return {bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(count)};
}

Metadata sample_metadata(int version, Schema schema) {
  Metadata metadata;
  metadata.version = version;
  metadata.dataset = "GLBX.MDP3";
  metadata.schema = schema;
  metadata.start = 1'609'113'600'000'000'000;
  metadata.end = 1'609'200'000'000'000'000;
  metadata.limit = 4;
  metadata.stype_in = SType::kRawSymbol;
  metadata.symbol_cstr_len = version == 1 ? kSymbolBytesV1 : kSymbolBytes;
  metadata.symbols = {"ESH1"};
  metadata.mappings = {{"ESH1", {{Date(2020, 12, 28), Date(2020, 12, 29), "5482"}}}};
  return metadata;
}

Mbp1Msg sample_tbbo(std::uint32_t sequence) {
  Mbp1Msg record{};
  record.header = {kLengthOf<Mbp1Msg>, RType::kMbp1, 1, 5482,
                   1'609'113'600'000'000'000u + sequence};
  record.price = 3'702'750'000'000;
  record.size = 1 + sequence % 50;
  record.action = kActionTrade;
  record.side = kSideBid;
  record.ts_recv = record.header.ts_event + 15'000;
  record.sequence = sequence;
  record.levels[0] = {3'702'500'000'000, 3'702'750'000'000, 8, 8, 7, 8};
  return record;
}

Bytes unknown_record(std::size_t size_bytes, std::uint8_t fill) {
  Bytes bytes(size_bytes, std::byte{fill});
  bytes[0] = static_cast<std::byte>(size_bytes / 4);
  bytes[1] = std::byte{0x7E};
  return bytes;
}

Bytes tbbo_file(int version, std::size_t count) {
  Bytes bytes;
  auto writer = Writer::open(std::make_unique<MemorySink>(bytes), sample_metadata(version));
  EXPECT_TRUE(writer.has_value());
  for (std::size_t i = 0; i < count; ++i)
    EXPECT_TRUE(writer->write(sample_tbbo(static_cast<std::uint32_t>(i))).has_value());
  EXPECT_TRUE(writer->finish().has_value());
  return bytes;
}

Bytes compress(const Bytes& bytes) {
  Bytes out;
  ZstdSink sink(std::make_unique<MemorySink>(out));
  EXPECT_TRUE(sink.write(bytes).has_value());
  EXPECT_TRUE(sink.finish().has_value());
  return out;
}

Bytes read_file(const std::string& path) {
  auto input = open_input(Env::posix(), path, {.fragment = true});
  Bytes bytes;
  if (!input) {
    ADD_FAILURE() << input.error().message();
    return bytes;
  }
  for (;;) {
    const std::size_t filled = bytes.size();
    bytes.resize(filled + 65'536);
    const auto count = input->source->read(std::span(bytes).subspan(filled));
    EXPECT_TRUE(count.has_value());
    bytes.resize(filled + count.value_or(0));
    if (count.value_or(0) == 0) return bytes;
  }
}

Result<std::size_t> FailingSource::read(std::span<std::byte> out) {
  auto count = rest_.read(out);
  if (count && *count == 0) return fail(Code::kIo, "cable: cannot read: pulled out");
  return count;
}

ReadOut read_out(std::unique_ptr<ByteSource> source, ReaderOptions options) {
  ReadOut out;
  auto reader = Reader::open(std::move(source), "sample.dbn", options);
  if (!reader) {
    out.error = reader.error();
    return out;
  }
  out.metadata = reader->metadata();
  for (;;) {
    const auto block = reader->next();
    if (!block) out.error = block.error();
    if (!block || block->empty()) break;
    check_block(*block, out);
    out.records.insert(out.records.end(), block->bytes.begin(), block->bytes.end());
    out.record_count += block->record_count;
    ++out.block_count;
  }
  EXPECT_EQ(reader->records_read(), out.record_count);
  const auto again = reader->next();  // the end and errors stay
  EXPECT_EQ(again.has_value(), !out.error.has_value());
  if (again) {
    EXPECT_TRUE(again->empty());
  }
  out.loss = reader->loss();
  return out;
}

ReadOut read_out(const Bytes& bytes, ReaderOptions options) {
  return read_out(std::make_unique<MemorySource>(bytes), options);
}

}  // namespace fm::dbn::testing
