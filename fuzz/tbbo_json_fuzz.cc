// TBBO JSON lines: the exact matcher and the general parser read every line alike; the general
// parser accepts nothing that is not JSON; and the reader gives the same lines in any pieces.
#include <simdjson.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "dbn/tbbo_text.h"
#include "dbn/tbbo_text_json.h"
#include "pieces.h"

namespace {

using namespace fm;
using fuzz::PieceSource;
using fuzz::require;
using namespace fm::dbn;

bool same(const TbboLine& a, const TbboLine& b) {
  return a.kind == b.kind && a.record == b.record && a.symbol == b.symbol && a.reason == b.reason;
}

void compare_paths(std::string_view text) {
  static TbboJsonMatcher matcher;
  static TbboJsonParser parser;
  static simdjson::dom::parser judge;
  static std::vector<SymbolMappingMsg> mappings;
  mappings.reserve(1);
  mappings.clear();
  std::string padded(text);
  padded += '\n';
  padded.append(kTextPaddingBytes, '\0');

  TbboLine parsed;
  parser.parse(std::string_view(padded).substr(0, text.size()), mappings, parsed);
  TbboLine matched;
  if (const char* const end = matcher.match(padded.data(), matched)) {
    require(end == padded.data() + text.size() + 1);
    require(same(matched, parsed));
  }
  const simdjson::error_code error = judge.parse(padded.data(), text.size(), false).error();
  // The judge refuses numbers that do not fit its types; here they are text.
  if (!parsed.malformed()) require(!error || error == simdjson::NUMBER_ERROR);
}

std::uint64_t digest(std::string_view text, std::size_t piece_bytes) {
  TbboTextReader reader(std::make_unique<PieceSource>(text, piece_bytes), "fuzz",
                        TextForm::kJsonLines);
  std::uint64_t sum = 0;
  while (true) {
    const auto lines = reader.next();
    require(lines.has_value());
    if (lines->empty()) return sum;
    for (const TbboLine& line : *lines) {
      for (const std::uint64_t part :
           {static_cast<std::uint64_t>(line.record.price), line.record.ts_recv, line.line_number,
            line.first_byte, static_cast<std::uint64_t>(line.kind),
            static_cast<std::uint64_t>(std::hash<std::string_view>()(line.symbol))})
        sum = (sum ^ part) * 0x9E3779B97F4A7C15;
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  int lines = 0;  // a few are as good as many, and quicker
  for (std::size_t at = 0; at < text.size() && lines < 4; ++lines) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    if (end > at && end - at <= kTextLineBytesMax) compare_paths(text.substr(at, end - at));
    at = end + 1;
  }
  // A reader has buffers of half a megabyte: one in 64 inputs is enough for the way lines are cut.
  if (size % 64 == 0) require(digest(text, size + 1) == digest(text, 1 + size / 3));
  return 0;
}
