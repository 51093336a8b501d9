// How long to wait before the next try: exponential with full jitter, so that many clients that
// lost the same server do not come back together.
//
//   Backoff backoff(env);
//   for (;;) {
//     auto session = LiveSession::open(…);
//     if (session) { run(*session); backoff.session_ended(lived); }
//     env.sleep_for(backoff.next());
//   }
#pragma once

#include <cstdint>

#include "base/env.h"
#include "base/time.h"

namespace fm::databento {

struct BackoffOptions {
  Nanos floor = kNanosPerSecond / 2;     // the least wait: well within the gateway's 5 a second
  Nanos first = kNanosPerSecond;         // the most that the first wait may be; doubles from there
  Nanos cap = 30 * kNanosPerSecond;      // the most that any wait may be
  Nanos healthy = 10 * kNanosPerSecond;  // a session that lived this long starts anew
};

class Backoff {
 public:
  explicit Backoff(Env& env, BackoffOptions options = {});

  // The wait before the next try: anything from the floor to a limit that doubles with every call.
  [[nodiscard]] Nanos next();
  // A session lived this long and ended. A short life counts as one more failure.
  void session_ended(Nanos lived);
  // How many waits were given out since the last session that lived.
  [[nodiscard]] std::uint64_t attempts() const { return attempts_; }

 private:
  Env* env_;
  BackoffOptions options_;
  Nanos limit_;
  std::uint64_t attempts_ = 0;
};

}  // namespace fm::databento
