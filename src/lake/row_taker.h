// The rows of a statement, handed over where DuckDB makes them: no copy of them waits to be
// fetched.
#pragma once

#include <cstddef>
#include <functional>
#include <string>

#include "base/error.h"
#include "lake/duckdb.h"

namespace fm::lake {

// Serves one statement at a time, of a database with one thread.
class RowTaker {
 public:
  // A chunk has the columns of the statement, and at most 2,048 rows. Refused: ends the statement.
  using Take = std::function<Status(_duckdb_data_chunk* chunk, std::size_t rows)>;

  // `database` must outlive it.
  RowTaker(Database& database, Take take);
  ~RowTaker();
  RowTaker(const RowTaker&) = delete;
  RowTaker& operator=(const RowTaker&) = delete;

  // The named columns of what `from` says behind FROM, in no order that could be relied on. Errors:
  // those of Take; kQuery, kIo, kNotFound …
  [[nodiscard]] Status run(const std::string& columns, const std::string& from);

  // Gives a new database the function, which serves what `serving` points to. Once.
  [[nodiscard]] static Status add_function(_duckdb_connection* connection, RowTaker*& serving);

 private:
  friend struct TakeFunction;
  Database* database_;
  Take take_;
  Status status_;  // of Take
};

}  // namespace fm::lake
