// A DuckDB database of a baseline's own, in memory.
#pragma once

#include <duckdb.h>

#include "base/error.h"

namespace fm::bench {

struct DuckdbDatabase {
  duckdb_database database = nullptr;
  duckdb_connection connection = nullptr;

  DuckdbDatabase() = default;
  DuckdbDatabase(const DuckdbDatabase&) = delete;
  DuckdbDatabase& operator=(const DuckdbDatabase&) = delete;
  ~DuckdbDatabase() {
    duckdb_disconnect(&connection);
    duckdb_close(&database);
  }

  // Errors: kQuery.
  [[nodiscard]] Status open() {
    if (duckdb_open(nullptr, &database) == DuckDBError ||
        duckdb_connect(database, &connection) == DuckDBError)
      return fail(Code::kQuery, "DuckDB does not open a database in memory");
    return {};
  }
};

}  // namespace fm::bench
