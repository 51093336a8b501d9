// A gateway over generated trades, a live feed of it, and the batch run that the feed must equal.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/env.h"
#include "gateway/live_server.h"
#include "jobs/live.h"

namespace fm::jobs {

// Makes `trades` of some roots, with late ones, spreads and a roll, over `days` trade dates, in one
// DBN file. The same seed gives the same file.
void make_trades(const std::string& path, std::uint64_t trades, std::uint64_t seed, int days = 1,
                 const std::vector<std::string>& roots = {"ES", "ZL"});

// Serves the file at full speed on a free port.
[[nodiscard]] std::unique_ptr<gateway::LiveServer> serve(const std::string& path,
                                                         std::string_view faults = "",
                                                         std::uint64_t seed = 1);

// A feed of all that the gateway has, to its end, without waits between sessions.
[[nodiscard]] LiveJobOptions feed_options(const gateway::LiveServer& server,
                                          const std::string& lake);

class SilentObserver final : public LiveObserver {
 public:
  void at(const LiveStatus&) override {}
};

// Runs the feed to its end.
[[nodiscard]] Result<LiveStatus> run_feed(const LiveJobOptions& options, Env& env = Env::posix());

// `frontmonth candles` over the file into a lake of its own.
void make_batch_lake(const std::string& path, const std::string& lake);

// Every row of candles_1m, candles_1s, candle_session_contracts and candle_sessions, cell by cell;
// of the sessions all but what names the inputs and how completely they cover the date.
[[nodiscard]] ::testing::AssertionResult same_lakes(const std::string& expected,
                                                    const std::string& found);

}  // namespace fm::jobs
