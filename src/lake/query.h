// Read-only SQL over every table of a lake.
//
//   auto lake = Lake::view(env, "lake");
//   FM_ASSIGN(auto query, Query::open(*lake));
//   FM_TRY(query->run("SELECT ticker, count(*) FROM candles_1m GROUP BY 1", Format::kTable, *out));
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/env.h"
#include "base/error.h"
#include "lake/lake.h"
#include "table/row_stream.h"

namespace fm::lake {

enum class Format {
  kTable,  // aligned, for people
  kCsv,    // a header line; NULL is an empty cell, an empty text is ""
  kJson,   // an object per line
  // "columns":[{"name":"close","type":"double"}],"rows":[[6012.25],…] — without the braces around
  // it. Types: boolean, integer, double, date, time, text; null where every value is NULL.
  kJsonArrays,
};

// "table", "csv" or "json", those that people choose from. Errors: kInvalidArgument.
[[nodiscard]] Result<Format> parse_format(std::string_view name);

struct QueryOptions {
  std::uint64_t memory_max_mb = 1024;
  int threads = 2;
  Nanos time_max = 0;          // of a statement, once its tables are found; 0: none
  std::uint64_t rows_max = 0;  // of a result; 0: none
  // The lake's rows as they were then; Lake::partitions_as_of() says how far back.
  std::optional<Nanos> as_of = {};
};

struct QueryOutcome {
  std::uint64_t rows = 0;  // written
  bool is_cut = false;     // there were more than `rows_max`
};

// Every table of the catalogue is there as `dataset.table` and as `table`, with its columns even
// where the lake has no rows, and every view. Timestamps are written as
// YYYY-MM-DDTHH:MM:SS[.ffffff]Z, doubles in the fewest digits that read back the same.
class Query {
 public:
  // Errors: kInvalidArgument for an `as_of` that is still to come.
  [[nodiscard]] static Result<std::unique_ptr<Query>> open(const Lake& lake,
                                                           QueryOptions options = {});
  ~Query();

  // Rows that live outside the lake take the place of the table's rows in it, whatever `as_of`.
  [[nodiscard]] Status set_rows(table::RowStream& rows);

  // One statement: SELECT (also WITH, FROM, VALUES), EXPLAIN, DESCRIBE or SHOW. It can reach the
  // lake's files and no others, and no network; functions that change the engine, tell of the
  // machine or make values of any size are refused. A lake that changes meanwhile is no error.
  // Errors: kInvalidArgument for other statements; kTimedOut after `time_max`; kQuery after
  // cancel(), when the process grows by far more than `memory_max_mb`, and with the engine's words,
  // also where memory is not enough; kNotFound when what a table held at
  // `as_of` is no longer kept; those of `out`.
  [[nodiscard]] Result<QueryOutcome> run(std::string_view sql, Format format, WritableFile& out);
  // The same rows as a Parquet file. `folder` holds nothing else: the statement may read there,
  // too. Statements whose rows are no table (EXPLAIN, SHOW) are refused by the engine. `is_cut`:
  // there are `rows_max` rows, and may be more.
  [[nodiscard]] Result<QueryOutcome> run_to_parquet(std::string_view sql, const std::string& folder,
                                                    const std::string& name);
  // Ends the statement under way, and none that begins later. From any thread.
  void cancel();

 private:
  struct State;
  explicit Query(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace fm::lake
