// Everything that an audit says.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "quality/bar_audit.h"
#include "quality/file_ranges.h"

namespace fm::quality {

// Where a root's live bars follow its historical ones.
struct Seam {
  std::string root;
  std::string table;  // of the live bars
  std::optional<Second> last_history;
  std::optional<Second> first_live;
  std::uint64_t missing_dates = 0;  // trade dates that neither has between them
  // Between the first live bar and the last historical one; bars of one symbol and time.
  std::uint64_t equal = 0;
  std::uint64_t different = 0;
  std::uint64_t only_live = 0;
  std::uint64_t only_history = 0;

  [[nodiscard]] bool is_good() const {
    return missing_dates == 0 && different == 0 && only_live == 0 && only_history == 0;
  }
};

// How long the lake keeps a table's rows.
struct KeptTable {
  std::string table;
  std::optional<std::int64_t> days;  // as configured; absent: for ever
  std::optional<Date> oldest;        // first day of the oldest partition with rows
  std::uint64_t partitions = 0;      // with rows
  std::uint64_t expired = 0;         // whose rows have gone
};

// The last backups that the lake's state knows of.
struct BackupAccount {
  bool state_known = false;  // there was an ops.sqlite to ask
  std::optional<Second> made;
  std::string directory;
  bool verified = false;
  std::optional<Second> failed;  // a later one
  std::string error;
};

struct AuditReport {
  std::string dataset;
  Second made_at = 0;
  std::vector<SeriesReport> series;       // by timeframe, then root
  std::vector<std::string> absent_roots;  // asked for, and without a row
  std::vector<DownloadRequest> plan;      // when it was asked for
  bool planned = false;
  std::string why_no_cost;  // where the vendor was not asked, or did not answer
  std::vector<Seam> seams;  // by root
  std::vector<KeptTable> kept;
  BackupAccount backup;
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
