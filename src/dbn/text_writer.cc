#include "dbn/text_writer.h"

#include <simdjson.h>

#include "dbn/text_options.h"

namespace fm::dbn {

std::string_view valid_text(std::string_view text) {
  return simdjson::validate_utf8(text.data(), text.size()) ? text : std::string_view();
}

Nanos index_time(RecordView view) {
  Nanos time = view.header().ts_event;
  const bool known = visit_record(view, [&](const auto& record) {
    if constexpr (requires { record.ts_recv; }) time = record.ts_recv;
  });
  return known ? time : view.header().ts_event;
}

}  // namespace fm::dbn
