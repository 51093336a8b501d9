// Rows into tables of a database, merged by key: equal rows are not written again, others take the
// place of stored ones, and the cursor moves in the same transaction.
//
//   FM_ASSIGN(PostgresSink sink, PostgresSink::open(std::move(db), "live GLBX.MDP3"));
//   FM_ASSIGN(table::Cursor cursor, sink.cursor(table::candles_1m()));
//   FM_TRY(sink.write(batch));                        // COPY into a temporary table
//   FM_TRY(sink.commit(table::candles_1m(), cursor)); // one INSERT … ON CONFLICT … DO UPDATE
//
// After an error the object is of no use any more: what was written and not committed is nowhere,
// and whether a commit that failed took place says the next sink's cursor. Writing the same rows
// again does no harm.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/error.h"
#include "postgres/connection.h"
#include "table/sink.h"

namespace fm::postgres {

// Partitions that one commit may make.
inline constexpr std::size_t kPartitionsMax = 600;

struct SinkFigures {
  std::uint64_t rows_written = 0;  // sent to the server
  std::uint64_t rows_changed = 0;  // new ones, and those that were not equal
  std::uint64_t rows_removed = 0;
  std::uint64_t commits = 0;
};

class PostgresSink final : public table::Sink {
 public:
  // `source` names whose cursors these are.
  [[nodiscard]] static Result<PostgresSink> open(Connection db, std::string source);
  ~PostgresSink() override;
  PostgresSink(PostgresSink&&) noexcept;
  PostgresSink& operator=(PostgresSink&&) noexcept;

  [[nodiscard]] Result<table::Cursor> cursor(const table::Table& table) override;
  // Between two commits each key comes once; any order. Errors: kNotFound for a table that is not
  // there, kConflict for one of another shape; kInvalidArgument when the rows need more than
  // kPartitionsMax new partitions; those of the connection.
  [[nodiscard]] Status write(const table::RowBatch& rows) override;
  [[nodiscard]] Status commit(const table::Table& table, const table::Cursor& cursor) override;
  // The same for several tables, in one transaction. `stamp` goes into their cursors: whoever gives
  // each commit another, random one can tell a database that was put back to an earlier state.
  struct Written {
    const table::Table* table;
    table::Cursor cursor;
  };
  [[nodiscard]] Status commit_all(const std::vector<Written>& tables, std::int64_t stamp = 0);

  // Makes the rows that were written all that the table holds where `condition` is true, in one
  // transaction; no cursor moves. They must all fulfil it.
  [[nodiscard]] Status replace(const table::Table& table, std::string_view condition);

  // Of the last commit; 0: there is none.
  [[nodiscard]] Result<std::int64_t> stamp(const table::Table& table);

  [[nodiscard]] Connection& connection();
  [[nodiscard]] const SinkFigures& figures() const;

 private:
  struct State;
  explicit PostgresSink(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace fm::postgres
