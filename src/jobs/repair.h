// `frontmonth repair`: fetches what the live feed missed, keeps it beside the capture log, and
// makes the trade dates concerned anew.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/env.h"
#include "base/error.h"
#include "base/time.h"
#include "databento/live_session.h"
#include "jobs/feed_places.h"
#include "jobs/vendor_records.h"

namespace fm::jobs {

struct RepairOptions {
  FeedPlacesOptions places;
  // What the feed subscribes to; those of tbbo and mbp-1 are fetched again.
  std::vector<databento::Subscription> subscriptions;
};

struct RepairedGap {
  std::string gap_id;
  Nanos from = 0;
  Nanos to = 0;
  std::uint64_t records = 0;  // that were fetched
};

struct RepairReport {
  std::vector<RepairedGap> gaps;
  std::vector<std::string> dates;  // "ES 2025-06-16", made anew or to be made anew
  // A live feed runs on this log: it makes the dates anew within a minute.
  bool left_to_live = false;
};

// Errors: those of the vendor's records; kConflict for a lake made with other parameters; those of
// the log and the lake. What was repaired before an error stays repaired.
[[nodiscard]] Result<RepairReport> run_repair(Env& env, const RepairOptions& options,
                                              VendorRecords& vendor);

[[nodiscard]] std::string to_text(const RepairReport& report);
[[nodiscard]] std::string to_json(const RepairReport& report);

}  // namespace fm::jobs
