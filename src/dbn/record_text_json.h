// A line of JSON as a bar, trade, status, statistic or definition: what RecordTextReader does with
// each line, for streams that are cut into lines elsewhere.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string_view>

#include "dbn/record_text.h"

namespace fm::dbn {

class RecordJsonParser {
 public:
  RecordJsonParser();
  RecordJsonParser(RecordJsonParser&&) noexcept;
  RecordJsonParser& operator=(RecordJsonParser&&) noexcept;
  ~RecordJsonParser();

  // Fills all of `line` but its text and number. `text` has at most kTextLineBytesMax bytes and
  // kTextPaddingBytes readable behind it; `record` is aligned for records and has kTextRecordBytes.
  // Views are valid until the next call. `unnamed` is what a line is that names no rtype.
  void parse(std::string_view text, std::optional<RType> unnamed, std::byte* record,
             RecordLine& line);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace fm::dbn
