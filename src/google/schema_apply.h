// The catalogue in BigQuery: what is there, what is missing, and making it so.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "google/bigquery.h"
#include "google/destination.h"
#include "table/catalogue.h"

namespace fm::google {

// The datasets that frontmonth's parts write to, whether the catalogue has tables of them or not.
[[nodiscard]] std::vector<std::string> datasets(const Destination& destination);

enum class ChangeKind : std::uint8_t {
  kMakeDataset,
  kMakeTable,
  kMakeView,
  kAddColumns,    // and relax required ones: nothing that is stored changes
  kReplaceView,   // its statement is another
  kDescribe,      // descriptions, cluster, expiration, partition filter: no data
  kIncompatible,  // cannot be made so without another table
};
[[nodiscard]] std::string_view name(ChangeKind kind);

struct SchemaChange {
  ChangeKind kind;
  std::string place;  // "market-4711.market_data.candles_1m"
  std::string what;   // "add vwap, last_spread"
  // Additive ones are made without being forced.
  [[nodiscard]] bool is_additive() const {
    return kind != ChangeKind::kReplaceView && kind != ChangeKind::kIncompatible;
  }
};

struct SchemaApplyOptions {
  std::string location = "US";                   // of datasets that are made
  std::vector<const table::Table*> tables = {};  // empty: all, and the views
  // Of tables that live feeds fill and history replaces: partitions go after so many days. 0:
  // never.
  int expire_live_days = 0;
};

// What differs, datasets first. Errors: those of Api.
[[nodiscard]] Result<std::vector<SchemaChange>> schema_difference(
    BigQuery& bigquery, const Destination& destination, const SchemaApplyOptions& options);
// Makes the additive changes, with `force` also views anew; says what was done. Errors: kConflict
// when something cannot be made so, after everything else was.
[[nodiscard]] Result<std::vector<SchemaChange>> apply_schema(BigQuery& bigquery,
                                                             const Destination& destination,
                                                             const SchemaApplyOptions& options,
                                                             bool force);

}  // namespace fm::google
