#include "quality/verify_sums.h"

#include <algorithm>
#include <functional>

#include "base/assert.h"
#include "lake/manifest.h"
#include "quality/verify_codes.h"

namespace fm::quality {
namespace {

using table::Column;
using table::Engine;
using table::Table;
using table::Type;

bool is_postgres(Engine engine) {
  return engine == Engine::kPostgres || engine == Engine::kTimescale;
}

std::string integer(const std::string& value, Engine engine) {
  return fmt::format("CAST({} AS {})", value, engine == Engine::kBigquery ? "INT64" : "bigint");
}

std::string remainder(const std::string& value, std::int64_t modulus, Engine engine) {
  return engine == Engine::kBigquery ? fmt::format("MOD({}, {})", value, modulus)
                                     : fmt::format("({} % {})", value, modulus);
}

std::string text_code(const std::string& cell, Engine engine) {
  if (engine == Engine::kBigquery)
    return fmt::format(
        "(CHAR_LENGTH({0}) + CAST(CONCAT('0x', SUBSTR(TO_HEX(SHA256({0})), 1, 12)) AS INT64))",
        cell);
  return fmt::format(
      "(length({0}) + ('x' || substr(encode(sha256(convert_to({0}, 'UTF8')), 'hex'), 1, "
      "12))::bit(48)::bigint)",
      cell);
}

// All engines divide doubles alike, as IEEE 754 says; but PostgreSQL makes an error of a result
// that is too large, and BigQuery's function a null.
std::string double_code(const std::string& cell, int scale, Engine engine) {
  if (engine == Engine::kBigquery)
    return fmt::format("SAFE_CAST(FLOOR(SAFE_DIVIDE({}, 1e-{})) AS INT64)", cell, scale);
  return fmt::format(
      "(CASE WHEN {0} > '-1e290'::float8 AND {0} < '1e290'::float8 THEN CASE WHEN {1} >= "
      "'-9223372036854775808'::float8 AND {1} < '9223372036854775808'::float8 THEN "
      "floor({1})::bigint END END)",
      cell, fmt::format("{} / '1e-{}'::float8", cell, scale));
}

// The cell as a whole number; a null stays one.
std::string code_of(const Column& column, Engine engine) {
  const std::string cell = table::quote_name(column.name, engine);
  const bool is_bigquery = engine == Engine::kBigquery;
  switch (column.type) {
    case Type::kTimestamp:
      return is_bigquery ? fmt::format("UNIX_MICROS({})", cell)
                         : fmt::format("(extract(epoch FROM {}) * 1000000)::bigint", cell);
    case Type::kDate:
      return is_bigquery ? fmt::format("UNIX_DATE({})", cell)
                         : fmt::format("({} - DATE '1970-01-01')", cell);
    case Type::kText:
      return text_code(cell, engine);
    case Type::kDouble:
      return double_code(cell, column.scale, engine);
    case Type::kBool:
      return integer(is_bigquery ? cell : fmt::format("CAST({} AS int)", cell), engine);
    case Type::kInt64:
    case Type::kInt32:
    case Type::kInt8:
      return integer(cell, engine);
  }
  FM_ASSERT(false);
}

std::string no_null(const std::string& code) {
  return fmt::format("coalesce({}, {})", code, kNoValue);
}

// The sum of codes times factors; of one, it alone.
std::string weighted(const std::vector<KeyColumn>& columns,
                     const std::function<std::string(std::size_t)>& code) {
  std::string sum;
  for (const KeyColumn& column : columns)
    sum += fmt::format("{}{}{}", sum.empty() ? "" : " + ", code(column.column),
                       column.factor == 1 ? "" : fmt::format(" * {}", column.factor));
  return sum;
}

std::string weight_of_row(const Table& table, Engine engine) {
  const std::vector<KeyColumn> columns = key_columns(table, false);
  if (columns.empty()) return integer("1", engine);
  std::string sum = weighted(columns, [&](std::size_t column) {
    return remainder(no_null(code_of(table.columns[column], engine)), kWeightModulus, engine);
  });
  if (columns.size() > 1) sum = remainder("(" + sum + ")", kWeightModulus, engine);
  return fmt::format("(2 * abs({}) + 1)", sum);
}

std::string weight_of_texts(const Table& table, Engine engine) {
  const std::vector<KeyColumn> columns = key_columns(table, true);
  if (columns.empty()) return integer("1", engine);
  return fmt::format(
      "(1 + {})",
      remainder(
          "(" + weighted(columns, [](std::size_t column) { return fmt::format("k{}", column); }) +
              ")",
          kWeightModulus, engine));
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

std::string dates_of(const Table& table, Engine engine, Date from, Date before) {
  return fmt::format("{0} >= DATE '{1}' AND {0} < DATE '{2}'",
                     table::quote_name(table.partition_column, engine), from.iso(), before.iso());
}

// "time < …"; nothing where all times count.
std::string before_of(const Table& table, Engine engine, std::optional<Second> final_to) {
  const auto time = table::hypertable_time(table);
  if (!final_to || !time) return {};
  return fmt::format("{} < TIMESTAMP{} '{}'", table::quote_name(*time, engine),
                     engine == Engine::kBigquery ? "" : "TZ", iso_second(*final_to));
}

std::string condition_of(const Table& table, Engine engine, const SumsScope& scope) {
  std::string text = dates_of(table, engine, scope.from, scope.before);
  const std::string others = before_of(table, engine, scope.final_to);
  if (table.root_column.empty()) return text + (others.empty() ? "" : " AND " + others);
  const std::string root = table::quote_name(table.root_column, engine);
  if (!scope.root.empty()) {
    const auto known = scope.root_final_to.find(scope.root);
    const std::string own =
        known == scope.root_final_to.end() ? others : before_of(table, engine, known->second);
    return text + fmt::format(" AND {} = {}{}{}", root, table::quote_text(scope.root, engine),
                              own.empty() ? "" : " AND ", own);
  }
  std::string named;
  std::string bounded;
  for (const auto& [name, final_to] : scope.root_final_to) {
    const std::string quoted = table::quote_text(name, engine);
    const std::string own = before_of(table, engine, final_to);
    if (own.empty()) continue;
    named += (named.empty() ? "" : ", ") + quoted;
    bounded += fmt::format(" OR ({} = {} AND {})", root, quoted, own);
  }
  if (named.empty()) return text + (others.empty() ? "" : " AND " + others);
  return text + fmt::format(" AND (({} NOT IN ({}){}{}){})", root, named,
                            others.empty() ? "" : " AND ", others, bounded);
}

}  // namespace

// Cells become codes, row by row; rows with the same texts one row of sums; and those one row for
// each partition.
std::string sums_statement(const Table& table, Engine engine, const SumsScope& scope,
                           std::string_view relation) {
  FM_ASSERT(engine != Engine::kDuckdb);
  // PostgreSQL would compute what a row weighs anew for each column but for OFFSET.
  const std::string_view fence = is_postgres(engine) ? " OFFSET 0" : "";
  // Sums of 64-bit numbers are wider than that in PostgreSQL, not in BigQuery.
  const auto wide = [&](const std::string& sum) {
    return engine == Engine::kBigquery ? fmt::format("CAST({} AS NUMERIC)", sum) : sum;
  };
  std::string cells;    // of a row: w, and by the column's number c, its code
  std::string groups;   // of rows with the same texts: sums s, nulls z
  std::string texts;    // each text t
  std::string codes;    // and its code k
  std::string names;    // of all k
  std::string carried;  // of all z and s
  std::string sums;
  for (const std::size_t i : compared_columns(table)) {
    const Column& column = table.columns[i];
    const std::string name = table::quote_name(column.name, engine);
    if (column.type == Type::kText) {
      cells += fmt::format(", {} AS t{}", name, i);
      texts += fmt::format(", t{}", i);
      codes += fmt::format(
          ", {} AS k{}",
          no_null(remainder(text_code(fmt::format("t{}", i), engine), kModulus, engine)), i);
      names += fmt::format(", k{}", i);
      sums += fmt::format(", sum(CASE WHEN t{} IS NULL THEN n ELSE 0 END), sum({} * sw)", i,
                          wide(remainder(fmt::format("(k{} * q)", i), kModulus, engine)));
      continue;
    }
    std::string code = code_of(column, engine);
    if (!is_narrow(column.type)) code = remainder(code, kModulus, engine);
    if (column.nullable) code = no_null(code);
    cells += fmt::format(", {0} AS v{1}, {2} AS c{1}", name, i, code);
    groups +=
        fmt::format(", count(*) - count(v{0}) AS z{0}, sum((c{0} * w) & {1}) AS s{0}", i, kModulus);
    carried += fmt::format(", z{0}, s{0}", i);
    std::string sum = fmt::format("s{}", i);
    if (!column.nullable) {
      // How many have no code: of doubles more than nulls.
      std::string without = fmt::format("z{}", i);
      if (column.type == Type::kDouble) {
        without = fmt::format("x{}", i);
        groups += fmt::format(", count(*) - count(c{0}) AS x{0}", i);
        carried += ", " + without;
      }
      sum = fmt::format("(coalesce({}, 0) + {} * {})", sum, without, kNoValue);
    }
    sums += fmt::format(", sum(z{}), sum({} * q)", i, wide(sum));
  }
  const std::string from =
      relation.empty() ? table::qualified_name(table, engine) : std::string(relation);
  // A partition that is the only one need not be grouped by.
  const Date first = partition_begin(table, scope.from);
  const bool is_one = scope.before <= partition_end(table, scope.from) && !texts.empty();
  const std::string by_text = is_one ? texts.substr(2) : "p" + texts;
  const std::string day = is_one ? fmt::format("DATE '{}'", first.iso()) : "p";
  const std::string root = table.root_column.empty()
                               ? std::string("''")
                               : fmt::format("t{}", table.column_index(table.root_column));
  const std::string rows = fmt::format("SELECT {}{} AS w{} FROM {} WHERE {}{}",
                                       is_one ? "" : partition_of(table, engine) + " AS p, ",
                                       weight_of_row(table, engine), cells, from,
                                       condition_of(table, engine, scope), fence);
  const std::string grouped =
      fmt::format("SELECT {0}, count(*) AS n, sum(w) AS sw{1} FROM ({2}) AS cells GROUP BY {0}",
                  by_text, groups, rows);
  const std::string coded = fmt::format("SELECT {}, n, sw{}{} FROM ({}) AS grouped{}", by_text,
                                        carried, codes, grouped, fence);
  const std::string weighed =
      fmt::format("SELECT {} AS r, {} AS d{}, n, sw{}, {} AS q FROM ({}) AS coded{}", root, day,
                  texts, carried + names, weight_of_texts(table, engine), coded, fence);
  return fmt::format("SELECT r, d, sum(n){} FROM ({}) AS weighed GROUP BY r, d ORDER BY r, d", sums,
                     weighed);
}

std::string condition_of(const Table& table, Engine engine, const SumsRange& range) {
  SumsScope scope{.from = range.from, .before = range.before, .root = range.root};
  scope.final_to = range.final_to;
  return condition_of(table, engine, scope);
}

std::string dates_statement(const Table& table, Engine engine, Date from, Date before,
                            std::string_view relation) {
  return fmt::format("SELECT min({0}), max({0}) FROM {1} WHERE {2}",
                     table::quote_name(table.partition_column, engine),
                     relation.empty() ? table::qualified_name(table, engine) : relation,
                     dates_of(table, engine, from, before));
}

Result<SumsByRoot> parse_sums(const Table& table,
                              const std::vector<std::vector<std::string>>& rows) {
  SumsByRoot sums;
  const std::size_t columns = compared_columns(table).size();
  for (const auto& cells : rows) {
    if (cells.size() != 3 + 2 * columns)
      return fail(Code::kInternal, "{}: sums of {} cells; expected {}", table.name, cells.size(),
                  3 + 2 * columns);
    FM_ASSIGN(const Date date, Date::parse(std::string_view(cells[1]).substr(0, 10)));
    PartitionSums& partition = sums[cells[0]][date];
    partition.rows = cells[2];
    for (std::size_t i = 0; i < columns; ++i)
      partition.columns.push_back(cells[3 + 2 * i] + " " + cells[4 + 2 * i]);
  }
  return sums;
}

std::vector<SumsDifference> compare(const Table& table, const Sums& left, const Sums& right) {
  std::vector<SumsDifference> differences;
  const std::vector<std::size_t> columns = compared_columns(table);
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
          difference.columns.push_back(table.columns[columns[i]].name);
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
