// Any bytes as a DBN file: as it is, upgraded, salvaged, and as a fragment of every version. What
// can be read without an error must be written and read again as the same records and metadata.
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/assert.h"
#include "dbn/reader.h"
#include "dbn/symbol_map.h"
#include "dbn/writer.h"

namespace {

using namespace fm::dbn;

constexpr std::size_t kBufferBytes = 4096;  // small, so that an execution is short

struct Content {
  Metadata metadata;
  std::vector<std::byte> records;
  std::uint64_t record_count = 0;
  bool clean = false;
};

Content read(std::span<const std::byte> bytes, ReaderOptions options) {
  Content content;
  auto reader = Reader::open(std::make_unique<MemorySource>(bytes), "fuzz", options);
  if (!reader) return content;
  content.metadata = reader->metadata();
  SymbolMap symbols;
  symbols.add(content.metadata);
  for (;;) {
    const auto block = reader->next();
    if (!block) return content;
    if (block->empty()) break;
    for (const RecordView record : *block) {
      symbols.add(record);
      static_cast<void>(symbols.find(record.header().instrument_id, record.header().ts_event));
      content.records.insert(content.records.end(), record.bytes().begin(), record.bytes().end());
      ++content.record_count;
    }
  }
  FM_ASSERT(content.record_count == reader->records_read());
  content.clean = !reader->loss();
  return content;
}

void check_rewritten(const Content& content) {
  std::vector<std::byte> bytes;
  auto writer = Writer::open(std::make_unique<MemorySink>(bytes), content.metadata);
  FM_ASSERT(writer.has_value());
  const std::size_t tail_bytes = content.metadata.ts_out ? kTsOutBytes : 0;
  alignas(8) std::byte record[kMaxRecordBytes];
  for (std::size_t at = 0; at < content.records.size();) {
    const std::size_t size = std::to_integer<std::size_t>(content.records[at]) * 4;
    std::copy_n(content.records.begin() + static_cast<std::ptrdiff_t>(at), size, record);
    // A record may have the form of another version: readers pass it, writers refuse it.
    if (!writer->write(RecordView(record, tail_bytes))) return;
    at += size;
  }
  FM_ASSERT(writer->finish().has_value());
  const Content again = read(bytes, {.upgrade = false, .buffer_bytes = 999});
  FM_ASSERT(again.clean);
  FM_ASSERT(again.metadata == content.metadata);
  FM_ASSERT(again.records == content.records);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::span<const std::byte> bytes(reinterpret_cast<const std::byte*>(data), size);
  const Content as_is = read(bytes, {.upgrade = false, .buffer_bytes = kBufferBytes});
  if (as_is.clean) check_rewritten(as_is);
  const Content salvaged = read(bytes, {.salvage = true, .upgrade = false, .buffer_bytes = 100});
  FM_ASSERT(salvaged.records == as_is.records);
  const Content upgraded = read(bytes, {.salvage = true, .buffer_bytes = kBufferBytes});
  FM_ASSERT(upgraded.record_count == as_is.record_count);
  for (const int version : {1, 3}) {
    const bool ts_out = size % 2 == 1;
    static_cast<void>(read(bytes, {.salvage = true,
                                   .fragment_version = version,
                                   .fragment_ts_out = ts_out,
                                   .buffer_bytes = kBufferBytes}));
  }
  return 0;
}
