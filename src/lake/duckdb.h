// DuckDB's C API, owned. Nothing outside this room sees it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"
#include "table/catalogue.h"

// Handles of the C API, so that its large header stays in the sources. The names are DuckDB's.
// NOLINTBEGIN(bugprone-reserved-identifier)
struct _duckdb_connection;
struct _duckdb_data_chunk;
// NOLINTEND(bugprone-reserved-identifier)

namespace fm::lake {

class RowSource;
class RowTaker;

struct DatabaseOptions {
  std::uint64_t memory_max_mb = 256;
  int threads = 1;
  bool preserve_order = true;
  friend bool operator==(const DatabaseOptions&, const DatabaseOptions&) = default;
};

// A chunk of a result: at most 2,048 rows.
struct ChunkDeleter {
  void operator()(_duckdb_data_chunk* chunk) const;
};
using Chunk = std::unique_ptr<_duckdb_data_chunk, ChunkDeleter>;

// The rows of a statement, made while they are fetched.
class Rows {
 public:
  Rows(Rows&&) noexcept;
  Rows& operator=(Rows&&) noexcept;
  ~Rows();

  [[nodiscard]] std::size_t columns() const;
  [[nodiscard]] std::string name(std::size_t column) const;
  [[nodiscard]] int type(std::size_t column) const;  // duckdb_type
  // nullptr at the end. Errors: kQuery.
  [[nodiscard]] Result<Chunk> next();

 private:
  friend class Database;
  struct State;
  explicit Rows(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// An in-memory database with one connection, which has one statement at a time under way. It loads
// no extension and installs none. It has the functions of row_source.h
// and row_taker.h.
class Database {
 public:
  [[nodiscard]] static Result<Database> open(const DatabaseOptions& options);
  // One that nobody else uses: such a one that was leased before and given back, else a new one,
  // whose opening takes longer than twenty small statements. For statements that leave nothing
  // behind: no table, no view, no setting.
  [[nodiscard]] static Result<Database> lease(const DatabaseOptions& options);
  // The same database by another connection.
  [[nodiscard]] Result<Database> connect() const;
  Database(Database&&) noexcept;
  Database& operator=(Database&&) noexcept;
  ~Database();

  // Any number of statements, results dropped. Errors: kQuery with DuckDB's text; kNoSpace,
  // kPermission and kNotFound where that text is about a file.
  [[nodiscard]] Status execute(const std::string& sql);
  // One statement. Its rows must not outlive the database.
  [[nodiscard]] Result<Rows> query(const std::string& sql);
  [[nodiscard]] _duckdb_connection* connection() const;
  [[nodiscard]] RowSource*& row_source();  // what "fm_rows()" gives; row_source.h sets it
  [[nodiscard]] RowTaker*& row_taker();    // who gets rows of "fm_take()"; row_taker.h sets it

 private:
  struct Instance;
  struct State;
  class Idle;
  explicit Database(std::unique_ptr<State> state);
  [[nodiscard]] static Result<std::unique_ptr<Instance>> create(const DatabaseOptions& options);
  [[nodiscard]] static Result<Database> connect(std::shared_ptr<Instance> instance);
  std::unique_ptr<State> state_;
};

// The error for a message of DuckDB.
[[nodiscard]] Error duckdb_error(std::string_view message);

// duckdb_type of a catalogue type.
[[nodiscard]] int duckdb_type_of(table::Type type);

}  // namespace fm::lake
