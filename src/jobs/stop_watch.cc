#include "jobs/stop_watch.h"

#include "base/thread.h"

namespace fm::jobs {
namespace {

constexpr Nanos kStopPoll = 50'000'000;

}  // namespace

StopWatch::StopWatch(databento::HistoricalClient& client, StopSignal& stop)
    : thread_([&client, &stop](const std::stop_token& done) {
        name_thread("fm-stop");
        while (!done.stop_requested()) {
          if (!stop.wait_for(kStopPoll)) continue;
          client.cancel();
          return;
        }
      }) {}

}  // namespace fm::jobs
