// Accounts of a run, from what the engine counted.
#pragma once

#include <string>
#include <string_view>

#include "candles/engine.h"
#include "jobs/candles_job.h"
#include "jobs/merge.h"

namespace fm::jobs {

// Adds what the engine counted to what is there already (a run over the lake may need several
// engines).
void add_engine_counts(const candles::Engine& engine, CandlesReport& report);

// The root whose traders a spread belongs to: that of its first leg ("ESM5-ESU5"), or the one it
// begins with
// ("ZC:BF N5-U5-Z5"). Empty where the symbol does not say.
[[nodiscard]] std::string_view root_of_spread(std::string_view symbol);

}  // namespace fm::jobs
