#include "jobs/text_rows.h"

#include <array>
#include <charconv>
#include <cmath>
#include <vector>

#include "base/assert.h"
#include "base/time.h"

namespace fm::jobs {
namespace {

using table::RowBatch;
using table::Type;

template <class Number>
void append_number(Number value, std::string& out) {
  std::array<char, 32> text;
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
  out.append(text.data(), end);
}

void append_time(std::int64_t microseconds, std::string& out) {
  constexpr std::int64_t kMicros = 1'000'000;
  Second second = microseconds / kMicros;
  std::int64_t fraction = microseconds % kMicros;
  if (fraction < 0) {
    fraction += kMicros;
    --second;
  }
  std::array<char, 32> text;
  char* end = write_iso_second(second, text.data());
  if (fraction != 0) {
    --end;  // the Z
    *end++ = '.';
    for (std::int64_t unit = kMicros / 10; unit > 0; unit /= 10)
      *end++ = static_cast<char>('0' + fraction / unit % 10);
    *end++ = 'Z';
  }
  out.append(text.data(), end);
}

void append_csv_text(std::string_view text, std::string& out) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) {
    out += text;
    return;
  }
  out += '"';
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  out += '"';
}

// Length of the UTF-8 sequence of several bytes that `text` begins with; 1 when it begins with
// none.
std::size_t utf8_bytes(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  const std::size_t bytes = lead < 0xC2   ? 1
                            : lead < 0xE0 ? 2
                            : lead < 0xF0 ? 3
                            : lead < 0xF5 ? 4
                                          : 1;
  if (bytes > text.size()) return 1;
  for (std::size_t i = 1; i < bytes; ++i)
    if ((static_cast<unsigned char>(text[i]) & 0xC0) != 0x80) return 1;
  return bytes;
}

bool is_quoted_in_json(Type type) {
  return type == Type::kText || type == Type::kTimestamp || type == Type::kDate;
}

// One cell that is not null and not text.
void append_cell(const RowBatch& rows, std::size_t column, std::size_t row, bool json,
                 std::string& out) {
  switch (rows.table().columns[column].type) {
    case Type::kTimestamp:
      return append_time(rows.int64s(column)[row], out);
    case Type::kDate:
      out += Date::from_days(rows.int32s(column)[row]).iso();
      return;
    case Type::kInt64:
      return append_number(rows.int64s(column)[row], out);
    case Type::kInt32:
      return append_number(rows.int32s(column)[row], out);
    case Type::kInt8:
      return append_number(static_cast<int>(rows.int8s(column)[row]), out);
    case Type::kBool:
      out += rows.int8s(column)[row] != 0 ? "true" : "false";
      return;
    case Type::kDouble: {
      const double value = rows.doubles(column)[row];
      if (json && !std::isfinite(value)) {
        out += "null";
      } else {
        append_number(value, out);
      }
      return;
    }
    case Type::kText:
      break;
  }
  FM_ASSERT(false);
}

}  // namespace

std::string csv_header(const table::Table& table) {
  std::string out;
  for (const auto& column : table.columns) {
    if (!out.empty()) out += ',';
    out += column.name;
  }
  out += '\n';
  return out;
}

void append_csv(const RowBatch& rows, std::string& out) {
  const auto columns = rows.table().columns;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    for (std::size_t column = 0; column < columns.size(); ++column) {
      if (column > 0) out += ',';
      if (rows.is_null(column, row)) continue;
      if (columns[column].type == Type::kText) {
        append_csv_text(rows.text(column, row), out);
      } else {
        append_cell(rows, column, row, false, out);
      }
    }
    out += '\n';
  }
}

void append_json_string(std::string_view text, std::string& out) {
  constexpr const char* kDigits = "0123456789abcdef";
  out += '"';
  for (std::size_t at = 0; at < text.size();) {
    const auto byte = static_cast<unsigned char>(text[at]);
    if (const std::size_t bytes = utf8_bytes(text.substr(at)); bytes > 1) {
      out += text.substr(at, bytes);
      at += bytes;
      continue;
    }
    if (byte == '"' || byte == '\\') {
      out += '\\';
      out += text[at];
    } else if (byte < 0x20 || byte >= 0x80) {
      out += "\\u00";
      out += kDigits[byte >> 4];
      out += kDigits[byte & 15];
    } else {
      out += text[at];
    }
    ++at;
  }
  out += '"';
}

void append_json_lines(const RowBatch& rows, std::string& out) {
  const auto columns = rows.table().columns;
  std::vector<std::string> keys;  // `{"time":`, `,"ticker":`
  for (const auto& column : columns)
    keys.push_back(fmt::format("{}\"{}\":", keys.empty() ? '{' : ',', column.name));
  for (std::size_t row = 0; row < rows.size(); ++row) {
    for (std::size_t column = 0; column < columns.size(); ++column) {
      out += keys[column];
      if (rows.is_null(column, row)) {
        out += "null";
      } else if (columns[column].type == Type::kText) {
        append_json_string(rows.text(column, row), out);
      } else {
        const bool quoted = is_quoted_in_json(columns[column].type);
        if (quoted) out += '"';
        append_cell(rows, column, row, true, out);
        if (quoted) out += '"';
      }
    }
    out += "}\n";
  }
}

}  // namespace fm::jobs
