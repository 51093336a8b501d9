// Any bytes as a zstd stream of DBN: decompressing, in one piece, in small ones and on a thread,
// gives the same bytes and the same error, and no damage crashes a reader.
#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/assert.h"
#include "dbn/reader.h"

namespace {

using namespace fm::dbn;

constexpr std::size_t kBufferBytes = 4096;  // small, so that an execution is short
// A few kilobytes may decompress to gigabytes; this much is enough to learn from.
constexpr std::size_t kMostBytes = std::size_t{64} << 10;

struct Drained {
  std::vector<std::byte> bytes;
  std::string error;
  friend bool operator==(const Drained&, const Drained&) = default;
};

Drained drain(ByteSource& source, std::size_t step) {
  Drained out;
  std::vector<std::byte> buffer(step);
  while (out.bytes.size() < kMostBytes) {
    const std::size_t wanted = std::min(step, kMostBytes - out.bytes.size());
    const auto count = source.read(std::span(buffer).first(wanted));
    if (!count) out.error = count.error().message();
    if (!count || *count == 0) break;
    out.bytes.insert(out.bytes.end(), buffer.begin(),
                     buffer.begin() + static_cast<std::ptrdiff_t>(*count));
  }
  return out;
}

std::unique_ptr<ByteSource> zstd_of(std::span<const std::byte> bytes) {
  return std::make_unique<ZstdSource>(std::make_unique<MemorySource>(bytes));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::span<const std::byte> bytes(reinterpret_cast<const std::byte*>(data), size);
  const Drained whole = drain(*zstd_of(bytes), std::size_t{16} << 10);
  FM_ASSERT(drain(*zstd_of(bytes), 1'000) == whole);
  // Starting a thread is slow: one input in sixteen is enough.
  if (size % 16 == 0) {
    ReadAheadSource ahead(zstd_of(bytes), {.buffer_bytes = 5'000, .buffer_count = 2});
    FM_ASSERT(drain(ahead, std::size_t{16} << 10) == whole);
  }
  if (whole.bytes.size() == kMostBytes) return 0;

  auto reader =
      Reader::open(zstd_of(bytes), "fuzz",
                   {.salvage = true, .fragment_version = 1, .buffer_bytes = kBufferBytes});
  if (!reader) return 0;
  std::uint64_t records = 0;
  for (;;) {
    const auto block = reader->next();
    FM_ASSERT(block.has_value());
    if (block->empty()) break;
    for (const RecordView record : *block) records += record.size_bytes() >= kHeaderBytes ? 1 : 0;
  }
  FM_ASSERT(records == reader->records_read());
  FM_ASSERT(whole.error.empty() || reader->loss().has_value());
  return 0;
}
