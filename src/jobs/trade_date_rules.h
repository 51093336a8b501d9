// The calendar as rules that SQL can follow: which trade date each hour counts for, exactly as
// bars::TradeDates has it.
#pragma once

#include <vector>

#include "base/error.h"
#include "base/time.h"
#include "google/rollup_sql.h"
#include "jobs/registry.h"

namespace fm::jobs {

struct TradeDateRules {
  std::vector<google::TradeDateRule> rules;  // the last one without roots
  // The first hour of a trade date lies at most so many UTC days before it.
  int lead_days = 0;
};

// Right for all hours of UTC dates [from, before). Roots of one behaviour share a rule. Errors:
// kNotFound without a time zone database.
[[nodiscard]] Result<TradeDateRules> trade_date_rules(const Registry& registry, Date from,
                                                      Date before);

}  // namespace fm::jobs
