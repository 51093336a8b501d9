// What roots start from whose own accounts are nowhere: on a new machine, with the lake gone, a
// database may be all that knows their cumulative delta and contract. It is asked once, when the
// log is empty, and the answer kept in STATE/cvd_bases.txt, so that every reader of the log, now
// and after any restart, starts from the same.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/env.h"
#include "base/error.h"
#include "base/secret.h"
#include "base/time.h"
#include "lake/lake.h"
#include "market/session.h"
#include "market/universe.h"

namespace fm::jobs {

struct CvdBase {
  std::string ticker;
  Date trade_date;  // whose end it is
  std::int64_t cvd_close = 0;
  std::string symbol;  // the front month then
  friend bool operator==(const CvdBase&, const CvdBase&) = default;
};

// Nothing where there is no file. Errors: kCorrupt, which names the line.
[[nodiscard]] Result<std::vector<CvdBase>> read_cvd_bases(Env& env, const std::string& state_dir);

// Asks the database for the newest row of each root before the trade date in which `feed_start`
// lies, and keeps the answer; does nothing where there is one, or the lake has accounts. Errors:
// those of the database and the state folder.
[[nodiscard]] Status keep_cvd_bases(Env& env, const lake::Lake& lake,
                                    const market::Universe& universe,
                                    const market::Calendar& calendar, const Secret& uri,
                                    Nanos feed_start);

}  // namespace fm::jobs
