// `frontmonth rollup --engine bigquery`: hours and trade dates of the polled minutes, made where
// the minutes are.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/env.h"
#include "base/error.h"
#include "base/time.h"
#include "google/transfer.h"
#include "jobs/cloud.h"

namespace fm::jobs {

struct CloudRollupOptions {
  std::string lake;
  std::string state_dir;                 // empty: beside the lake
  std::string universe_file;             // empty: the built-in registry
  std::vector<std::string> tables = {};  // of futures_ohlcv_1h_live and _1d_live; empty: both
  // Minutes of these UTC dates; without either, of those that changed since the last run.
  std::optional<Date> from = {};
  std::optional<Date> to = {};       // included
  std::int64_t query_bytes_max = 0;  // that one statement may be billed; 0: 1 TiB
  bool dry_run = false;              // say what it would read
};

struct CloudRollupStatement {
  std::string table;
  Date first, last;  // trade dates
  std::int64_t rows_changed = 0;
  std::int64_t bytes_processed = 0;
  std::int64_t bytes_billed = 0;
};

struct CloudRollupReport {
  std::string place;  // "market-4711.market_data"
  bool dry_run = false;
  std::vector<CloudRollupStatement> statements;
};

// Each statement is one atomic step, and running it again does no harm. What it cost is in the
// state. Errors: kInvalidArgument for another table; kNotFound for a dataset or minutes that are
// not there; kConflict where the mirror brings a table that would be made here; those of the
// service.
[[nodiscard]] Result<CloudRollupReport> run_cloud_rollup(Env& env,
                                                         const CloudRollupOptions& options,
                                                         CloudPlace& place);

struct ScheduleReport {
  std::string name;  // of the scheduled query
  google::Scheduled outcome = google::Scheduled::kUnchanged;
  std::string schedule;
  Date known_to = {};  // the calendar's exceptions are in it up to this date
};

// How long the scheduled query knows the calendar; and trade dates that each of its runs makes
// anew, today's and the ones before it.
inline constexpr int kScheduleHorizonDays = 400;
inline constexpr int kScheduleDays = 1;

// Makes or changes the scheduled query that rolls up by itself: "every 5 minutes" and the like.
[[nodiscard]] Result<ScheduleReport> schedule_cloud_rollup(Env& env,
                                                           const CloudRollupOptions& options,
                                                           std::string_view schedule,
                                                           CloudPlace& place);

[[nodiscard]] std::string to_text(const CloudRollupReport& report);
[[nodiscard]] std::string to_json(const CloudRollupReport& report);
[[nodiscard]] std::string to_text(const ScheduleReport& report);
[[nodiscard]] std::string to_json(const ScheduleReport& report);

}  // namespace fm::jobs
