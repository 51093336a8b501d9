#include "server/series.h"

namespace fm::server {
namespace {

constexpr int kDatesAhead = 6;

}  // namespace

std::vector<Days> days_of(const RootIndex* index, const Stretch& stretch) {
  std::vector<Days> days;
  if (index == nullptr) return days;
  for (const PartitionInfo& partition : index->partitions) {
    if (partition.rows == 0 || !partition.first_second || !partition.last_second) continue;
    if (stretch.from && *partition.last_second < *stretch.from) continue;
    if (stretch.before && *partition.first_second >= *stretch.before) continue;
    // A year's partition is mostly empty before its first row, and behind its last: the row of a
    // second is of that UTC date, or of a trade date up to four days behind it.
    Days span{partition.first, partition.end};
    span.from = std::max(span.from, Date::of_second(*partition.first_second));
    span.before = std::min(span.before, Date::of_second(*partition.last_second) + kDatesAhead);
    if (stretch.from) span.from = std::max(span.from, Date::of_second(*stretch.from));
    if (stretch.before)
      span.before = std::min(span.before, Date::of_second(*stretch.before) + kDatesAhead);
    if (span.from < span.before) days.push_back(span);
  }
  return days;
}

MadeFrom depends_on(const table::Table& table, const std::string& root, const Stretch& stretch,
                    const Series& series) {
  static const Date kEver(9999, 12, 31);
  MadeFrom rows{.table = &table, .root = root, .from = {}, .before = kEver};
  if (stretch.before) rows.before = Date::of_second(*stretch.before) + kDatesAhead;
  if (stretch.from) rows.from = Date::of_second(*stretch.from);
  if (!series.read) return rows;
  if (stretch.is_forward() && series.has_later) rows.before = series.read->before;
  if (!stretch.is_forward()) rows.from = series.read->from;
  return rows;
}

bool has_rows_before(const RootIndex* index, Second second) {
  if (index == nullptr) return false;
  for (const PartitionInfo& partition : index->partitions)
    if (partition.rows > 0 && partition.first_second && *partition.first_second < second)
      return true;
  return false;
}

}  // namespace fm::server
