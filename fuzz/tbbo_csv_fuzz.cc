// TBBO CSV: any bytes are rows, well-formed or not, and the same ones in whatever pieces they come.
#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "dbn/tbbo_text.h"
#include "dbn/tbbo_text_csv.h"
#include "pieces.h"

namespace {

using namespace fm;
using fuzz::PieceSource;
using fuzz::require;
using namespace fm::dbn;

std::uint64_t digest(std::string_view text, std::size_t piece_bytes) {
  TbboTextReader reader(std::make_unique<PieceSource>(text, piece_bytes), "fuzz", TextForm::kCsv);
  std::uint64_t sum = 0;
  while (true) {
    const auto lines = reader.next();
    require(lines.has_value());
    if (lines->empty()) return sum;
    for (const TbboLine& line : *lines) {
      require(line.malformed() == !line.reason.empty());
      require(line.first_byte < text.size());
      for (const std::uint64_t part :
           {static_cast<std::uint64_t>(line.record.price), line.record.ts_recv, line.line_number,
            line.first_byte, static_cast<std::uint64_t>(line.kind),
            static_cast<std::uint64_t>(std::hash<std::string_view>()(line.symbol))})
        sum = (sum ^ part) * 0x9E3779B97F4A7C15;
    }
  }
}

// Most inputs have no header of their own; this one lets them reach the rows.
constexpr std::string_view kHeader =
    "ts_recv,ts_event,rtype,publisher_id,instrument_id,action,side,depth,price,size,flags,"
    "ts_in_delta,sequence,bid_px_00,ask_px_00,bid_sz_00,ask_sz_00,bid_ct_00,ask_ct_00,symbol";

void parse_rows(std::string_view text) {
  static TbboCsvParser parser;
  static std::vector<SymbolMappingMsg> mappings;
  mappings.reserve(1);
  parser.read_header(kHeader);
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view row = text.substr(at, end - at);
    at = end + 1;
    if (row.size() > kTextLineBytesMax) continue;
    TbboLine line;
    mappings.clear();
    parser.parse(row, mappings, line);
    require(line.malformed() == !line.reason.empty());
    parser.read_header(end % 4 == 0 ? row : kHeader);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  parse_rows(text);
  // A reader has buffers of half a megabyte: one in 64 inputs is enough for the way lines are cut.
  if (size % 64 == 0) require(digest(text, size + 1) == digest(text, 1 + size / 3));
  return 0;
}
