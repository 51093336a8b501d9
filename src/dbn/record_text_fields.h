// Fields of a record set by their names from text. Private to record_text.h.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "dbn/record.h"
#include "dbn/tbbo_text_fields.h"
#include "dbn/text_match_values.h"

namespace fm::dbn {

inline constexpr std::size_t kTextFieldsMax = 96;

// What CSV calls the fields of a book level, in the order of BidAskPair; JSON nests them in an
// array `levels` (until May 2023 `booklevel`) under the names without the ending.
inline constexpr std::array<std::string_view, 6> kTextLevelNames{
    "bid_px_00", "ask_px_00", "bid_sz_00", "ask_sz_00", "bid_ct_00", "ask_ct_00"};
inline constexpr std::size_t kTextLevelEnding = 3;

// How a kind of record is made from text.
struct TextRecordKind {
  struct Field {
    std::string_view name;
    // Sets the field of the record that begins at `record`; false when the value does not parse.
    bool (*set)(std::byte* record, const TextValue& value);
    bool required = false;
  };
  std::span<const Field> fields;  // in the order of the text; at most kTextFieldsMax
  std::size_t record_bytes = 0;
  // Every field undefined or zero, the header's length set.
  void (*clear)(std::byte* record) = nullptr;
};

// Reads bars as JSON lines in the exact shape of today's encoder, raw or pretty, with or without
// symbols. What it accepts, the general way reads the same.
class BarJsonMatcher {
 public:
  // `begin` is the first byte of a line. On success fills the bar and returns the byte after the
  // line feed; the symbol points into the text. Otherwise nullptr, and both hold anything.
  [[nodiscard]] const char* match(const char* begin, OhlcvMsg& bar, std::string_view& symbol);

 private:
  TimeMatcher times_;
};

// Nothing for kinds that are not read here.
[[nodiscard]] const TextRecordKind* text_kind_of(RType rtype);

}  // namespace fm::dbn
