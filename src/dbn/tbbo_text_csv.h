// Rows of TBBO CSV or TSV. Private to the readers of tbbo_text.h, their tests and their fuzz
// target.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "dbn/tbbo_text_fields.h"

namespace fm::dbn {

class TbboCsvParser {
 public:
  TbboCsvParser();

  // The first row: which column means what, and whether commas or tabs part them. Unknown columns
  // are ignored; of two with one name the last counts.
  void read_header(std::string_view text);

  // `text` is a row without its line feed. Cells may be quoted, but not hold line ends: a row is a
  // line. Fills `line` but for line_number and first_byte; its symbol points into `text` or is
  // valid until the next call.
  void parse(std::string_view text, std::vector<SymbolMappingMsg>& mappings, TbboLine& line);

 private:
  using Slot = TextValue& (*)(TextRecord&);
  struct Column;
  static const Column kColumns[];

  [[nodiscard]] bool next_cell(std::string_view& rest, TextValue& cell);

  std::vector<Slot> slots_;  // nullptr: ignored
  char delimiter_ = ',';
  std::string unquoted_;  // cells of this row that held quotes; never reallocated within a row
};

}  // namespace fm::dbn
