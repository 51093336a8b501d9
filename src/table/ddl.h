// The catalogue as text: statements that create a table in each engine, and its documentation.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "table/catalogue.h"

namespace fm::table {

// kTimescale: PostgreSQL with the timescaledb extension. Tables that have a time in their key are
// hypertables of it there, the others are as in kPostgres.
enum class Engine { kDuckdb, kPostgres, kTimescale, kBigquery };

// "duckdb", "postgres", "timescale" or "bigquery". Errors: kInvalidArgument.
[[nodiscard]] Result<Engine> parse_engine(std::string_view name);

// The engine's name of a type: TIMESTAMPTZ, timestamptz, TIMESTAMP …
[[nodiscard]] std::string_view sql_type(Type type, Engine engine);
// With its unit: "quoted price [USD]".
[[nodiscard]] std::string description_of(const Column& column);
[[nodiscard]] std::string quote_name(std::string_view name, Engine engine);
[[nodiscard]] std::string quote_text(std::string_view text, Engine engine);

// "dataset"."table" as the engine writes it.
[[nodiscard]] std::string qualified_name(const Table& table, Engine engine);

// The time column by which kTimescale cuts the table; nothing for tables that it leaves as they
// are.
[[nodiscard]] std::optional<std::string_view> hypertable_time(const Table& table);

// Creates the table and what it needs; safe to run again.
[[nodiscard]] std::string create_statement(const Table& table, Engine engine);

// docs/tables.md: a section per table with its columns.
[[nodiscard]] std::string catalogue_markdown();

}  // namespace fm::table
