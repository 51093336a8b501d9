// SIGHUP, by which a service is told to read its configuration again.
#pragma once

namespace fm {

class ReloadSignal {
 public:
  // Takes the signal over for as long as it lives; there may be one at a time.
  ReloadSignal();
  ~ReloadSignal();
  ReloadSignal(const ReloadSignal&) = delete;
  ReloadSignal& operator=(const ReloadSignal&) = delete;

  // Whether one has come since it was asked last.
  [[nodiscard]] bool take();
};

}  // namespace fm
