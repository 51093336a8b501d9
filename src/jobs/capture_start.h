// Where a reader of a capture log begins, so that it knows what a reader that never stopped would
// know: with the last trade date that the log has made in the lake, from the accounts before it.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/env.h"
#include "base/error.h"
#include "candles/engine.h"
#include "jobs/lake_segment.h"
#include "jobs/log_feed.h"
#include "jobs/session_account.h"
#include "lake/lake.h"
#include "market/session.h"
#include "ops/state.h"

namespace fm::jobs {

// What recorded inputs say of a capture log in place of a content hash: the log still grows.
inline constexpr std::string_view kCaptureHash = "capture";

// A capture log as the source of rows.
struct CaptureSource {
  std::string directory;        // of one dataset, absolute
  std::string parameters;       // JSON; trade dates made with others are refused
  std::string parameters_hash;  // of that

  // Whether a recorded input is this log.
  [[nodiscard]] bool made(const RecordedInput& input) const {
    return input.hash == kCaptureHash && parent_of(input.path) == directory;
  }
};

struct CaptureStart {
  // The capture day to read from; nothing while the log is empty.
  std::optional<Date> first_day;
  // What each root goes on from.
  std::map<std::string, RootState, std::less<>> roots;

  // Before the engine is fed.
  void resume(candles::Engine& engine) const;
};

// Not later than the trade date `not_after`, where it is given. Errors: kConflict for trade dates
// of this log with other parameters; those of the lake.
[[nodiscard]] Result<CaptureStart> plan_capture_start(Env& env, const lake::Lake& lake,
                                                      const market::Calendar& calendar,
                                                      const candles::EngineOptions& engine,
                                                      const CaptureSource& log,
                                                      std::optional<Date> not_after = {});

// The gaps of this log, by whether they were repaired since.
[[nodiscard]] Result<KnownGaps> known_gaps(ops::State& state, const CaptureSource& log);

[[nodiscard]] constexpr Nanos first_nanos(Second second) {
  return static_cast<Nanos>(second) * kNanosPerSecond;
}

}  // namespace fm::jobs
