// A partition in a few numbers that any SQL engine computes from its cells alone, so that two
// copies can be compared without moving the rows: how many there are, how many cells of a column
// are null, and the sum of each column's values times a weight from the row's key. Bookkeeping
// columns are left out.
//
//   const std::string sql = sums_statement(table, Engine::kPostgres, {.from = …, .before = …});
//   FM_ASSIGN(const auto copy, parse_sums(table, rows_of_sql));
//   for (const SumsDifference& one : compare(table, lake.at("ES"), copy.at("ES"))) …
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/time.h"
#include "table/catalogue.h"
#include "table/ddl.h"

namespace fm::quality {

// Which rows: of one root (all of them, for tables without), of partition dates [from, before), and
// of seconds before `final_to`, for tables with a time in their key.
struct SumsRange {
  std::string root = {};
  Date from, before;
  std::optional<Second> final_to = {};
};

// The condition as the engine writes it; `range.root` is a text of its own.
[[nodiscard]] std::string condition_of(const table::Table& table, table::Engine engine,
                                       const SumsRange& range);

// The first and the last partition date within [from, before); nulls where there are no rows. Where
// the engine has the table under another name, `relation` says so.
[[nodiscard]] std::string dates_statement(const table::Table& table, table::Engine engine,
                                          Date from, Date before, std::string_view relation = "");

// Which rows are summed up: those of partition dates [from, before) and of seconds before a root's
// `final_to`, for tables with a time in their key.
struct SumsScope {
  Date from, before;
  std::string root = {};  // only this one; empty: all
  std::map<std::string, Second> root_final_to = {};
  std::optional<Second> final_to = {};  // of roots that are not named
};

// A row for each root and partition of the lake's layout (day, month or year): the root, or an
// empty text in tables without; the partition's first day; the number of rows; then for each column
// the number of nulls and the sum. Whole numbers without blanks.
[[nodiscard]] std::string sums_statement(const table::Table& table, table::Engine engine,
                                         const SumsScope& scope, std::string_view relation = "");

struct PartitionSums {
  std::string rows;
  std::vector<std::string> columns;  // "nulls sum" of each compared column
  friend bool operator==(const PartitionSums&, const PartitionSums&) = default;
};
using Sums = std::map<Date, PartitionSums>;

using SumsByRoot = std::map<std::string, Sums>;

// Cells of sums_statement() as text. Errors: kInternal.
[[nodiscard]] Result<SumsByRoot> parse_sums(const table::Table& table,
                                            const std::vector<std::vector<std::string>>& rows);

struct SumsDifference {
  Date partition;
  std::string left_rows, right_rows;
  std::vector<std::string_view> columns;  // that differ; empty where a side has no rows
};
[[nodiscard]] std::vector<SumsDifference> compare(const table::Table& table, const Sums& left,
                                                  const Sums& right);

// The partition's first day for a date of it, and the first day behind it.
[[nodiscard]] Date partition_begin(const table::Table& table, Date date);
[[nodiscard]] Date partition_end(const table::Table& table, Date date);

}  // namespace fm::quality
