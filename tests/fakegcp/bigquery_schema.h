// BigQuery's types, and the shape of a table: columns, partitions, clusters.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "call.h"

namespace fm::fakegcp {

struct ColumnType {
  std::string_view name;    // of GoogleSQL: "INT64"
  std::string_view legacy;  // as the REST API answers: "INTEGER"
  std::string_view duckdb;
  int bytes;  // logical, of a value; of STRING and BYTES: 2 and its length
};
// By either name, in any case; null for what is none or is not modelled (RECORD, GEOGRAPHY …).
[[nodiscard]] const ColumnType* column_type(std::string_view name);
[[nodiscard]] const ColumnType* column_type_of_duckdb(std::string_view duckdb);

struct Column {
  std::string name = {};
  const ColumnType* type = nullptr;
  bool is_required = false;
  std::string description = {};
};

enum class PartitionUnit { kDay, kMonth, kYear };
[[nodiscard]] std::string_view name(PartitionUnit unit);  // "DAY"

struct Partitioning {
  std::string column = {};
  PartitionUnit unit = PartitionUnit::kDay;
  std::int64_t expiration_ms = 0;  // 0: never

  // SQL for the partition of a row: "20250616", "202506", "2025" or "__NULL__".
  [[nodiscard]] std::string id_sql() const;
  // Whether this names a partition of the unit.
  [[nodiscard]] bool is_id(std::string_view id) const;
};

struct Shape {
  std::vector<Column> columns = {};
  std::optional<Partitioning> partitioning = {};
  std::vector<std::string> clustering = {};

  [[nodiscard]] const Column* find(std::string_view column) const;  // in any case
  // Refused: what BigQuery does not make a table of.
  [[nodiscard]] Answer<void> check() const;
  // Logical bytes of these columns, as SQL over rows; of all where there are none named.
  [[nodiscard]] std::string bytes_sql(std::span<const std::string> columns = {}) const;
};

// From and to {"fields":[…]}. Refused: 400.
[[nodiscard]] Answer<std::vector<Column>> columns_of(const Json& schema);
[[nodiscard]] Json schema_resource(std::span<const Column> columns);
[[nodiscard]] Answer<Partitioning> partitioning_of(const Json& time_partitioning);

extern const std::span<const Field> kSchemaFields;
extern const std::span<const Field> kTimePartitioningFields;
extern const std::span<const Field> kClusteringFields;
extern const std::span<const Field> kTableReferenceFields;

}  // namespace fm::fakegcp
