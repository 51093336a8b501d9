// How a table of the catalogue lies in a database: as a partitioned table, or as a hypertable.
// Private to this room.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/time.h"
#include "postgres/connection.h"
#include "table/catalogue.h"
#include "table/ddl.h"

namespace fm::postgres {

// kTimescale where the database has the extension, else kPostgres.
[[nodiscard]] Result<table::Engine> engine_of(Connection& db);

// As the database has it.
struct StoredTable {
  bool exists = false;
  bool is_partitioned = false;          // declaratively
  std::vector<std::string> unique_key;  // that rows are merged by
};
// Errors: kConflict where columns are missing or of another type, or no unique key is the
// catalogue's (the partition column may be in it).
[[nodiscard]] Result<StoredTable> look_up(Connection& db, const table::Table& table);

// A month's or a year's, by how many rows a day the table has.
struct PartitionRange {
  std::string name;
  Date from, before;
};
[[nodiscard]] PartitionRange partition_of(const table::Table& table, Date date);

// Makes the partition without keeping readers of the table waiting. Where rows of it lie in the
// default partition already they stay there, and so do those to come.
[[nodiscard]] Status make_partition(Connection& db, const table::Table& table,
                                    const PartitionRange& range);

// "a", "b", … quoted
template <class Names>
[[nodiscard]] std::string name_list(const Names& names, std::string_view prefix = "") {
  std::string list;
  for (const auto& name : names) {
    if (!list.empty()) list += ", ";
    list += prefix;
    list += table::quote_name(name, table::Engine::kPostgres);
  }
  return list;
}

[[nodiscard]] inline std::string sql_name(const table::Table& table) {
  return table::qualified_name(table, table::Engine::kPostgres);
}
[[nodiscard]] inline std::string sql_text(std::string_view text) {
  return table::quote_text(text, table::Engine::kPostgres);
}

}  // namespace fm::postgres
