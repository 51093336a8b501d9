// The live gateway's JSON lines: any bytes end in records or an error, the records are whole and
// aligned, and they are the same in whatever pieces the stream comes.
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "databento/live_json.h"
#include "pieces.h"

namespace {

using namespace fm;
using fuzz::PieceSource;
using fuzz::require;

struct Outcome {
  std::vector<std::byte> records;
  std::uint64_t malformed = 0;
  std::string error;
};

Outcome read(std::string_view text, std::size_t piece_bytes) {
  databento::LiveJsonReader reader(std::make_unique<PieceSource>(text, piece_bytes), "fuzz");
  Outcome out;
  for (;;) {
    const auto block = reader.next();
    out.malformed = reader.malformed_lines();
    if (!block) {
      out.error = block.error().message();
      return out;
    }
    if (block->empty()) return out;
    std::uint64_t count = 0;
    for (const dbn::RecordView record : *block) {
      require(reinterpret_cast<std::uintptr_t>(record.bytes().data()) % 8 == 0);
      require(record.size_bytes() >= dbn::kHeaderBytes && record.size_bytes() % 8 == 0);
      out.records.insert(out.records.end(), record.bytes().begin(), record.bytes().end());
      ++count;
    }
    require(count == block->record_count);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const bool quiet = (start_logging(LogLevel::kError, false), true);
  static_cast<void>(quiet);
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const Outcome whole = read(text, text.size() + 1);
  // Every other input is read once: a reader's buffers cost more than what is in them.
  if (data[0] % 2 == 0) return 0;
  const Outcome pieces = read(text, std::size_t{1} + data[0]);
  require(whole.records == pieces.records);
  require(whole.malformed == pieces.malformed);
  require(whole.error.empty() == pieces.error.empty());
  return 0;
}
