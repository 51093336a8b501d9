#include "jobs/schema_job.h"

#include <vector>

#include "base/json_text.h"
#include "base/yaml.h"
#include "postgres/schema.h"
#include "table/ddl.h"

namespace fm::jobs {
namespace {

std::string json_list(std::span<const std::string_view> words) {
  std::string out;
  for (const auto word : words)
    out += fmt::format("{}{}", out.empty() ? "" : ",", json_quoted(word));
  return fmt::format("[{}]", out);
}

std::string column_json(const table::Column& column, table::Engine engine) {
  return fmt::format(R"({{"name":{},"type":{},"nullable":{},"unit":{},"description":{}}})",
                     json_quoted(column.name), json_quoted(table::sql_type(column.type, engine)),
                     column.nullable, json_quoted(column.unit), json_quoted(column.description));
}

}  // namespace

Result<std::vector<const table::Table*>> chosen_tables(const std::optional<std::string>& name) {
  std::vector<const table::Table*> chosen;
  if (name) {
    if (const auto* table = table::find_table(*name)) {
      chosen.push_back(table);
      return chosen;
    }
    std::vector<std::string> names;
    for (const auto& table : table::all_tables()) {
      names.emplace_back(table.name);
      names.push_back(fmt::format("{}.{}", table.dataset, table.name));
    }
    const std::vector<std::string_view> known(names.begin(), names.end());
    const auto close = nearest(*name, known);
    auto unknown = Error(Code::kNotFound,
                         close ? fmt::format("no table '{}'; did you mean '{}'?", *name, *close)
                               : fmt::format("no table '{}'", *name));
    return std::unexpected(std::move(unknown).hint("`frontmonth schema` shows every table."));
  }
  for (const auto& table : table::all_tables()) chosen.push_back(&table);
  return chosen;
}

Result<std::string> schema_text(const std::optional<std::string>& table, std::string_view engine) {
  FM_ASSIGN(const table::Engine parsed, table::parse_engine(engine));
  FM_ASSIGN(const auto chosen, chosen_tables(table));
  std::string out;
  for (const auto* each : chosen) {
    if (!out.empty()) out += '\n';
    out += table::create_statement(*each, parsed);
    if (!out.ends_with('\n')) out += '\n';
    const bool is_postgres =
        parsed == table::Engine::kPostgres || parsed == table::Engine::kTimescale;
    if (is_postgres && each == &table::candles_1s()) out += postgres::aggregate_statements(parsed);
  }
  return out;
}

Result<std::string> schema_json(const std::optional<std::string>& table, std::string_view engine) {
  FM_ASSIGN(const table::Engine parsed, table::parse_engine(engine));
  FM_ASSIGN(const auto chosen, chosen_tables(table));
  std::string out;
  for (const auto* each : chosen) {
    std::string columns;
    for (const auto& column : each->columns)
      columns += fmt::format("{}\n  {}", columns.empty() ? "" : ",", column_json(column, parsed));
    out += fmt::format(
        "{}\n{{\"dataset\":{},\"name\":{},\"description\":{},\"key\":{},\"partition_column\":{},"
        "\"columns\":[{}]}}",
        out.empty() ? "" : ",", json_quoted(each->dataset), json_quoted(each->name),
        json_quoted(each->description), json_list(each->key), json_quoted(each->partition_column),
        columns);
  }
  return fmt::format("[{}\n]\n", out);
}

}  // namespace fm::jobs
