// Which trade dates of a table must be made again, where its sources are partitions of single days:
// the poller's minutes and the seconds of candles.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "bars/sources.h"
#include "base/error.h"
#include "lake/lake.h"
#include "table/row_stream.h"

namespace fm::bars {

// A source partition of one day and what it holds.
struct DaySource {
  Date day;  // of the partition
  std::string hash;
  friend bool operator==(const DaySource&, const DaySource&) = default;
};

// What a partition of a derived table was made from: every day's hash, in the order of days. Kept
// in its manifest as [{"day":"2025-06-16","hash":"…"}, …].
[[nodiscard]] std::string encode_days(const std::vector<DaySource>& days);
// Errors: kCorrupt.
[[nodiscard]] Result<std::vector<DaySource>> decode_days(const std::string& json);

// Days that are new, changed or gone since `stored`.
[[nodiscard]] std::set<Date> changed_days(const std::vector<DaySource>& stored,
                                          const std::vector<DaySource>& now);

// The stored rows of a partition by year, with `fresh` ones in place of all those of the dates
// `changed`: of tables whose rows are in the order of the partition column. Errors: the lake's.
[[nodiscard]] Result<lake::CommitReport> replace_changed(
    lake::Lake& lake, const table::Table& table, const lake::PartitionKey& partition,
    table::RowStream& fresh, const std::set<Date>& changed, const lake::CommitInfo& info);

}  // namespace fm::bars
