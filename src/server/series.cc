#include "server/series.h"

namespace fm::server {

std::vector<Days> days_of(const RootIndex* index, const Stretch& stretch) {
  std::vector<Days> days;
  if (index == nullptr) return days;
  for (const PartitionInfo& partition : index->partitions) {
    if (partition.rows == 0 || !partition.first_second || !partition.last_second) continue;
    if (stretch.from && *partition.last_second < *stretch.from) continue;
    if (stretch.before && *partition.first_second >= *stretch.before) continue;
    days.push_back({partition.first, partition.end});
  }
  return days;
}

bool has_rows_before(const RootIndex* index, Second second) {
  if (index == nullptr) return false;
  for (const PartitionInfo& partition : index->partitions)
    if (partition.rows > 0 && partition.first_second && *partition.first_second < second)
      return true;
  return false;
}

}  // namespace fm::server
