// A part of `frontmonth up` on a thread of its own: when it fails it begins again, later each time,
// and the other parts do not notice.
//
//   Part feed(env, stop, {.name = "feed GLBX.MDP3", .kind = "feed", .thread = "fm-feed",
//                         .run = [&] { return run_feed(); }});
//   feed.start();   … feed.health();   … feed.join();
#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "base/env.h"
#include "base/error.h"
#include "base/signals.h"
#include "jobs/health.h"

namespace fm::app {

struct PartPlan {
  std::string name;
  std::string kind;    // as PartHealth
  const char* thread;  // its name
  // Returns when a stop is requested, with success; or why it could not go on.
  std::function<Status()> run;
  Nanos first_delay = kNanosPerSecond;  // doubles with each failure
  Nanos delay_max = 300 * kNanosPerSecond;
  Nanos settled_after = 600 * kNanosPerSecond;  // a run so long makes the next failure a first one
};

class Part {
 public:
  Part(Env& env, const StopSignal& stop, PartPlan plan);
  ~Part();  // joins
  Part(const Part&) = delete;
  Part& operator=(const Part&) = delete;

  void start();
  void join();
  // From any thread.
  [[nodiscard]] bool ended() const;
  [[nodiscard]] jobs::PartHealth health() const;

 private:
  void run();
  void failed(const Error& error, Nanos delay);

  Env& env_;
  const StopSignal& stop_;
  const PartPlan plan_;
  mutable std::mutex mutex_;
  jobs::PartHealth health_;
  bool ended_ = true;
  std::thread thread_;
};

}  // namespace fm::app
