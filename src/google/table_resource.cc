#include "google/table_resource.h"

#include <map>
#include <set>

#include "base/json_text.h"
#include "table/ddl.h"

namespace fm::google {
namespace {

using table::Column;
using table::Engine;
using table::Table;

// The API's own names of types are those of legacy SQL.
std::string_view api_type(std::string_view type) {
  if (type == "INT64") return "INTEGER";
  if (type == "FLOAT64") return "FLOAT";
  return type == "BOOL" ? "BOOLEAN" : type;
}

std::string_view type_of(const Column& column) {
  return api_type(table::sql_type(column.type, Engine::kBigquery));
}

// Every column may be null: see table/ddl.cc.
std::string field_json(const Column& column) {
  return fmt::format(R"({{"name":{},"type":"{}","mode":"NULLABLE","description":{}}})",
                     json_quoted(column.name), type_of(column),
                     json_quoted(table::description_of(column)));
}

// Without the braces, so that more can stand beside it. A limit that is taken away is null.
std::string description_of(const Table& table, const TableLife& life, bool is_patch) {
  std::string cluster;
  for (const std::string_view column : table.cluster) {
    if (!cluster.empty()) cluster += ',';
    cluster += json_quoted(column);
  }
  constexpr std::int64_t kMillisPerDay = 86'400'000;
  std::string expiration;
  if (life.expire_days > 0) {
    expiration = fmt::format(",\"expirationMs\":\"{}\"", life.expire_days * kMillisPerDay);
  } else if (is_patch) {
    expiration = ",\"expirationMs\":null";
  }
  std::string text =
      fmt::format(R"("description":{},"timePartitioning":{{"type":"DAY","field":{}{}}},)"
                  R"("clustering":{{"fields":[{}]}},"requirePartitionFilter":{})",
                  json_quoted(table.description), json_quoted(table.partition_column), expiration,
                  cluster, table.require_partition_filter && !life.expires_at);
  if (life.expires_at)
    text += fmt::format(R"(,"expirationTime":"{}")", *life.expires_at / 1'000'000);
  return text;
}

}  // namespace

std::string schema_json(const Table& table) {
  std::string fields;
  for (const Column& column : table.columns) {
    if (!fields.empty()) fields += ',';
    fields += field_json(column);
  }
  return fmt::format(R"({{"fields":[{}]}})", fields);
}

std::string merged_schema_json(const Table& table, const Json& resource) {
  std::string fields;
  std::set<std::string> there;
  for (const Json& field : resource.list("/schema/fields")) {
    const std::string name = field.text("/name").value_or("");
    there.insert(name);
    if (!fields.empty()) fields += ',';
    const auto column = table.find_column(name);
    fields += column ? field_json(table.columns[*column]) : field.raw("");
  }
  for (const Column& column : table.columns) {
    if (there.contains(std::string(column.name))) continue;
    fields += ',';
    fields += field_json(column);
  }
  return fmt::format(R"({{"fields":[{}]}})", fields);
}

std::string description_json(const Table& table, const TableLife& life) {
  return "{" + description_of(table, life, true) + "}";
}

std::string table_json(const Table& table, const TableName& name, const TableLife& life) {
  return fmt::format(R"({{"tableReference":{},"schema":{},{})", name.json(), schema_json(table),
                     description_of(table, life, false) + "}");
}

TableDifference difference_of(const Table& table, const Json& resource) {
  TableDifference difference;
  std::map<std::string, Json> there;
  for (const Json& field : resource.list("/schema/fields"))
    there.emplace(field.text("/name").value_or(""), field);
  for (const Column& column : table.columns) {
    const auto found = there.find(std::string(column.name));
    if (found == there.end()) {
      difference.missing_columns.emplace_back(column.name);
      continue;
    }
    const std::string type(api_type(found->second.text("/type").value_or("")));
    if (type != type_of(column))
      difference.other.push_back(
          fmt::format("column {}: {}; expected {}", column.name, type, type_of(column)));
    if (found->second.text("/mode") == "REQUIRED")
      difference.required_columns.emplace_back(column.name);
    there.erase(found);
  }
  for (const auto& [name, field] : there)
    if (field.text("/mode") == "REQUIRED")
      difference.other.push_back(fmt::format("column {}: REQUIRED, and not ours", name));
  const std::string partition = resource.text("/timePartitioning/field").value_or("none");
  const std::string unit = resource.text("/timePartitioning/type").value_or("none");
  if (partition != table.partition_column || unit != "DAY")
    difference.other.push_back(fmt::format("partitioned by {} ({}); expected {} (DAY)", partition,
                                           unit, table.partition_column));
  return difference;
}

Status check_schema(const Table& table, const Json& resource, std::string_view name) {
  const TableDifference difference = difference_of(table, resource);
  if (difference.empty()) return {};
  std::string first;
  if (!difference.other.empty()) first = difference.other.front();
  if (!difference.required_columns.empty())
    first = fmt::format("column {} is REQUIRED; expected NULLABLE", difference.required_columns[0]);
  if (!difference.missing_columns.empty())
    first = fmt::format("no column {}", difference.missing_columns[0]);
  return std::unexpected(
      Error(Code::kConflict, fmt::format("table {}: {}", name, first))
          .hint("`frontmonth schema --engine bigquery` shows every difference; --apply adds "
                "missing columns."));
}

std::string dataset_json(std::string_view project, std::string_view dataset,
                         std::string_view location) {
  return fmt::format(R"({{"datasetReference":{{"projectId":{},"datasetId":{}}},"location":{}}})",
                     json_quoted(project), json_quoted(dataset), json_quoted(location));
}

}  // namespace fm::google
