// `frontmonth reconcile`: what the vendor says of a past trade date against what was captured live,
// record by record, and against what the lake holds, row by row. The verdict is kept in
// ops.data_quality_events.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/env.h"
#include "base/error.h"
#include "base/time.h"
#include "databento/live_session.h"
#include "jobs/feed_places.h"
#include "jobs/vendor_records.h"

namespace fm::jobs {

struct ReconcileOptions {
  FeedPlacesOptions places;
  std::vector<databento::Subscription> subscriptions;  // as the feed has them
  Date date;                                           // trade date
};

struct RowDifference {
  std::string ticker;
  Second time = 0;
  std::string
      what;  // "missing", "extra", or the column that differs: "volume: 12, the vendor's 14"
};

struct ReconcileReport {
  Date date;
  std::uint64_t captured = 0;  // trades of the date's capture days
  std::uint64_t vendor = 0;
  std::uint64_t missing = 0;                         // that only the vendor has
  std::uint64_t extra = 0;                           // that only the log has
  std::optional<Nanos> first_missing, last_missing;  // by arrival
  std::uint64_t rows = 0;                            // candles that the vendor's records make
  std::uint64_t rows_stored = 0;                     // of the same tickers and date, in the lake
  std::uint64_t rows_different = 0;
  std::vector<RowDifference> examples;  // the first ones
  std::string event_id;
  [[nodiscard]] bool equal() const { return missing == 0 && extra == 0 && rows_different == 0; }
};

// Errors: kNotFound when nothing was captured on that date; those of the vendor's records, the log
// and the lake.
[[nodiscard]] Result<ReconcileReport> run_reconcile(Env& env, const ReconcileOptions& options,
                                                    VendorRecords& vendor);

[[nodiscard]] std::string to_text(const ReconcileReport& report);
[[nodiscard]] std::string to_json(const ReconcileReport& report);

}  // namespace fm::jobs
