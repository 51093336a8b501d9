// Everything that an audit says.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/time.h"
#include "quality/bar_audit.h"
#include "quality/file_ranges.h"

namespace fm::quality {

struct AuditReport {
  std::string dataset;
  Second made_at = 0;
  std::vector<SeriesReport> series;       // by timeframe, then root
  std::vector<std::string> absent_roots;  // asked for, and without a row
  std::vector<DownloadRequest> plan;      // when it was asked for
  bool planned = false;
  double seconds = 0;

  // Whether any finding is wrong, or a root that was asked for is not there.
  [[nodiscard]] bool is_wrong() const;
  [[nodiscard]] std::uint64_t findings(Weight weight) const;
};

// Adds to each series whose first or last trade date is not that of most series of its timeframe
// what it is instead. A product that began later is not blamed for it.
void note_uneven_ranges(std::vector<SeriesReport>& series, const market::Universe& universe,
                        const market::Calendar& calendar);

}  // namespace fm::quality
