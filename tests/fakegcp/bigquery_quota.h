// BigQuery's limits that a mirror can reach, counted over the last day or ten seconds.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>

#include "base/time.h"
#include "call.h"

namespace fm::fakegcp {

struct QuotaLimits {
  std::int64_t table_loads_per_day = 1'500;  // of a table without partitions; failed ones count
  std::int64_t partition_changes_per_day = 30'000;  // of a partitioned table
  std::int64_t project_loads_per_day = 100'000;
  std::int64_t partitions_per_job = 4'000;
  std::int64_t partitions_per_table = 10'000;
  std::int64_t uris_per_job = 10'000;
  std::int64_t updates_per_10_s = 5;  // of a table's metadata
  std::int64_t updates_per_10_s_partitioned = 50;
};

class Quota {
 public:
  QuotaLimits limits;

  // Counts `amount` where it fits; refused (403) where it does not, and then counted all the same.
  // Tables by name: a table that is made anew goes on counting.
  [[nodiscard]] Answer<void> load(const std::string& project, Nanos now);
  [[nodiscard]] Answer<void> table_change(const std::string& table, bool is_partitioned,
                                          std::int64_t partitions, Nanos now);
  [[nodiscard]] Answer<void> update(const std::string& table, bool is_partitioned, Nanos now);

  // Of the last day.
  [[nodiscard]] std::int64_t loads(const std::string& project) const;
  [[nodiscard]] std::int64_t table_changes(const std::string& table) const;

 private:
  struct Window {
    std::deque<std::pair<Nanos, std::int64_t>> events;
    std::int64_t sum = 0;
    void add(Nanos now, Nanos span, std::int64_t amount);
  };
  std::map<std::string, Window> loads_, changes_, updates_;
};

}  // namespace fm::fakegcp
