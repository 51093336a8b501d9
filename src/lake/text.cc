#include "lake/text.h"

#include <fmt/format.h>

#include <cmath>
#include <iterator>

namespace fm::lake {

void append_json_text(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (static_cast<unsigned char>(c) < 0x20) {
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned>(c));
    } else {
      out += c;
    }
  }
  out += '"';
}

void append_timestamp(std::string& out, std::int64_t microseconds) {
  constexpr std::int64_t kMicros = 1'000'000;
  Second second = microseconds / kMicros;
  std::int64_t fraction = microseconds % kMicros;
  if (fraction < 0) {
    fraction += kMicros;
    --second;
  }
  const std::string whole = iso_second(second);
  if (fraction == 0)
    out += whole;
  else
    fmt::format_to(std::back_inserter(out), "{}.{:06}Z",
                   std::string_view(whole).substr(0, whole.size() - 1), fraction);
}

void append_json_cell(std::string& out, const table::RowBatch& batch, std::size_t column,
                      std::size_t row) {
  if (batch.is_null(column, row)) {
    out += "null";
    return;
  }
  auto end = std::back_inserter(out);
  switch (batch.table().columns[column].type) {
    case table::Type::kTimestamp:
      out += '"';
      append_timestamp(out, batch.int64s(column)[row]);
      out += '"';
      break;
    case table::Type::kDate:
      fmt::format_to(end, "\"{}\"", Date::from_days(batch.int32s(column)[row]).iso());
      break;
    case table::Type::kText:
      append_json_text(out, batch.text(column, row));
      break;
    case table::Type::kInt64:
      fmt::format_to(end, "{}", batch.int64s(column)[row]);
      break;
    case table::Type::kInt32:
      fmt::format_to(end, "{}", batch.int32s(column)[row]);
      break;
    case table::Type::kInt8:
      fmt::format_to(end, "{}", batch.int8s(column)[row]);
      break;
    case table::Type::kBool:
      out += batch.int8s(column)[row] != 0 ? "true" : "false";
      break;
    case table::Type::kDouble:
      if (std::isfinite(batch.doubles(column)[row]))
        fmt::format_to(end, "{}", batch.doubles(column)[row]);
      else
        out += "null";
      break;
  }
}

std::string key_text(const table::RowBatch& batch, std::size_t row) {
  std::string text = "[";
  for (const auto& name : batch.table().key) {
    if (text.size() > 1) text += ',';
    append_json_cell(text, batch, batch.table().column_index(name), row);
  }
  return text += ']';
}

}  // namespace fm::lake
