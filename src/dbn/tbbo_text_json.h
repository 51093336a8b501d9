// One line of TBBO JSON. Private to the readers of tbbo_text.h, the live client, and their tests.
//
// Two paths read the same language: `match` knows exactly one shape, the one Databento writes
// today, and gives up at the first byte that differs; `parse` takes any JSON, with simdjson. What
// the first accepts, the second reads the same.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

#include "dbn/tbbo_text.h"
#include "dbn/text_match_values.h"

namespace fm::dbn {

// Bytes that must be readable behind a line handed to either path.
inline constexpr std::size_t kTextPaddingBytes = 64;

// Reads whole lines in the exact shape of today's encoder, raw or pretty, with or without symbols.
class TbboJsonMatcher {
 public:
  // `begin` is the first byte of a line. On success fills `line` but for line_number and first_byte
  // and returns the byte after the line feed; the symbol points into the text. Otherwise nullptr,
  // and `line` holds anything. No line feed within the readable bytes means no match.
  [[nodiscard]] const char* match(const char* begin, TbboLine& line);

 private:
  TimeMatcher times_;
};

// Reads any line.
class TbboJsonParser {
 public:
  TbboJsonParser();
  TbboJsonParser(TbboJsonParser&&) noexcept;
  TbboJsonParser& operator=(TbboJsonParser&&) noexcept;
  ~TbboJsonParser();

  // `text` is a line without its line feed, at most kTextLineBytesMax long. Fills `line` but for
  // line_number and first_byte; its symbol is valid until the next call.
  void parse(std::string_view text, std::vector<SymbolMappingMsg>& mappings, TbboLine& line);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace fm::dbn
