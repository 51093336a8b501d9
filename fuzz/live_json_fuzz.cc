// The live gateway's JSON lines: any bytes end in records or an error, the records are whole and
// aligned, and they are the same in whatever pieces the stream comes.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "databento/live_json.h"
#include "dbn/byte_source.h"

namespace {

using namespace fm;

void require(bool holds) {
  if (!holds) std::abort();
}

class PieceSource final : public dbn::ByteSource {
 public:
  PieceSource(std::string_view text, std::size_t piece_bytes) : rest_(text), piece_(piece_bytes) {}
  Result<std::size_t> read(std::span<std::byte> out) override {
    const std::size_t count = std::min({out.size(), piece_, rest_.size()});
    std::memcpy(out.data(), rest_.data(), count);
    rest_.remove_prefix(count);
    return count;
  }

 private:
  std::string_view rest_;
  std::size_t piece_;
};

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
  const Outcome pieces = read(text, std::size_t{1} + data[0]);
  require(whole.records == pieces.records);
  require(whole.malformed == pieces.malformed);
  require(whole.error.empty() == pieces.error.empty());
  return 0;
}
