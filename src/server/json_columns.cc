#include "server/json_columns.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <numeric>

#include "base/json_text.h"
#include "base/yaml.h"

namespace fm::server {
namespace {

using table::RowBatch;
using table::Type;

constexpr std::size_t kNumberBytes = 32;  // of any number's text

template <class Number>
void append_number(std::string& out, Number number) {
  char text[kNumberBytes];
  const auto end = std::to_chars(text, text + sizeof text, number).ptr;
  out.append(text, end);
}

// Prices are whole multiples of a small decimal step, and need none of the search for the shortest
// digits: at most 15 digits stand for one double only, so these are the shortest.
bool append_short_decimal(std::string& out, double number) {
  constexpr int kDecimals = 4;
  constexpr double kScale = 1e4;
  constexpr double kExact = 1e15;
  const double scaled = number * kScale;
  if (!(std::abs(scaled) < kExact) || scaled != std::trunc(scaled) || scaled / kScale != number)
    return false;
  const auto units = static_cast<std::int64_t>(std::abs(scaled));
  if (number < 0) out += '-';
  append_number(out, units / static_cast<std::int64_t>(kScale));
  auto rest = static_cast<int>(units % static_cast<std::int64_t>(kScale));
  if (rest == 0) return true;
  char digits[kDecimals];
  for (int i = kDecimals - 1; i >= 0; --i, rest /= 10)
    digits[i] = static_cast<char>('0' + rest % 10);
  int count = kDecimals;
  while (digits[count - 1] == '0') --count;
  out += '.';
  out.append(digits, static_cast<std::size_t>(count));
  return true;
}

void append_double(std::string& out, double number) {
  if (!std::isfinite(number))
    out += "null";
  else if (!append_short_decimal(out, number))
    append_number(out, number);
}

std::string_view type_name(Type type) {
  switch (type) {
    case Type::kTimestamp:
      return "time";
    case Type::kDate:
      return "date";
    case Type::kText:
      return "text";
    case Type::kBool:
      return "bool";
    case Type::kDouble:
      return "double";
    default:
      return "integer";
  }
}

bool is_run_coded(Type type) { return type == Type::kText || type == Type::kDate; }

// Calls put(row) for each row that is not null, and writes the others.
template <class Put>
void append_values(std::string& out, const RowBatch& batch, std::size_t column,
                   const Frame::Run& run, const Put& put) {
  const std::size_t end = run.first + run.count;
  if (!batch.has_nulls(column)) {
    for (std::size_t row = run.first; row < end; ++row) {
      put(row);
      out += ',';
    }
    return;
  }
  for (std::size_t row = run.first; row < end; ++row) {
    if (batch.is_null(column, row))
      out += "null";
    else
      put(row);
    out += ',';
  }
}

void append_run(std::string& out, const RowBatch& batch, std::size_t column,
                const Frame::Run& run) {
  switch (batch.table().columns[column].type) {
    case Type::kTimestamp: {
      const auto values = batch.int64s(column);
      append_values(out, batch, column, run,
                    [&](std::size_t row) { append_number(out, values[row] / kMicrosPerSecond); });
      break;
    }
    case Type::kInt64: {
      const auto values = batch.int64s(column);
      append_values(out, batch, column, run,
                    [&](std::size_t row) { append_number(out, values[row]); });
      break;
    }
    case Type::kDouble: {
      const auto values = batch.doubles(column);
      append_values(out, batch, column, run,
                    [&](std::size_t row) { append_double(out, values[row]); });
      break;
    }
    default:
      for (std::size_t row = run.first; row < run.first + run.count; ++row) {
        append_cell(out, batch, column, row);
        out += ',';
      }
  }
}

// [["ESM5",1000],["ESU5",234]]. `same(batch, a, b)`: whether two rows hold equal values.
template <class Same>
void append_runs(std::string& out, const Frame& frame, std::size_t column, const Same& same) {
  std::string value, next;
  std::size_t count = 0;
  const auto flush = [&] {
    if (count > 0) fmt::format_to(std::back_inserter(out), "[{},{}],", value, count);
  };
  for (const Frame::Run& run : frame.runs()) {
    const RowBatch& batch = frame.batch(run.batch);
    const std::size_t end = run.first + run.count;
    for (std::size_t row = run.first; row < end;) {
      std::size_t behind = row + 1;
      while (behind < end && same(batch, row, behind)) ++behind;
      next.clear();
      append_cell(next, batch, column, row);
      if (count > 0 && next != value) {
        flush();
        count = 0;
      }
      value.swap(next);
      count += behind - row;
      row = behind;
    }
  }
  flush();
}

void append_run_coded(std::string& out, const Frame& frame, std::size_t column) {
  out += "{\"runs\":[";
  if (frame.table().columns[column].type == Type::kDate)
    append_runs(out, frame, column, [&](const RowBatch& batch, std::size_t a, std::size_t b) {
      return batch.is_null(column, a) == batch.is_null(column, b) &&
             batch.int32s(column)[a] == batch.int32s(column)[b];
    });
  else
    append_runs(out, frame, column, [&](const RowBatch& batch, std::size_t a, std::size_t b) {
      return batch.is_null(column, a) == batch.is_null(column, b) &&
             batch.text_codes(column)[a] == batch.text_codes(column)[b];
    });
  if (out.back() == ',') out.pop_back();
  out += "]}";
}

void append_column(std::string& out, const Frame& frame, std::size_t column) {
  if (is_run_coded(frame.table().columns[column].type)) {
    append_run_coded(out, frame, column);
    return;
  }
  out += '[';
  for (const Frame::Run& run : frame.runs()) append_run(out, frame.batch(run.batch), column, run);
  if (out.back() == ',') out.pop_back();
  out += ']';
}

void append_csv_text(std::string& out, std::string_view text) {
  if (!text.empty() && text.find_first_of("\",\r\n") == std::string_view::npos) {
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

void append_csv_cell(std::string& out, const RowBatch& batch, std::size_t column, std::size_t row) {
  if (batch.is_null(column, row)) return;
  switch (batch.table().columns[column].type) {
    case Type::kTimestamp:
      out += iso_second(second_at(batch, column, row));
      break;
    case Type::kDate:
      out += Date::from_days(batch.int32s(column)[row]).iso();
      break;
    case Type::kText:
      append_csv_text(out, batch.text(column, row));
      break;
    default:
      append_cell(out, batch, column, row);
  }
}

}  // namespace

Result<std::vector<std::size_t>> find_columns(const table::Table& table,
                                              std::span<const std::string_view> names) {
  std::vector<std::size_t> columns;
  columns.reserve(names.size());
  for (const std::string_view name : names) {
    const auto column = table.find_column(name);
    if (!column) {
      Error error(Code::kInvalidArgument, fmt::format("{} has no column \"{}\"", table.name, name));
      std::vector<std::string_view> known;
      for (const auto& one : table.columns) known.push_back(one.name);
      if (const auto close = nearest(name, known))
        return std::unexpected(std::move(error).hint(fmt::format("Did you mean \"{}\"?", *close)));
      return std::unexpected(std::move(error));
    }
    columns.push_back(*column);
  }
  return columns;
}

std::vector<std::size_t> every_column(const table::Table& table) {
  std::vector<std::size_t> columns(table.columns.size());
  std::iota(columns.begin(), columns.end(), std::size_t{0});
  return columns;
}

void append_cell(std::string& out, const RowBatch& batch, std::size_t column, std::size_t row) {
  if (batch.is_null(column, row)) {
    out += "null";
    return;
  }
  switch (batch.table().columns[column].type) {
    case Type::kTimestamp:
      append_number(out, second_at(batch, column, row));
      break;
    case Type::kDate:
      fmt::format_to(std::back_inserter(out), "\"{}\"",
                     Date::from_days(batch.int32s(column)[row]).iso());
      break;
    case Type::kText:
      out += json_quoted(batch.text(column, row));
      break;
    case Type::kInt64:
      append_number(out, batch.int64s(column)[row]);
      break;
    case Type::kInt32:
      append_number(out, batch.int32s(column)[row]);
      break;
    case Type::kInt8:
      append_number(out, static_cast<int>(batch.int8s(column)[row]));
      break;
    case Type::kBool:
      out += batch.int8s(column)[row] != 0 ? "true" : "false";
      break;
    case Type::kDouble:
      append_double(out, batch.doubles(column)[row]);
      break;
  }
}

std::string json_columns(const Frame& frame, std::span<const std::size_t> columns) {
  const auto& all = frame.table().columns;
  std::string names, types, data;
  data.reserve(frame.size() * columns.size() * 8);
  for (const std::size_t column : columns) {
    const auto& [name, type] = std::pair(all[column].name, all[column].type);
    const char* const comma = names.empty() ? "" : ",";
    fmt::format_to(std::back_inserter(names), "{}\"{}\"", comma, name);
    fmt::format_to(std::back_inserter(types), "{}\"{}\":\"{}\"", comma, name, type_name(type));
    fmt::format_to(std::back_inserter(data), "{}\"{}\":", comma, name);
    append_column(data, frame, column);
  }
  return fmt::format(R"("columns":[{}],"types":{{{}}},"rows":{},"data":{{{}}})", names, types,
                     frame.size(), data);
}

std::string csv_rows(const Frame& frame, std::span<const std::size_t> columns) {
  std::string out;
  for (const std::size_t column : columns) {
    if (!out.empty()) out += ',';
    out += frame.table().columns[column].name;
  }
  out += '\n';
  for (const Frame::Run& run : frame.runs()) {
    const RowBatch& batch = frame.batch(run.batch);
    for (std::size_t row = run.first; row < run.first + run.count; ++row) {
      for (std::size_t i = 0; i < columns.size(); ++i) {
        if (i > 0) out += ',';
        append_csv_cell(out, batch, columns[i], row);
      }
      out += '\n';
    }
  }
  return out;
}

}  // namespace fm::server
