// Where a mirror's copies lie.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "google/bigquery.h"
#include "lake/manifest.h"
#include "table/catalogue.h"

namespace fm::google {

struct Destination {
  std::string project;
  std::string bucket;
  std::string prefix;  // of the objects, without slashes at its ends; may be empty
  // The prefix stands for one table's folder already: no table name is added.
  bool prefix_is_table = false;
  // Names of datasets in BigQuery, where they are others than the catalogue's: {"market_data", …}.
  std::map<std::string, std::string, std::less<>> datasets = {};

  // "gs://bucket/prefix project": which copy it is, in the mirror's state.
  [[nodiscard]] std::string name() const;
  [[nodiscard]] std::string dataset_of(const table::Table& table) const;
  [[nodiscard]] TableName table_of(const table::Table& table) const;
  // "prefix/candles_1m/"
  [[nodiscard]] std::string folder_of(const table::Table& table) const;
  // "prefix/candles_1m/root=ES/date=2025-06-16/part-6b1f….parquet"; of partitions of months and
  // years the date is the first day.
  [[nodiscard]] std::string object_of(const table::Table& table,
                                      const lake::PartitionKey& partition,
                                      std::string_view part) const;
  // The partition of an object's name; nothing for a name that object_of() never gives.
  [[nodiscard]] std::optional<lake::PartitionKey> partition_of(const table::Table& table,
                                                               std::string_view object) const;
  // "prefix/_frontmonth_lake.json": which lake the prefix belongs to.
  [[nodiscard]] std::string owner_object() const;
};

// Errors: kInvalidArgument for names that Google has not: a project, a bucket, a dataset; a prefix
// that begins or ends with a slash.
[[nodiscard]] Status check(const Destination& destination);

}  // namespace fm::google
