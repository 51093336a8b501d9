// `frontmonth schema`: the catalogue's tables as statements for an engine.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "table/catalogue.h"

namespace fm::jobs {

// Every table, or the one named. Errors: kNotFound, naming the nearest.
[[nodiscard]] Result<std::vector<const table::Table*>> chosen_tables(
    const std::optional<std::string>& name);

// Every table, or the one named "candles_1m" or "market_data.candles_1m". `engine` is duckdb,
// postgres, timescale or bigquery. Errors: kInvalidArgument for an unknown engine; kNotFound for an
// unknown table, naming the nearest.
[[nodiscard]] Result<std::string> schema_text(const std::optional<std::string>& table,
                                              std::string_view engine);
// The same for machines: one JSON array of tables with their columns, keys and partitions.
[[nodiscard]] Result<std::string> schema_json(const std::optional<std::string>& table,
                                              std::string_view engine);

}  // namespace fm::jobs
