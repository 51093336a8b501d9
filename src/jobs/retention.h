// `frontmonth retention`: how long the lake keeps the rows of its tables, and removing what is
// older.
//
// Only tables that nothing else is made from without a way back may expire: never history, accounts
// of sessions, or what happened. docs/retention.md says which, and what stays whatever its age.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/env.h"
#include "base/error.h"
#include "base/secret.h"
#include "lake/lake.h"

namespace fm::jobs {

inline constexpr std::int64_t kRetentionDaysMin = 3;
inline constexpr std::int64_t kRetentionDaysMax = 36'500;

struct RetentionRule {
  const table::Table* table = nullptr;
  std::int64_t days = 0;  // of the partition column, before today (UTC)
};
using RetentionRules = std::vector<RetentionRule>;

// "candles_1s=400, futures_ohlcv_1m_live=90"; empty: none. Errors: kInvalidArgument, which names
// the nearest table, or why a table's rows never expire.
[[nodiscard]] Result<RetentionRules> parse_retention(std::string_view text);

struct RetentionOptions {
  RetentionRules rules;
  // A copy elsewhere still needs the rows of this date and later ones; absent: of none.
  std::optional<Date> needed_from = {};
  bool dry_run = false;
};

// What a lake holds of a table, and for how long.
struct TableRetention {
  std::string table;                 // "market_data.candles_1s"
  std::optional<std::int64_t> days;  // absent: for ever
  std::optional<Date> oldest;        // first day of the oldest partition with rows
  std::uint64_t partitions = 0;      // with rows
  std::uint64_t expired = 0;         // whose rows have gone
};

struct ExpiredTable {
  std::string table;
  std::int64_t days = 0;
  Date before;                     // partitions that end by this date are too old
  std::optional<Date> first = {};  // of those that went
  std::optional<Date> last = {};   // their last day
  std::optional<Date> oldest_kept = {};
  std::uint64_t partitions = 0;
  std::uint64_t rows = 0;
  std::uint64_t bytes = 0;
  std::uint64_t needed = 0;  // too old, but some copy needs them, or they are a root's newest
};

struct RetentionReport {
  bool dry_run = false;
  std::vector<ExpiredTable> tables;  // in the order of the rules
};

// Each partition goes whole, in one step; where versions are kept (lake_keep_days), its files stay
// for so long. The newest partition of a root stays: feeds and polls go on from it. Errors: those
// of the lake; partitions that went before one stay gone, and running again goes on.
[[nodiscard]] Result<RetentionReport> apply_retention(lake::Lake& lake,
                                                      const RetentionOptions& options);

// Of every table with partitions, in the catalogue's order. Errors: those of the lake.
[[nodiscard]] Result<std::vector<TableRetention>> look_at_retention(const lake::Lake& lake,
                                                                    const RetentionRules& rules);

// From which date on a database that takes candles might still have to be given rows: the trade
// date of its oldest cursor. Nothing where it has none. Errors: those of the database.
[[nodiscard]] Result<std::optional<Date>> needed_by_database(Env& env, const Secret& uri);

[[nodiscard]] std::string to_text(const RetentionReport& report);
[[nodiscard]] std::string to_json(const RetentionReport& report);

}  // namespace fm::jobs
