#include "base/json_writer.h"

#include <fmt/core.h>

#include <cmath>
#include <utility>

namespace fm {

void JsonWriter::new_line() {
  if (style_ == Style::kCompact) return;
  out_ += '\n';
  out_.append(4 * depth_, ' ');
}

void JsonWriter::begin_value() {
  if (std::exchange(is_after_key_, false)) return;
  if (!is_first_) out_ += ',';
  if (depth_ > 0) new_line();
  is_first_ = false;
}

void JsonWriter::put(std::string_view token) {
  begin_value();
  out_ += token;
}

void JsonWriter::open(char bracket) {
  begin_value();
  out_ += bracket;
  ++depth_;
  is_first_ = true;
}

void JsonWriter::close(char bracket) {
  --depth_;
  if (!is_first_) new_line();
  out_ += bracket;
  is_first_ = false;
}

void JsonWriter::key(std::string_view name) {
  value(name);
  out_ += style_ == Style::kCompact ? ":" : ": ";
  is_after_key_ = true;
}

void JsonWriter::value(double number) {
  put(std::isfinite(number) ? fmt::format("{}", number) : "null");
}

void JsonWriter::value(std::string_view text) {
  begin_value();
  out_ += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out_ += '\\';
      out_ += c;
    } else if (c == '\n') {
      out_ += "\\n";
    } else if (byte < ' ' || byte == 0x7F) {
      out_ += fmt::format("\\u{:04x}", byte);
    } else {
      out_ += c;
    }
  }
  out_ += '"';
}

}  // namespace fm
