// A line of text on its way to a record. Private to record_text.h and record_text_json.h.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "dbn/record_text.h"
#include "dbn/tbbo_text_fields.h"

namespace fm::dbn {

// A line taken apart: names and values in its order.
struct TextCells {
  struct Cell {
    std::string_view name;
    TextValue value;
  };
  std::vector<Cell> cells;
  std::string_view symbol;
  TextValue rtype;

  void clear();
  void add(std::string_view name, const TextValue& value);
  // Makes the record that the cells say, in `record`, of kTextRecordBytes. `unnamed` is what a line
  // is that names no rtype.
  void to_record(std::optional<RType> unnamed, std::byte* record, RecordLine& line) const;
};

}  // namespace fm::dbn
