// The schema in the database: made, and brought up to what this program knows.
//
//   FM_ASSIGN(const std::vector<std::string> changes, migrate(db, table::all_tables()));
//
// `frontmonth.migrations` has a row for everything that was done. Steps have numbers and never
// change once released; tables and columns come from the catalogue, after them.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/time.h"
#include "postgres/connection.h"
#include "table/catalogue.h"
#include "table/ddl.h"

namespace fm::postgres {

// Makes what is missing, all of it or nothing, and says what was done in words; nothing where
// everything is there. With the timescaledb extension in the database, tables with a time in their
// key become hypertables, compressed after a month, and candles_1s gets continuous aggregates;
// without it, partitioned tables and views of the same names. Columns that are not the catalogue's
// are left alone. Errors: kConflict where a table has another shape; kUnsupported when a newer
// program has been here; kPermission.
[[nodiscard]] Result<std::vector<std::string>> migrate(
    Connection& db, const std::vector<const table::Table*>& tables);

// The version of the steps that this program knows.
[[nodiscard]] int schema_version();

// Partitions for the month of `from` and `months` behind it, for roles that may write rows but not
// make partitions. Returns "dataset.name: made" of each new one; nothing for a hypertable.
[[nodiscard]] Result<std::vector<std::string>> make_partitions_ahead(Connection& db,
                                                                     const table::Table& table,
                                                                     Date from, int months);

// Statements for 5, 15 and 60 minutes of each contract, from the seconds of candles_1s: sums of
// volumes, extremes of prices, and the contract's delta path. candles_1s_5m, _15m, _60m.
[[nodiscard]] std::string aggregate_statements(table::Engine engine);

}  // namespace fm::postgres
