// One TBBO record as text values, before they are converted: where the JSON and the CSV form meet.
// Private to the readers of tbbo_text.h.
#pragma once

#include <string_view>
#include <vector>

#include "dbn/tbbo_text.h"

namespace fm::dbn {

struct TextValue {
  enum class Kind : std::uint8_t {
    kAbsent,
    kNull,    // also an empty cell of a CSV row
    kText,    // a JSON string, unescaped; a CSV cell
    kNumber,  // a bare JSON number; `text` is how it was written
    kOther,   // a boolean, an array or an object
  };
  Kind kind = Kind::kAbsent;
  std::string_view text{};

  [[nodiscard]] bool missing() const { return kind == Kind::kAbsent || kind == Kind::kNull; }
  [[nodiscard]] bool scalar() const { return kind == Kind::kText || kind == Kind::kNumber; }
};

// The fields of a record's header, which JSON nests under `hd` and older JSON does not.
struct TextHeader {
  TextValue ts_event, rtype, publisher_id, instrument_id;
};

struct TextQuote {
  TextValue bid_px, ask_px, bid_sz, ask_sz, bid_ct, ask_ct;
};

struct TextRecord {
  TextHeader header;
  TextQuote quote;
  TextValue ts_recv, action, side, depth, price, size, flags, ts_in_delta, sequence, symbol;
  TextValue stype_in, stype_in_symbol, stype_out, stype_out_symbol, start_ts, end_ts;
  // Written before chars became text (March 2023): `action` and `side` may be character codes.
  bool char_codes = false;
};

// Converts a record into `line`; mappings are appended to `mappings`, which must have room. Leaves
// symbol, line_number and first_byte to the caller.
void convert(const TextRecord& text, std::vector<SymbolMappingMsg>& mappings, TbboLine& line);

// Makes `line` a malformed one. `reason` is a constant.
void set_malformed(TbboLine& line, std::string_view reason);

}  // namespace fm::dbn
