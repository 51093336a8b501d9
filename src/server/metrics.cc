#include "server/metrics.h"

#include <fmt/format.h>

#include <cmath>
#include <iterator>

#include "base/assert.h"

namespace fm::server {
namespace {

void append_escaped(std::string& out, std::string_view text) {
  for (const char c : text) {
    if (c == '\n') {
      out += "\\n";
      continue;
    }
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
}

}  // namespace

void MetricsText::family(std::string_view name, std::string_view type, std::string_view unit,
                         std::string_view help) {
  FM_ASSERT(unit.empty() || name.ends_with(unit));
  name_ = name;
  fmt::format_to(std::back_inserter(out_), "# TYPE {} {}\n", name, type);
  if (!unit.empty()) fmt::format_to(std::back_inserter(out_), "# UNIT {} {}\n", name, unit);
  fmt::format_to(std::back_inserter(out_), "# HELP {} ", name);
  append_escaped(out_, help);
  out_ += '\n';
}

void MetricsText::sample(std::string_view suffix, const Labels& labels, double value) {
  out_ += name_;
  out_ += suffix;
  char before = '{';
  for (const auto& [name, text] : labels) {
    out_ += before;
    out_ += name;
    out_ += "=\"";
    append_escaped(out_, text);
    out_ += '"';
    before = ',';
  }
  if (!labels.empty()) out_ += '}';
  if (std::isfinite(value))
    fmt::format_to(std::back_inserter(out_), " {}\n", value);
  else
    out_ += std::isnan(value) ? " NaN\n" : value > 0 ? " +Inf\n" : " -Inf\n";
}

std::string MetricsText::finish() {
  out_ += "# EOF\n";
  return std::move(out_);
}

}  // namespace fm::server
