// Bars, statuses, statistics and definitions as text: any bytes are lines, well-formed or not, and
// the same ones in whatever pieces they come; and what is read is written and read the same.
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "dbn/record_text.h"
#include "dbn/text_json.h"
#include "pieces.h"

namespace {

using namespace fm;
using fuzz::PieceSource;
using fuzz::require;
using namespace fm::dbn;

std::string_view as_text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

void read_again(const RecordLine& line) {
  std::string text;
  if (!append_json(line.record(), {.pretty_px = true}, "", text)) return;
  RecordTextReader reader(std::make_unique<PieceSource>(text, text.size()), "fuzz",
                          TextForm::kJsonLines, std::nullopt);
  const auto lines = reader.next();
  require(lines.has_value() && lines->size() == 1);
  if (lines->front().kind != RecordLine::Kind::kRecord) return;  // undefined where it is required
  require(lines->front().record().size_bytes() == line.record().size_bytes());
}

std::uint64_t digest(std::string_view text, TextForm form, std::size_t piece_bytes, bool again) {
  RecordTextReader reader(std::make_unique<PieceSource>(text, piece_bytes), "fuzz", form,
                          RType::kOhlcv1m);
  std::uint64_t sum = 0;
  const auto add = [&](std::uint64_t part) { sum = (sum ^ part) * 0x9E3779B97F4A7C15; };
  while (true) {
    const auto lines = reader.next();
    require(lines.has_value());
    if (lines->empty()) return sum;
    for (const RecordLine& line : *lines) {
      require((line.kind == RecordLine::Kind::kMalformed) == !line.reason.empty());
      add(line.line_number);
      add(static_cast<std::uint64_t>(line.kind));
      add(std::hash<std::string_view>()(line.symbol));
      if (line.kind != RecordLine::Kind::kRecord) continue;
      add(std::hash<std::string_view>()(as_text(line.record().bytes())));
      if (again) read_again(line);
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const TextForm form = text.starts_with('{') ? TextForm::kJsonLines : TextForm::kCsv;
  // A reader has buffers of half a megabyte: one in 16 inputs is enough for the way lines are cut,
  // and for what is written and read again.
  const std::uint64_t whole = digest(text, form, size + 1, size % 16 == 1);
  if (size % 16 == 0) require(whole == digest(text, form, 1 + size / 3, false));
  return 0;
}
