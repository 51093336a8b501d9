#include "lake/result_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <string_view>
#include <utility>

#include "base/assert.h"
#include "lake/text.h"

namespace fm::lake {
namespace {

void append_csv(std::string& out, const ResultCell& cell) {
  if (cell.is_null) return;  // an empty cell; an empty text is ""
  if (!cell.text.empty() && cell.text.find_first_of(",\"\r\n") == std::string::npos) {
    out += cell.text;
    return;
  }
  out += '"';
  for (const char c : cell.text) {
    if (c == '"') out += '"';
    out += c;
  }
  out += '"';
}

void append_json_value(std::string& out, const ResultCell& cell) {
  if (cell.is_null)
    out += "null";
  else if (cell.is_text)
    append_json_text(out, cell.text);
  else
    out += cell.text;
}

void append_json(std::string& out, std::string_view name, const ResultCell& cell) {
  append_json_text(out, name);
  out += ':';
  append_json_value(out, cell);
}

// Terminals count characters, not bytes.
std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(
      text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

void append_padded(std::string& out, std::string_view text, std::size_t width, bool right) {
  const std::size_t blanks = width - std::min(width, width_of(text));
  if (right) out.append(blanks, ' ');
  out += text;
  if (!right) out.append(blanks, ' ');
}

}  // namespace

ResultWriter::ResultWriter(Format format, std::vector<std::string> names,
                           std::vector<bool> is_number, std::vector<std::string_view> types)
    : format_(format),
      names_(std::move(names)),
      types_(std::move(types)),
      right_(std::move(is_number)) {
  FM_ASSERT(format != Format::kJsonArrays || types_.size() == names_.size());
  for (const std::string& name : names_)
    widths_.push_back(std::max(width_of(name), std::size_t{4}));
}

void ResultWriter::begin(std::string& out) {
  if (format_ == Format::kJsonArrays) {
    out += "\"columns\":[";
    for (std::size_t c = 0; c < names_.size(); ++c) {
      out += c > 0 ? ",{\"name\":" : "{\"name\":";
      append_json_text(out, names_[c]);
      fmt::format_to(std::back_inserter(out), ",\"type\":\"{}\"}}", types_[c]);
    }
    out += "],\"rows\":[";
  }
  if (format_ != Format::kCsv) return;
  for (std::size_t c = 0; c < names_.size(); ++c) {
    if (c > 0) out += ',';
    append_csv(out, {.text = names_[c]});
  }
  out += '\n';
}

void ResultWriter::add(std::vector<ResultCell> row, std::string& out) {
  ++rows_;
  if (format_ == Format::kTable) {
    add_to_table(std::move(row), out);
    return;
  }
  if (format_ == Format::kJsonArrays) {
    add_array(row, out);
    return;
  }
  if (format_ == Format::kJson) out += '{';
  for (std::size_t c = 0; c < row.size(); ++c) {
    if (c > 0) out += ',';
    if (format_ == Format::kJson)
      append_json(out, names_[c], row[c]);
    else
      append_csv(out, row[c]);
  }
  out += format_ == Format::kJson ? "}\n" : "\n";
}

void ResultWriter::add_array(const std::vector<ResultCell>& row, std::string& out) const {
  out += rows_ > 1 ? ",[" : "[";
  for (std::size_t c = 0; c < row.size(); ++c) {
    if (c > 0) out += ',';
    append_json_value(out, row[c]);
  }
  out += ']';
}

void ResultWriter::finish(std::string& out) {
  if (format_ == Format::kJsonArrays) out += ']';
  if (format_ != Format::kTable) return;
  if (!widths_known_) flush(out);
  fmt::format_to(std::back_inserter(out), "({} row{})\n", rows_, rows_ == 1 ? "" : "s");
}

void ResultWriter::add_to_table(std::vector<ResultCell> row, std::string& out) {
  for (ResultCell& cell : row) {
    if (cell.is_null) cell.text = "NULL";
    std::ranges::replace(cell.text, '\n', ' ');
  }
  if (!widths_known_) {
    held_.push_back(std::move(row));
    if (held_.size() == kRowsHeld) flush(out);
    return;
  }
  line(row, out);
}

void ResultWriter::flush(std::string& out) {
  widths_known_ = true;
  for (const auto& row : held_)
    for (std::size_t c = 0; c < row.size(); ++c)
      widths_[c] = std::max(widths_[c], width_of(row[c].text));
  std::string rule;
  for (std::size_t c = 0; c < names_.size(); ++c) {
    append_padded(out, names_[c], c + 1 == names_.size() && !right_[c] ? 0 : widths_[c], right_[c]);
    out += c + 1 == names_.size() ? "\n" : "  ";
    rule.append(widths_[c], '-').append(c + 1 == names_.size() ? "\n" : "  ");
  }
  out += rule;
  for (const auto& row : held_) line(row, out);
  held_.clear();
}

void ResultWriter::line(const std::vector<ResultCell>& row, std::string& out) const {
  for (std::size_t c = 0; c < row.size(); ++c) {
    const bool is_last = c + 1 == row.size();
    append_padded(out, row[c].text, is_last && !right_[c] ? 0 : widths_[c], right_[c]);
    out += is_last ? "\n" : "  ";
  }
}

}  // namespace fm::lake
