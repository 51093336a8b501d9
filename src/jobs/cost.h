// `frontmonth cost`: what the copies in the cloud cost, by what frontmonth did there and what lies
// there, and what the month will have cost.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/env.h"
#include "base/error.h"
#include "jobs/cloud.h"
#include "jobs/config.h"

namespace fm::jobs {

struct CostOptions {
  bool project = false;  // ask INFORMATION_SCHEMA for the jobs of everybody, where permitted
};

struct TableCost {
  std::string table;  // "market_data.candles_1m"
  std::int64_t rows = 0;
  std::int64_t active_bytes = 0;     // changed within 90 days
  std::int64_t long_term_bytes = 0;  // others
  double usd_month = 0;
};

struct CostReport {
  std::string project = {};
  std::string month = {};       // "2025-06", UTC
  double month_elapsed = 0;     // 0 … 1
  std::uint64_t load_jobs = 0;  // of this month: free
  std::uint64_t rows_loaded = 0;
  std::uint64_t statements = 0;  // merges, deletes, queries
  std::int64_t bytes_billed = 0;
  std::optional<std::int64_t> project_bytes_billed = {};  // of everybody
  std::string project_refused = {};  // why that is not known, where it was asked for
  std::vector<TableCost> tables = {};
  std::int64_t object_bytes = 0;  // of the mirror's objects
  double usd_queries = 0;         // so far
  double usd_storage = 0;         // of a whole month
  double usd_forecast = 0;        // of the month, as it goes on
  std::int64_t budget_usd = 0;    // 0: none
  [[nodiscard]] bool over_budget() const {
    return budget_usd > 0 && usd_forecast > static_cast<double>(budget_usd);
  }
};

// Errors: those of Api, and of the state.
[[nodiscard]] Result<CostReport> run_cost(Env& env, const Config& config, CloudPlace& place,
                                          const CostOptions& options);

[[nodiscard]] std::string to_text(const CostReport& report);
[[nodiscard]] std::string to_json(const CostReport& report);

}  // namespace fm::jobs
