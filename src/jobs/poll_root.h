// One poll of one root: what `frontmonth poll` does again and again.
#pragma once

#include <string>
#include <utility>

#include "base/env.h"
#include "base/error.h"
#include "databento/historical_client.h"
#include "jobs/poll.h"
#include "jobs/registry.h"
#include "lake/lake.h"
#include "ops/state.h"

namespace fm::jobs {

struct PollPlaces {
  Env& env;
  const PollOptions& options;
  const Registry& registry;
  databento::HistoricalClient& client;
  lake::Lake& lake;
  ops::State& state;
  std::string quarantine;  // STATE/quarantine/poll
};

// Reads the bars of [available.first, available.second), which is what the service has, from
// `lookback` before the newest stored one on, and stores them. `report` is brought up to date also
// where an error ends it: what it counts is durable. Errors: those of the service, the lake, the
// state and the quarantine; kNotFound for a root that the service does not know; kCorrupt for an
// answer that was not asked for.
[[nodiscard]] Status poll_root(PollPlaces& places, PolledRoot& report,
                               std::pair<Nanos, Nanos> available);

}  // namespace fm::jobs
