// Ending a long run by SIGINT (Ctrl-C) or SIGTERM: the first asks it to stop, a second one ends the
// process at once.
//
//   StopSignal stop;
//   while (!stop.wait_for(kNanosPerSecond)) report();
//   feed.finish();
#pragma once

#include <optional>
#include <string_view>

#include "base/time.h"

namespace fm {

class StopSignal {
 public:
  // Takes both signals over for as long as it lives; there may be one at a time.
  StopSignal();
  ~StopSignal();
  StopSignal(const StopSignal&) = delete;
  StopSignal& operator=(const StopSignal&) = delete;

  [[nodiscard]] bool requested() const;
  // True as soon as a stop is asked for; false when none was for so long. From any thread.
  [[nodiscard]] bool wait_for(Nanos patience) const;
  // As if the first signal had come: wakes all who wait. From any thread.
  void request();
  // "SIGINT"; nothing when none has come.
  [[nodiscard]] std::optional<std::string_view> signal_name() const;
};

}  // namespace fm
