// The account that candle_sessions gives of a root's candles, as a series of the audit.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "lake/lake.h"
#include "market/session.h"
#include "quality/bar_audit.h"

namespace fm::jobs {

struct CandleAuditOptions {
  std::string root;
  std::optional<Date> from;
  std::optional<Date> to;                   // included
  std::vector<quality::Interval> repaired;  // gaps of the feed that were filled; as joined()
};

// Slots are seconds in session: `traded` are those that the feed covered, `repaired` those of them
// in gaps that were filled, `gap` those inside gaps, `not_loaded` the others. Errors: those of the
// lake.
[[nodiscard]] Result<quality::SeriesReport> audit_candles(const lake::Lake& lake,
                                                          const market::Calendar& calendar,
                                                          const CandleAuditOptions& options);

}  // namespace fm::jobs
