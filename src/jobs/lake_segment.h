// One stretch of whole trade dates that a run over the lake computes: which stored dates it meets,
// which of their recorded inputs are read again with the new ones, and where each root starts from.
// Private to the candles job.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/env.h"
#include "candles/engine.h"
#include "jobs/candles_job.h"
#include "jobs/merge.h"
#include "jobs/session_account.h"
#include "lake/lake.h"
#include "market/session.h"

namespace fm::jobs {

struct NewInput {
  InputFile file;
  std::string hash;
};

// What all segments of a run share.
struct LakeRun {
  Env& env;
  const CandlesOptions& options;
  const market::Universe& universe;
  const market::Calendar& calendar;
  lake::Lake& lake;
  candles::EngineOptions engine;
  std::string parameters;  // JSON
  std::string parameters_hash;
  std::vector<NewInput> new_inputs;
  std::map<std::string, std::string> hash_of_path;  // of files that were read for it already
};

// In the state folder: whoever decides what a trade date is made from holds it.
inline constexpr const char* kCandlesLock = "candles.lock";

inline constexpr Second kNoEnd = std::numeric_limits<Second>::max();

// Where a root starts in a segment, and how far it has come.
struct RootState {
  Date first_date;  // the first one of the segment
  std::optional<SessionAccount>
      before;  // the newest stored date before it; then the newest computed one
  std::vector<std::pair<std::string, std::int64_t>> volumes_before;
  std::int64_t cvd_base = 0;
  std::optional<Date> cvd_base_date;
  bool set_base = false;  // the engine is to begin with cvd_base rather than with `before`
};

struct DateKey {
  std::string ticker;
  Date trade_date;
  friend auto operator<=>(const DateKey&, const DateKey&) = default;
};

struct LakeSegment {
  Second from = 0;  // arrivals in [from, to)
  Second to = kNoEnd;
  std::map<std::string, RootState, std::less<>> roots;  // those that the lake knows
  std::map<DateKey, SessionAccount> stored;             // trade dates within the segment
  InputPlan plan;
  std::vector<std::string> hashes;  // of plan.inputs
  std::vector<bool> is_new;         // of plan.inputs
  std::uint64_t files_reread = 0;

  [[nodiscard]] ArrivalWindow window() const;
  // A root that the lake does not know begins at the segment's beginning.
  [[nodiscard]] RootState& root(const LakeRun& run, std::string_view ticker);
};

// The stretch that the new inputs cover as far as they say; nothing when they hold no records.
struct Covered {
  Second from = 0;
  Second until = 0;
};
[[nodiscard]] Result<std::optional<Covered>> covered_by_new_inputs(LakeRun& run);

// Plans the whole trade dates that [from, until) touches, and onwards to the next stored one.
// Errors: kConflict (other parameters; a recorded input changed), kNotFound (a recorded input is
// gone), kInvalidArgument.
[[nodiscard]] Result<LakeSegment> plan_segment(LakeRun& run, Second from, Second until);

}  // namespace fm::jobs
