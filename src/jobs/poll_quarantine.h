// Bars that were polled and left out, as JSON lines, so that somebody can look at them. One file
// for each root and UTC day of the bar, DIRECTORY/2025-06-16.jsonl:
//
//   {"ts_event":"2025-06-16T13:31:00.000000000Z","symbol":"ESM5","reason":"off_tick",
//    "found":"close 6000.100000000 is no multiple of 0.250000000","instrument_id":1,
//    "publisher_id":1,"open":"6000.000000000",…,"volume":12}
//
// An undefined price is null. Polls read bars again: the same bar with the same fault has one line.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "base/env.h"
#include "base/error.h"
#include "jobs/poll_guards.h"

namespace fm::jobs {

// A day's file takes no more lines from here on; what is left out is still counted and logged.
inline constexpr std::uint64_t kPollQuarantineBytesMax = std::uint64_t{64} << 20;

// Adds the lines that the days' files do not hold yet, durably; returns how many. Errors: those of
// Env.
[[nodiscard]] Result<std::uint64_t> quarantine_bars(Env& env, const std::string& directory,
                                                    std::span<const RejectedBar> bars);

}  // namespace fm::jobs
