// `frontmonth audit`: whether every minute of the lake's tables is accounted for and every bar
// within its rules, root by root; and what is still to be downloaded.
//
//   lake partitions ─▶ quality::BarAudit ─▶ quality::AuditReport
//   ops.sqlite, statuses ─▶ quality::Knowledge ┘
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/env.h"
#include "base/error.h"
#include "base/secret.h"
#include "databento/historical_client.h"
#include "jobs/progress.h"
#include "jobs/retention.h"
#include "quality/audit_report.h"

namespace fm::jobs {

struct AuditOptions {
  std::string lake = {};
  std::string state_dir = {};  // empty: beside the lake
  std::string universe_file = {};
  std::string dataset = "GLBX.MDP3";
  std::vector<std::string> roots = {};       // empty: all that the lake has
  std::vector<std::string> timeframes = {};  // empty: all; see audit_timeframes()
  // Trade dates to account for; absent: from each series' first bar to its last.
  std::optional<Date> from = {};
  std::optional<Date> to = {};  // included
  // What should be there; schemas empty: no plan. Roots empty: those of the registry.
  std::vector<std::string> plan_schemas = {};
  Date plan_from = {};
  Date plan_to = {};  // excluded
  // For what the plan costs: the vendor is asked with this key; without one, why there is none.
  std::optional<Secret> key = {};
  std::string why_no_key = {};
  databento::HistoricalOptions service = {};
  RetentionRules retention = {};
  int threads = 2;
};

// "1s", "1m", "1h", "1d", "1m_live", "candles".
[[nodiscard]] std::vector<std::string> audit_timeframes();

// Touches nothing. Errors: kInvalidArgument for a timeframe that does not exist or a schema that is
// not planned for; kNotFound without a lake; those of the lake and the state.
[[nodiscard]] Result<quality::AuditReport> run_audit(Env& env, const AuditOptions& options,
                                                     Progress& progress);

// For a terminal.
[[nodiscard]] std::string to_text(const quality::AuditReport& report);
// One object; of the days, those that are not all traded or empty.
[[nodiscard]] std::string to_json(const quality::AuditReport& report);
// A page that needs nothing but itself: a heat map of months, then of days.
[[nodiscard]] std::string to_html(const quality::AuditReport& report);
// The exact requests as one JSON object, with the command that fetches each.
[[nodiscard]] std::string plan_to_json(const quality::AuditReport& report);

}  // namespace fm::jobs
