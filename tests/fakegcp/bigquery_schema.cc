#include "bigquery_schema.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "duck.h"

namespace fm::fakegcp {
namespace {

constexpr ColumnType kTypes[] = {{"INT64", "INTEGER", "BIGINT", 8},
                                 {"FLOAT64", "FLOAT", "DOUBLE", 8},
                                 {"STRING", "STRING", "VARCHAR", 0},
                                 {"BOOL", "BOOLEAN", "BOOLEAN", 1},
                                 {"DATE", "DATE", "DATE", 8},
                                 {"TIMESTAMP", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE", 8},
                                 {"DATETIME", "DATETIME", "TIMESTAMP", 8},
                                 {"TIME", "TIME", "TIME", 8},
                                 {"NUMERIC", "NUMERIC", "DECIMAL(38,9)", 16},
                                 {"BYTES", "BYTES", "BLOB", 0}};
constexpr std::size_t kClusteringMax = 4;
constexpr std::size_t kColumnsMax = 10'000;

constexpr Field kColumnFields[] = {{"name", FieldKind::kText, true},
                                   {"type", FieldKind::kText, true},
                                   {"mode", FieldKind::kText},
                                   {"description", FieldKind::kText},
                                   {"precision", FieldKind::kInt64},
                                   {"scale", FieldKind::kInt64},
                                   {"defaultValueExpression", FieldKind::kText}};
constexpr Field kSchema[] = {{"fields", FieldKind::kArray, true, kColumnFields}};
constexpr Field kTimePartitioning[] = {{"type", FieldKind::kText, true},
                                       {"field", FieldKind::kText},
                                       {"expirationMs", FieldKind::kInt64},
                                       {"requirePartitionFilter", FieldKind::kBool}};
constexpr Field kClustering[] = {{"fields", FieldKind::kTexts, true}};
constexpr Field kTableReference[] = {{"projectId", FieldKind::kText, true},
                                     {"datasetId", FieldKind::kText, true},
                                     {"tableId", FieldKind::kText, true}};

bool equal_in_any_case(std::string_view left, std::string_view right) {
  return std::ranges::equal(left, right, [](unsigned char a, unsigned char b) {
    return std::tolower(a) == std::tolower(b);
  });
}

bool is_column_name(std::string_view name) {
  return !name.empty() && name.size() <= 300 &&
         std::isdigit(static_cast<unsigned char>(name[0])) == 0 &&
         std::ranges::all_of(name,
                             [](unsigned char c) { return std::isalnum(c) != 0 || c == '_'; });
}

}  // namespace

constinit const std::span<const Field> kSchemaFields = kSchema;
constinit const std::span<const Field> kTimePartitioningFields = kTimePartitioning;
constinit const std::span<const Field> kClusteringFields = kClustering;
constinit const std::span<const Field> kTableReferenceFields = kTableReference;

const ColumnType* column_type(std::string_view name) {
  for (const ColumnType& type : kTypes)
    if (equal_in_any_case(name, type.name) || equal_in_any_case(name, type.legacy)) return &type;
  return nullptr;
}

const ColumnType* column_type_of_duckdb(std::string_view duckdb) {
  for (const ColumnType& type : kTypes)
    if (type.duckdb == duckdb) return &type;
  // What a computation gives: integers of other widths, and sums of 64 bits.
  for (const std::string_view integer : {"HUGEINT", "INTEGER", "SMALLINT", "TINYINT", "UBIGINT",
                                         "UINTEGER", "UTINYINT", "USMALLINT"})
    if (duckdb == integer) return column_type("INT64");
  if (duckdb.starts_with("DECIMAL")) return column_type("NUMERIC");
  if (duckdb == "FLOAT") return column_type("FLOAT64");
  if (duckdb == "\"NULL\"" || duckdb == "NULL") return column_type("INT64");
  return nullptr;
}

std::string_view name(PartitionUnit unit) {
  return unit == PartitionUnit::kDay ? "DAY" : unit == PartitionUnit::kMonth ? "MONTH" : "YEAR";
}

std::string Partitioning::id_sql() const {
  const std::string_view format = unit == PartitionUnit::kDay     ? "%Y%m%d"
                                  : unit == PartitionUnit::kMonth ? "%Y%m"
                                                                  : "%Y";
  return fmt::format("coalesce(strftime({}, '{}'), '__NULL__')", sql_name(column), format);
}

bool Partitioning::is_id(std::string_view id) const {
  const std::size_t size = unit == PartitionUnit::kDay ? 8 : unit == PartitionUnit::kMonth ? 6 : 4;
  return id.size() == size &&
         std::ranges::all_of(id, [](unsigned char c) { return std::isdigit(c) != 0; }) &&
         (size < 8 || Date::parse(id).has_value());
}

const Column* Shape::find(std::string_view column) const {
  for (const Column& one : columns)
    if (equal_in_any_case(one.name, column)) return &one;
  return nullptr;
}

Answer<void> Shape::check() const {
  if (columns.size() > kColumnsMax)
    return refuse(400, "invalid", fmt::format("Too many fields: {}", columns.size()));
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (!is_column_name(columns[i].name))
      return refuse(400, "invalid", fmt::format("Invalid field name \"{}\".", columns[i].name));
    for (std::size_t k = 0; k < i; ++k)
      if (equal_in_any_case(columns[k].name, columns[i].name))
        return refuse(400, "invalid", fmt::format("Duplicate field name \"{}\".", columns[i].name));
  }
  if (partitioning) {
    const Column* column = find(partitioning->column);
    if (column == nullptr)
      return refuse(400, "invalid",
                    fmt::format("The field specified for partitioning cannot be found in the "
                                "schema: {}",
                                partitioning->column));
    if (column->type->name != "DATE" && column->type->name != "TIMESTAMP" &&
        column->type->name != "DATETIME")
      return refuse(400, "invalid",
                    fmt::format("The field specified for time partitioning can only be of type "
                                "TIMESTAMP, DATE or DATETIME. The type found is: {}.",
                                column->type->legacy));
  }
  if (clustering.size() > kClusteringMax)
    return refuse(400, "invalid", "The number of clustering columns may not exceed 4.");
  for (const std::string& by : clustering) {
    const Column* column = find(by);
    if (column == nullptr)
      return refuse(400, "invalid",
                    fmt::format("The field specified for clustering cannot be found in the "
                                "schema: {}",
                                by));
    if (column->type->name == "FLOAT64" || column->type->name == "BYTES" ||
        column->type->name == "TIME")
      return refuse(
          400, "invalid",
          fmt::format("The field {} of type {} cannot be clustered by.", by, column->type->legacy));
  }
  return {};
}

std::string Shape::bytes_sql(std::span<const std::string> named) const {
  std::string sum = "0";
  for (const Column& column : columns) {
    if (!named.empty() && std::ranges::none_of(named, [&](const std::string& one) {
          return equal_in_any_case(one, column.name);
        }))
      continue;
    const std::string cell = sql_name(column.name);
    const bool is_text = column.type->name == "STRING";
    if (is_text || column.type->name == "BYTES")
      fmt::format_to(std::back_inserter(sum), " + 2 * count({0}) + coalesce(sum({1}({0})), 0)",
                     cell, is_text ? "strlen" : "octet_length");
    else
      fmt::format_to(std::back_inserter(sum), " + {} * count({})", column.type->bytes, cell);
  }
  return fmt::format("({})::BIGINT", sum);
}

Answer<std::vector<Column>> columns_of(const Json& schema) {
  std::vector<Column> columns;
  for (const Json& field : schema.at("fields").items()) {
    Column column{field.at("name").text(), column_type(field.at("type").text()), false,
                  field.at("description").text()};
    if (column.type == nullptr)
      return refuse(400, "invalid",
                    fmt::format("Invalid value for type: {} is not a valid value (or is not "
                                "modelled)",
                                field.at("type").text()));
    const std::string& mode = field.at("mode").text();
    if (!mode.empty() && mode != "NULLABLE" && mode != "REQUIRED")
      return refuse(400, "invalid", fmt::format("Invalid value for mode: {}", mode));
    column.is_required = mode == "REQUIRED";
    columns.push_back(std::move(column));
  }
  return columns;
}

Json schema_resource(std::span<const Column> columns) {
  Json fields = Json::array();
  for (const Column& column : columns) {
    Json field = Json::object();
    field["name"] = column.name;
    field["type"] = column.type->legacy;
    field["mode"] = column.is_required ? "REQUIRED" : "NULLABLE";
    if (!column.description.empty()) field["description"] = column.description;
    fields.push(std::move(field));
  }
  Json schema = Json::object();
  schema["fields"] = std::move(fields);
  return schema;
}

Answer<Partitioning> partitioning_of(const Json& time_partitioning) {
  Partitioning out{.column = time_partitioning.at("field").text(),
                   .expiration_ms = time_partitioning.at("expirationMs").int64()};
  if (out.column.empty())
    return refuse(400, "invalid",
                  "Partitioning by ingestion time is not modelled: name timePartitioning.field.");
  const std::string& type = time_partitioning.at("type").text();
  for (const PartitionUnit unit :
       {PartitionUnit::kDay, PartitionUnit::kMonth, PartitionUnit::kYear}) {
    out.unit = unit;
    if (type == name(unit)) return out;
  }
  return refuse(400, "invalid", fmt::format("Invalid value for timePartitioning.type: {}", type));
}

}  // namespace fm::fakegcp
