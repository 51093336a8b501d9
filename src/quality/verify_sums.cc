#include "quality/verify_sums.h"

#include <algorithm>
#include <array>

#include "base/assert.h"
#include "lake/manifest.h"

namespace fm::quality {
namespace {

using table::Column;
using table::Engine;
using table::Table;
using table::Type;

// Both primes: values that differ by a multiple of the one, or keys of the same weight, are rare,
// and a product of a value and a weight fits 64 bits with room for the sum of a partition.
constexpr std::int64_t kValueModulus = 2'147'483'647;
constexpr std::int64_t kWeightModulus = 1'000'003;
// As many as the longest key has columns.
constexpr std::array kKeyFactors{7'919,      104'729,    611'953,   15'485'863,
                                 32'452'843, 49'979'687, 67'867'967};
// Stands for what is no number that can be counted: NaN, and beyond 64 bits.
constexpr int kUncountable = 7;
constexpr int kNull = 12'345;  // and what a null weighs

std::vector<const Column*> compared(const Table& table) {
  std::vector<const Column*> columns;
  for (const Column& column : table.columns)
    if (!column.bookkeeping) columns.push_back(&column);
  return columns;
}

std::string text_code(const std::string& cell, Engine engine) {
  switch (engine) {
    case Engine::kDuckdb:
      return fmt::format("(length({0}) + CAST('0x' || substr(md5({0}), 1, 12) AS BIGINT))", cell);
    case Engine::kPostgres:
    case Engine::kTimescale:
      return fmt::format("(length({0}) + ('x' || substr(md5({0}), 1, 12))::bit(48)::bigint)", cell);
    case Engine::kBigquery:
      return fmt::format(
          "(CHAR_LENGTH({0}) + CAST(CONCAT('0x', SUBSTR(TO_HEX(MD5({0})), 1, 12)) AS INT64))",
          cell);
  }
  FM_ASSERT(false);
}

std::string time_code(const std::string& cell, Engine engine) {
  switch (engine) {
    case Engine::kDuckdb:
      return fmt::format("epoch_us({})", cell);
    case Engine::kPostgres:
    case Engine::kTimescale:
      return fmt::format("(extract(epoch FROM {}) * 1000000)::bigint", cell);
    case Engine::kBigquery:
      return fmt::format("UNIX_MICROS({})", cell);
  }
  FM_ASSERT(false);
}

std::string date_code(const std::string& cell, Engine engine) {
  switch (engine) {
    case Engine::kDuckdb:
      return fmt::format("date_diff('day', DATE '1970-01-01', {})", cell);
    case Engine::kPostgres:
    case Engine::kTimescale:
      return fmt::format("({} - DATE '1970-01-01')", cell);
    case Engine::kBigquery:
      return fmt::format("UNIX_DATE({})", cell);
  }
  FM_ASSERT(false);
}

std::string integer_type(Engine engine) { return engine == Engine::kBigquery ? "INT64" : "BIGINT"; }

// All engines multiply doubles alike, as IEEE 754 says; but BigQuery makes an error of a product
// that is too large, where others have an infinity.
std::string double_code(const std::string& cell, int scale, Engine engine) {
  std::string product = fmt::format("{} * 1e{}", cell, scale);
  if (engine == Engine::kPostgres || engine == Engine::kTimescale)
    product = fmt::format("{} * '1e{}'::float8", cell, scale);
  if (engine == Engine::kBigquery) product = fmt::format("SAFE_MULTIPLY({}, 1e{})", cell, scale);
  return fmt::format(
      "(CASE WHEN {0} > -9e18 AND {0} < 9e18 THEN CAST(floor({0}) AS {1}) "
      "WHEN {2} IS NOT NULL THEN {3} END)",
      product, integer_type(engine), cell, kUncountable);
}

// The cell as a whole number; a null stays one.
std::string code_of(const Column& column, Engine engine) {
  const std::string cell = table::quote_name(column.name, engine);
  switch (column.type) {
    case Type::kTimestamp:
      return time_code(cell, engine);
    case Type::kDate:
      return date_code(cell, engine);
    case Type::kText:
      return text_code(cell, engine);
    case Type::kDouble:
      return double_code(cell, column.scale, engine);
    case Type::kBool:
      return fmt::format("(CASE WHEN {0} THEN 1 WHEN NOT {0} THEN 0 END)", cell);
    case Type::kInt64:
    case Type::kInt32:
    case Type::kInt8:
      return fmt::format("CAST({} AS {})", cell, integer_type(engine));
  }
  FM_ASSERT(false);
}

std::string remainder(const std::string& value, std::int64_t modulus, Engine engine) {
  return engine == Engine::kBigquery ? fmt::format("MOD({}, {})", value, modulus)
                                     : fmt::format("({} % {})", value, modulus);
}

// 1 … kWeightModulus, from the key.
std::string weight_of(const Table& table, Engine engine) {
  FM_ASSERT(table.key.size() <= kKeyFactors.size());
  std::string sum;
  for (std::size_t i = 0; i < table.key.size(); ++i) {
    const Column& column = table.columns[table.column_index(table.key[i])];
    const std::string code = column.nullable
                                 ? fmt::format("coalesce({}, {})", code_of(column, engine), kNull)
                                 : code_of(column, engine);
    sum += fmt::format("{}{} * {}", sum.empty() ? "" : " + ",
                       remainder(code, kWeightModulus, engine), kKeyFactors[i]);
  }
  return fmt::format("(1 + abs({}))", remainder("(" + sum + ")", kWeightModulus, engine));
}

std::string partition_of(const Table& table, Engine engine) {
  std::string column = table::quote_name(table.partition_column, engine);
  std::string_view unit = "day";
  if (table.layout == table::LakeLayout::kMonth) unit = "month";
  if (table.layout == table::LakeLayout::kYear || table.layout == table::LakeLayout::kRootYear)
    unit = "year";
  if (unit == "day") return column;
  return engine == Engine::kBigquery
             ? fmt::format("DATE_TRUNC({}, {})", column, unit)
             : fmt::format("CAST(date_trunc('{}', {}) AS DATE)", unit, column);
}

std::string dates_of(const Table& table, Engine engine, const SumsRange& range) {
  return fmt::format("{0} >= DATE '{1}' AND {0} < DATE '{2}'",
                     table::quote_name(table.partition_column, engine), range.from.iso(),
                     range.before.iso());
}

// " AND time < …", or nothing.
std::string finality_of(const Table& table, Engine engine, const SumsRange& range) {
  const auto time = table::hypertable_time(table);
  if (!range.final_to || !time) return {};
  return fmt::format(" AND {} < TIMESTAMP{} '{}'", table::quote_name(*time, engine),
                     engine == Engine::kBigquery ? "" : "TZ", iso_second(*range.final_to));
}

// `root`: what stands before the partition and is grouped by, too; may be empty.
std::string sums_of(const Table& table, Engine engine, const std::string& condition,
                    std::string_view relation, const std::string& root) {
  std::string inner;  // each row's codes
  std::string outer;
  int number = 0;
  // Sums of 64-bit numbers are wider than that in DuckDB and PostgreSQL, not in BigQuery.
  // PostgreSQL would compute a row's weight anew for each column but for OFFSET.
  const bool is_postgres = engine == Engine::kPostgres || engine == Engine::kTimescale;
  const std::string_view wide = engine == Engine::kBigquery ? "NUMERIC" : "BIGINT";
  for (const Column* column : compared(table)) {
    ++number;
    const std::string code = remainder(code_of(*column, engine), kValueModulus, engine);
    inner += fmt::format(", {} AS c{}", code, number);
    outer += fmt::format(", count(*) - count(c{0}), sum(CAST(coalesce(c{0}, {1}) AS {2}) * w)",
                         number, kNull, wide);
  }
  const std::string from =
      relation.empty() ? table::qualified_name(table, engine) : std::string(relation);
  const std::string_view by = root.empty() ? "p" : "r, p";
  const std::string named_root = root.empty() ? "" : root + " AS r, ";
  return fmt::format(
      "SELECT {0}, count(*){1} FROM (SELECT {2}{3} AS p, {4} AS w{5} FROM {6} WHERE {7}{8}) AS "
      "codes GROUP BY {0} ORDER BY {0}",
      by, outer, named_root, partition_of(table, engine), weight_of(table, engine), inner, from,
      condition, is_postgres ? " OFFSET 0" : "");
}

}  // namespace

std::string condition_of(const Table& table, Engine engine, const SumsRange& range) {
  std::string text = dates_of(table, engine, range);
  if (!table.root_column.empty())
    text += fmt::format(" AND {} = {}", table::quote_name(table.root_column, engine),
                        table::quote_text(range.root, engine));
  return text + finality_of(table, engine, range);
}

std::string spans_statement(const Table& table, Engine engine, Date from, Date before,
                            std::string_view relation) {
  const std::string name =
      relation.empty() ? table::qualified_name(table, engine) : std::string(relation);
  const std::string date = table::quote_name(table.partition_column, engine);
  const std::string dates = dates_of(table, engine, {.from = from, .before = before});
  if (table.root_column.empty())
    return fmt::format("SELECT '' AS r, min({0}), max({0}) FROM {1} WHERE {2}", date, name, dates);
  return fmt::format("SELECT {0} AS r, min({1}), max({1}) FROM {2} WHERE {3} GROUP BY r",
                     table::quote_name(table.root_column, engine), date, name, dates);
}

std::string sums_statement(const Table& table, Engine engine, const SumsRange& range,
                           std::string_view relation) {
  return sums_of(table, engine, condition_of(table, engine, range), relation, "");
}

std::string sums_by_root_statement(const Table& table, Engine engine,
                                   const std::vector<SumsRange>& ranges,
                                   std::string_view relation) {
  FM_ASSERT(!ranges.empty());
  const std::string root =
      table.root_column.empty() ? std::string("''") : table::quote_name(table.root_column, engine);
  if (table.root_column.empty()) {
    FM_ASSERT(ranges.size() == 1);
    return sums_of(table, engine, condition_of(table, engine, ranges.front()), relation, root);
  }
  // Roots without a bound of their own in one list: a condition for each of hundreds of roots would
  // be longer than it is worth.
  std::string unbounded, bounded;
  for (const SumsRange& range : ranges) {
    const std::string text = table::quote_text(range.root, engine);
    const std::string finality = finality_of(table, engine, range);
    if (finality.empty())
      unbounded += (unbounded.empty() ? "" : ", ") + text;
    else
      bounded += fmt::format("{}({} = {}{})", bounded.empty() ? "" : " OR ", root, text, finality);
  }
  std::string roots = unbounded.empty() ? "" : fmt::format("{} IN ({})", root, unbounded);
  if (!bounded.empty()) roots += (roots.empty() ? "" : " OR ") + bounded;
  return sums_of(table, engine,
                 fmt::format("{} AND ({})", dates_of(table, engine, ranges.front()), roots),
                 relation, root);
}

Result<Sums> parse_sums(const Table& table, const std::vector<std::vector<std::string>>& rows) {
  Sums sums;
  const std::size_t columns = compared(table).size();
  for (const auto& cells : rows) {
    if (cells.size() != 2 + 2 * columns)
      return fail(Code::kInternal, "{}: sums of {} cells; expected {}", table.name, cells.size(),
                  2 + 2 * columns);
    FM_ASSIGN(const Date date, Date::parse(std::string_view(cells[0]).substr(0, 10)));
    PartitionSums partition;
    partition.rows = cells[1];
    for (std::size_t i = 0; i < columns; ++i)
      partition.columns.push_back(cells[2 + 2 * i] + " " + cells[3 + 2 * i]);
    sums.emplace(date, std::move(partition));
  }
  return sums;
}

Result<std::map<std::string, Sums>> parse_sums_by_root(const Table& table,
                                                       std::vector<std::vector<std::string>> rows) {
  std::map<std::string, std::vector<std::vector<std::string>>> by_root;
  for (auto& cells : rows) {
    if (cells.empty()) return fail(Code::kInternal, "{}: sums without cells", table.name);
    const std::string root = std::move(cells.front());
    cells.erase(cells.begin());
    by_root[root].push_back(std::move(cells));
  }
  std::map<std::string, Sums> sums;
  for (const auto& [root, cells] : by_root) {
    FM_ASSIGN(sums[root], parse_sums(table, cells));
  }
  return sums;
}

std::vector<SumsDifference> compare(const Table& table, const Sums& left, const Sums& right) {
  std::vector<SumsDifference> differences;
  const std::vector<const Column*> columns = compared(table);
  std::vector<Date> dates;
  for (const auto& [date, sums] : left) dates.push_back(date);
  for (const auto& [date, sums] : right)
    if (!left.contains(date)) dates.push_back(date);
  std::ranges::sort(dates);
  for (const Date date : dates) {
    const auto one = left.find(date);
    const auto other = right.find(date);
    SumsDifference difference;
    difference.partition = date;
    difference.left_rows = one == left.end() ? "0" : one->second.rows;
    difference.right_rows = other == right.end() ? "0" : other->second.rows;
    if (one != left.end() && other != right.end()) {
      if (one->second == other->second) continue;
      for (std::size_t i = 0; i < columns.size(); ++i)
        if (one->second.columns[i] != other->second.columns[i])
          difference.columns.push_back(columns[i]->name);
    }
    differences.push_back(std::move(difference));
  }
  return differences;
}

Date partition_begin(const Table& table, Date date) {
  return lake::PartitionKey{"", date}.first_day(table);
}
Date partition_end(const Table& table, Date date) {
  return lake::PartitionKey{"", date}.end_day(table);
}

}  // namespace fm::quality
