#include "lake/render.h"

#include <duckdb.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <string_view>
#include <utility>

#include "base/assert.h"
#include "base/price.h"
#include "base/time.h"
#include "lake/result_writer.h"
#include "lake/text.h"

namespace fm::lake {
namespace {

using Cell = ResultCell;

template <class Value>
Value value_at(duckdb_vector vector, std::size_t row) {
  return static_cast<const Value*>(duckdb_vector_get_data(vector))[row];
}

std::string timestamp_text(std::int64_t microseconds) {
  std::string text;
  append_timestamp(text, microseconds);
  return text;
}

std::string nanos_text(std::int64_t nanos) {
  const std::int64_t fraction = ((nanos % 1000) + 1000) % 1000;
  std::string text = timestamp_text((nanos - fraction) / 1000);
  if (fraction == 0) return text;
  text.pop_back();
  if (text.find('.') == std::string::npos) text += ".000000";
  return fmt::format("{}{:03}Z", text, fraction);
}

std::string hugeint_text(duckdb_hugeint value) {
  Int128 rest = (static_cast<Int128>(value.upper) << 64) | static_cast<Int128>(value.lower);
  const bool negative = rest < 0;
  std::string digits;
  do {
    const int digit = static_cast<int>(rest % 10);
    digits += static_cast<char>('0' + (digit < 0 ? -digit : digit));
    rest /= 10;
  } while (rest != 0);
  if (negative) digits += '-';
  std::ranges::reverse(digits);
  return digits;
}

template <class Float>
Cell float_cell(Float value) {
  // JSON has no word for these, so they go as text.
  return {.text = fmt::format("{}", value), .is_text = !std::isfinite(value)};
}

Cell cell_at(duckdb_vector vector, duckdb_type type, std::size_t row) {
  std::uint64_t* valid = duckdb_vector_get_validity(vector);
  if (type == DUCKDB_TYPE_SQLNULL ||
      (valid != nullptr && !duckdb_validity_row_is_valid(valid, row)))
    return {.text = "", .is_null = true};
  switch (type) {
    case DUCKDB_TYPE_BOOLEAN:
      return {value_at<bool>(vector, row) ? "true" : "false"};
    case DUCKDB_TYPE_TINYINT:
      return {fmt::format("{}", value_at<std::int8_t>(vector, row))};
    case DUCKDB_TYPE_SMALLINT:
      return {fmt::format("{}", value_at<std::int16_t>(vector, row))};
    case DUCKDB_TYPE_INTEGER:
      return {fmt::format("{}", value_at<std::int32_t>(vector, row))};
    case DUCKDB_TYPE_BIGINT:
      return {fmt::format("{}", value_at<std::int64_t>(vector, row))};
    case DUCKDB_TYPE_UTINYINT:
      return {fmt::format("{}", value_at<std::uint8_t>(vector, row))};
    case DUCKDB_TYPE_USMALLINT:
      return {fmt::format("{}", value_at<std::uint16_t>(vector, row))};
    case DUCKDB_TYPE_UINTEGER:
      return {fmt::format("{}", value_at<std::uint32_t>(vector, row))};
    case DUCKDB_TYPE_UBIGINT:
      return {fmt::format("{}", value_at<std::uint64_t>(vector, row))};
    case DUCKDB_TYPE_HUGEINT:
      return {hugeint_text(value_at<duckdb_hugeint>(vector, row))};
    case DUCKDB_TYPE_FLOAT:
      return float_cell(value_at<float>(vector, row));
    case DUCKDB_TYPE_DOUBLE:
      return float_cell(value_at<double>(vector, row));
    case DUCKDB_TYPE_DATE:
      return {.text = Date::from_days(value_at<std::int32_t>(vector, row)).iso(), .is_text = true};
    case DUCKDB_TYPE_TIMESTAMP:
    case DUCKDB_TYPE_TIMESTAMP_TZ:
      return {.text = timestamp_text(value_at<std::int64_t>(vector, row)), .is_text = true};
    case DUCKDB_TYPE_TIMESTAMP_NS:
      return {.text = nanos_text(value_at<std::int64_t>(vector, row)), .is_text = true};
    case DUCKDB_TYPE_VARCHAR: {
      auto text = value_at<duckdb_string_t>(vector, row);
      return {.text = std::string(duckdb_string_t_data(&text), duckdb_string_t_length(text)),
              .is_text = true};
    }
    default:
      FM_ASSERT(false);
  }
}

bool is_number(int type) {
  return type != DUCKDB_TYPE_VARCHAR && type != DUCKDB_TYPE_DATE && type != DUCKDB_TYPE_BOOLEAN &&
         type != DUCKDB_TYPE_TIMESTAMP && type != DUCKDB_TYPE_TIMESTAMP_TZ &&
         type != DUCKDB_TYPE_TIMESTAMP_NS;
}

std::string_view type_word(int type) {
  switch (type) {
    case DUCKDB_TYPE_SQLNULL:
      return "null";
    case DUCKDB_TYPE_BOOLEAN:
      return "boolean";
    case DUCKDB_TYPE_FLOAT:
    case DUCKDB_TYPE_DOUBLE:
      return "double";
    case DUCKDB_TYPE_DATE:
      return "date";
    case DUCKDB_TYPE_TIMESTAMP:
    case DUCKDB_TYPE_TIMESTAMP_TZ:
    case DUCKDB_TYPE_TIMESTAMP_NS:
      return "time";
    case DUCKDB_TYPE_VARCHAR:
      return "text";
    default:
      return "integer";
  }
}

}  // namespace

bool is_plain_type(int type) {
  switch (type) {
    case DUCKDB_TYPE_SQLNULL:
    case DUCKDB_TYPE_BOOLEAN:
    case DUCKDB_TYPE_TINYINT:
    case DUCKDB_TYPE_SMALLINT:
    case DUCKDB_TYPE_INTEGER:
    case DUCKDB_TYPE_BIGINT:
    case DUCKDB_TYPE_UTINYINT:
    case DUCKDB_TYPE_USMALLINT:
    case DUCKDB_TYPE_UINTEGER:
    case DUCKDB_TYPE_UBIGINT:
    case DUCKDB_TYPE_HUGEINT:
    case DUCKDB_TYPE_FLOAT:
    case DUCKDB_TYPE_DOUBLE:
    case DUCKDB_TYPE_DATE:
    case DUCKDB_TYPE_TIMESTAMP:
    case DUCKDB_TYPE_TIMESTAMP_TZ:
    case DUCKDB_TYPE_TIMESTAMP_NS:
    case DUCKDB_TYPE_VARCHAR:
      return true;
    default:
      return false;
  }
}

Result<QueryOutcome> render(Rows& rows, Format format, std::uint64_t rows_max, WritableFile& out,
                            bool& wrote) {
  QueryOutcome outcome;
  std::vector<duckdb_type> types;
  types.reserve(rows.columns());
  for (std::size_t c = 0; c < rows.columns(); ++c)
    types.push_back(static_cast<duckdb_type>(rows.type(c)));
  std::vector<std::string> names;
  std::vector<std::string_view> words;
  std::vector<bool> numbers;
  for (std::size_t c = 0; c < rows.columns(); ++c) {
    names.push_back(rows.name(c));
    words.push_back(type_word(rows.type(c)));
    numbers.push_back(is_number(rows.type(c)));
  }
  ResultWriter writer(format, std::move(names), std::move(numbers), std::move(words));
  std::string text;
  writer.begin(text);
  while (!outcome.is_cut) {
    FM_ASSIGN(const Chunk chunk, rows.next());
    if (!chunk) break;
    std::size_t count = duckdb_data_chunk_get_size(chunk.get());
    if (rows_max > 0 && outcome.rows + count > rows_max) {
      outcome.is_cut = true;
      count = static_cast<std::size_t>(rows_max - outcome.rows);
    }
    outcome.rows += count;
    for (std::size_t r = 0; r < count; ++r) {
      std::vector<Cell> row;
      row.reserve(types.size());
      for (std::size_t c = 0; c < types.size(); ++c)
        row.push_back(cell_at(duckdb_data_chunk_get_vector(chunk.get(), c), types[c], r));
      writer.add(std::move(row), text);
    }
    if (text.empty()) continue;
    wrote = true;
    FM_TRY(out.write(text));
    text.clear();
  }
  writer.finish(text);
  wrote = true;
  FM_TRY(out.write(text));
  return outcome;
}

}  // namespace fm::lake
