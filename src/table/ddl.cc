#include "table/ddl.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <vector>

#include "base/assert.h"
#include "table/views.h"

namespace fm::table {
namespace {

struct EngineTypes {
  std::string_view duckdb, postgres, bigquery;
};

EngineTypes types_of(Type type) {
  switch (type) {
    case Type::kTimestamp:
      return {"TIMESTAMPTZ", "timestamptz", "TIMESTAMP"};
    case Type::kDate:
      return {"DATE", "date", "DATE"};
    case Type::kText:
      return {"VARCHAR", "text", "STRING"};
    case Type::kInt64:
      return {"BIGINT", "bigint", "INT64"};
    case Type::kInt32:
      return {"INTEGER", "integer", "INT64"};
    case Type::kInt8:
      return {"TINYINT", "smallint", "INT64"};
    case Type::kBool:
      return {"BOOLEAN", "boolean", "BOOL"};
    case Type::kDouble:
      return {"DOUBLE", "double precision", "FLOAT64"};
  }
  FM_ASSERT(false);
}

std::string name_list(std::span<const std::string_view> names, Engine engine) {
  std::string list;
  for (const auto& name : names)
    fmt::format_to(std::back_inserter(list), "{}{}", list.empty() ? "" : ", ",
                   quote_name(name, engine));
  return list;
}

bool key_is_nullable(const Table& table) {
  return std::ranges::any_of(table.key, [&](std::string_view column) {
    return table.columns[table.column_index(column)].nullable;
  });
}

// BigQuery's columns may all be null: its loads take a file that leaves a column optional, as every
// file of the lake does, for a change of a required one, and refuse it.
std::string column_list(const Table& table, Engine engine) {
  std::string list;
  for (const Column& column : table.columns) {
    const bool nullable = column.nullable || engine == Engine::kBigquery;
    fmt::format_to(std::back_inserter(list), "{}  {} {}{}", list.empty() ? "" : ",\n",
                   quote_name(column.name, engine), sql_type(column.type, engine),
                   nullable ? "" : " NOT NULL");
    if (engine == Engine::kBigquery)
      fmt::format_to(std::back_inserter(list), " OPTIONS(description={})",
                     quote_text(description_of(column), engine));
  }
  return list;
}

std::string comments(const Table& table, Engine engine) {
  std::string text = fmt::format("COMMENT ON TABLE {} IS {};\n", qualified_name(table, engine),
                                 quote_text(table.description, engine));
  for (const Column& column : table.columns)
    fmt::format_to(std::back_inserter(text), "COMMENT ON COLUMN {}.{} IS {};\n",
                   qualified_name(table, engine), quote_name(column.name, engine),
                   quote_text(description_of(column), engine));
  return text;
}

std::string duckdb_statement(const Table& table) {
  constexpr Engine kEngine = Engine::kDuckdb;
  return fmt::format(
      "CREATE SCHEMA IF NOT EXISTS {};\nCREATE TABLE IF NOT EXISTS {} (\n{}{}\n);\n{}",
      quote_name(table.dataset, kEngine), qualified_name(table, kEngine),
      column_list(table, kEngine),
      key_is_nullable(table) ? ""
                             : fmt::format(",\n  PRIMARY KEY ({})", name_list(table.key, kEngine)),
      comments(table, kEngine));
}

// Without a default partition: who attaches another one would have to lock it, and wait for every
// reader. The sink makes partitions as rows come.
std::string postgres_statement(const Table& table) {
  constexpr Engine kEngine = Engine::kPostgres;
  // PostgreSQL wants the partition column in every unique key. It follows from the key, so nothing
  // changes.
  std::vector<std::string_view> key(table.key.begin(), table.key.end());
  if (std::ranges::find(key, table.partition_column) == key.end())
    key.push_back(table.partition_column);
  return fmt::format(
      "CREATE SCHEMA IF NOT EXISTS {};\n"
      "CREATE TABLE IF NOT EXISTS {} (\n{},\n  {} ({})\n) PARTITION BY RANGE ({});\n"
      "{}",
      quote_name(table.dataset, kEngine), qualified_name(table, kEngine),
      column_list(table, kEngine),
      key_is_nullable(table) ? "UNIQUE NULLS NOT DISTINCT" : "PRIMARY KEY", name_list(key, kEngine),
      quote_name(table.partition_column, kEngine), comments(table, kEngine));
}

constexpr std::string_view kChunk = "7 days";
constexpr std::string_view kCompressAfter = "30 days";

std::string timescale_statement(const Table& table) {
  constexpr Engine kEngine = Engine::kTimescale;
  const auto time = hypertable_time(table);
  if (!time) return postgres_statement(table);
  std::vector<std::string_view> segments;
  for (const std::string_view column : table.cluster)
    if (column != *time) segments.push_back(column);
  const std::string name = qualified_name(table, kEngine);
  const std::string quoted = quote_text(name, kEngine);
  return fmt::format(
      "CREATE SCHEMA IF NOT EXISTS {};\n"
      "CREATE TABLE IF NOT EXISTS {} (\n{},\n  PRIMARY KEY ({})\n);\n"
      "SELECT create_hypertable({}, {}, chunk_time_interval => INTERVAL '{}', "
      "if_not_exists => TRUE);\n"
      "ALTER TABLE {} SET (timescaledb.compress, timescaledb.compress_segmentby = {}, "
      "timescaledb.compress_orderby = {});\n"
      "SELECT add_compression_policy({}, INTERVAL '{}', if_not_exists => TRUE);\n{}",
      quote_name(table.dataset, kEngine), name, column_list(table, kEngine),
      name_list(table.key, kEngine), quoted, quote_text(*time, kEngine), kChunk, name,
      quote_text(name_list(segments, kEngine), kEngine),
      quote_text(quote_name(*time, kEngine), kEngine), quoted, kCompressAfter,
      comments(table, kEngine));
}

std::string bigquery_statement(const Table& table) {
  constexpr Engine kEngine = Engine::kBigquery;
  return fmt::format(
      "CREATE SCHEMA IF NOT EXISTS {};\nCREATE TABLE IF NOT EXISTS {} (\n{}{}\n)\n"
      "PARTITION BY {}\nCLUSTER BY {}\nOPTIONS(description={}, require_partition_filter={});\n",
      quote_name(table.dataset, kEngine), qualified_name(table, kEngine),
      column_list(table, kEngine),
      key_is_nullable(table)
          ? ""
          : fmt::format(",\n  PRIMARY KEY ({}) NOT ENFORCED", name_list(table.key, kEngine)),
      quote_name(table.partition_column, kEngine), name_list(table.cluster, kEngine),
      quote_text(table.description, kEngine), table.require_partition_filter);
}

std::string_view lake_directories(const Table& table) {
  switch (table.layout) {
    case LakeLayout::kRootDay:
      return "p_root=…/p_day=YYYY-MM-DD";
    case LakeLayout::kRootYear:
      return "p_root=…/p_year=YYYY";
    case LakeLayout::kMonth:
      return "p_month=YYYY-MM";
    case LakeLayout::kYear:
      return "p_year=YYYY";
  }
  FM_ASSERT(false);
}

std::string plain_list(std::span<const std::string_view> names) {
  std::string list;
  for (const auto& name : names)
    fmt::format_to(std::back_inserter(list), "{}`{}`", list.empty() ? "" : ", ", name);
  return list;
}

}  // namespace

std::string description_of(const Column& column) {
  return column.unit.empty() ? std::string(column.description)
                             : fmt::format("{} [{}]", column.description, column.unit);
}

Result<Engine> parse_engine(std::string_view name) {
  if (name == "duckdb") return Engine::kDuckdb;
  if (name == "postgres") return Engine::kPostgres;
  if (name == "timescale") return Engine::kTimescale;
  if (name == "bigquery") return Engine::kBigquery;
  return fail(Code::kInvalidArgument,
              "unknown engine \"{}\"; expected duckdb, postgres, timescale or bigquery", name);
}

std::string_view sql_type(Type type, Engine engine) {
  const EngineTypes types = types_of(type);
  switch (engine) {
    case Engine::kDuckdb:
      return types.duckdb;
    case Engine::kPostgres:
    case Engine::kTimescale:
      return types.postgres;
    case Engine::kBigquery:
      return types.bigquery;
  }
  FM_ASSERT(false);
}

std::string quote_name(std::string_view name, Engine engine) {
  const char quote = engine == Engine::kBigquery ? '`' : '"';
  std::string quoted(1, quote);
  for (const char c : name) {
    if (c == quote) quoted += quote;
    quoted += c;
  }
  return quoted += quote;
}

std::string quote_text(std::string_view text, Engine engine) {
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\'') quoted += engine == Engine::kBigquery ? '\\' : '\'';
    if (c == '\\' && engine == Engine::kBigquery) quoted += '\\';
    quoted += c;
  }
  return quoted += '\'';
}

std::string qualified_name(const Table& table, Engine engine) {
  return fmt::format("{}.{}", quote_name(table.dataset, engine), quote_name(table.name, engine));
}

std::optional<std::string_view> hypertable_time(const Table& table) {
  if (key_is_nullable(table)) return std::nullopt;
  for (const std::string_view column : table.key)
    if (table.columns[table.column_index(column)].type == Type::kTimestamp) return column;
  return std::nullopt;
}

std::string create_statement(const Table& table, Engine engine) {
  switch (engine) {
    case Engine::kDuckdb:
      return duckdb_statement(table);
    case Engine::kPostgres:
      return postgres_statement(table);
    case Engine::kTimescale:
      return timescale_statement(table);
    case Engine::kBigquery:
      return bigquery_statement(table);
  }
  FM_ASSERT(false);
}

std::string catalogue_markdown() {
  std::string page =
      "# Tables\n\nEvery table with its columns, as the catalogue in the program has them: this "
      "page "
      "is what\n`frontmonth schema --markdown` prints.\n\n";
  auto out = std::back_inserter(page);
  for (const Table& table : all_tables()) {
    fmt::format_to(out, "## {}.{}\n\n{}.\n\nKey: {}. Partition column: `{}`. Lake: `{}`.\n\n",
                   table.dataset, table.name, table.description, plain_list(table.key),
                   table.partition_column, lake_directories(table));
    fmt::format_to(out, "| column | type | unit | meaning |\n|---|---|---|---|\n");
    for (const Column& column : table.columns) {
      std::string meaning(column.description);
      // A bare bar would end the table's cell.
      for (std::size_t at = 0; (at = meaning.find('|', at)) != std::string::npos; at += 2)
        meaning.insert(at, 1, '\\');
      fmt::format_to(out, "| `{}` | {}{} | {} | {} |\n", column.name, name(column.type),
                     column.nullable ? ", null" : "", column.unit, meaning);
    }
    fmt::format_to(out, "\n");
  }
  fmt::format_to(out, "# Views\n\n");
  for (const View& view : all_views())
    fmt::format_to(out, "## {}.{}\n\n{}.\n\n```sql\n{}\n```\n\n", view.dataset, view.name,
                   view.description, view.select);
  page.pop_back();
  return page;
}

}  // namespace fm::table
