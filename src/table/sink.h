// Where rows go to stay: the lake, a database, a mirror. A sink may lag, fail and catch up; it
// never loses a row and never stores one twice, because its cursor is stored together with the rows
// it counts.
#pragma once

#include <string>

#include "base/error.h"
#include "base/time.h"
#include "table/row_batch.h"

namespace fm::table {

// How far a sink has come in one table.
struct Cursor {
  std::string source;  // what the position counts: a log, a file
  std::uint64_t position = 0;
  // Every row of a second before it is stored and will not change, as far as the feed went.
  Second final_to = 0;
};

class Sink {
 public:
  virtual ~Sink() = default;
  // The cursor stored with the last committed rows; a fresh one where nothing is stored.
  [[nodiscard]] virtual Result<Cursor> cursor(const Table& table) = 0;
  // Rows sorted by key. Nothing is visible to readers until commit().
  [[nodiscard]] virtual Status write(const RowBatch& rows) = 0;
  // Makes the rows written since the last commit visible and durable together with the cursor, or
  // changes nothing.
  [[nodiscard]] virtual Status commit(const Table& table, const Cursor& cursor) = 0;
};

}  // namespace fm::table
