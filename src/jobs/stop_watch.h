// Ends a call of the historical service as soon as a stop is asked for.
#pragma once

#include <thread>

#include "base/signals.h"
#include "databento/historical_client.h"

namespace fm::jobs {

// Cancels the client's call when a stop is asked for, for as long as it lives; `client` and `stop`
// outlive it.
class StopWatch {
 public:
  StopWatch(databento::HistoricalClient& client, StopSignal& stop);

 private:
  std::jthread thread_;
};

}  // namespace fm::jobs
