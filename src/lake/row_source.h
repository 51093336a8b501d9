// A row stream as a table function of DuckDB: "SELECT * FROM fm_rows()".
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "lake/duckdb.h"
#include "table/row_stream.h"

namespace fm::lake {

// Serves one stream to one statement at a time; a database has one at a time. While the statement
// runs, a long stream is read and observed on a thread of its own.
class RowSource {
 public:
  // `rows` and `database` must outlive it.
  [[nodiscard]] static std::unique_ptr<RowSource> create(Database& database,
                                                         table::RowStream& rows);
  // Gives a new database the table function, which serves what `served` points to. Once: DuckDB
  // does not forget a table function.
  [[nodiscard]] static Status add_function(_duckdb_connection* connection, RowSource*& served);
  virtual ~RowSource() = default;

  // What to put behind FROM.
  [[nodiscard]] virtual std::string from_clause() const = 0;
  // Sees each batch on its way; may refuse it.
  struct Observer {
    virtual ~Observer() = default;
    [[nodiscard]] virtual Status see(const table::RowBatch& batch) = 0;
  };
  virtual void observe(Observer& observer) = 0;
  // Why the stream or the observer stopped the statement, if they did: the true reason behind
  // DuckDB's error.
  [[nodiscard]] virtual std::optional<Error> take_error() = 0;
};

}  // namespace fm::lake
