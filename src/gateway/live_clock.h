// The virtual now of the files: what a live gateway would take for the present. Private to the
// room.
#pragma once

#include <cstdint>

#include "base/env.h"
#include "base/time.h"

namespace fm::gateway {

// Runs from `begin` on, `speed` times as fast as real time; speed 0 means that each session has a
// clock of its own, which its records move.
class LiveClock {
 public:
  LiveClock(Env& env, Nanos begin, std::uint32_t speed)
      : env_(env), begin_(begin), speed_(speed), real_begin_(env.monotonic()) {}

  [[nodiscard]] bool is_paced() const { return speed_ != 0; }
  [[nodiscard]] Nanos now() const { return begin_ + (env_.monotonic() - real_begin_) * speed_; }
  // How long until `time` in real time; 0 when it has passed.
  [[nodiscard]] Nanos until(Nanos time) const {
    const Nanos reached = now();
    return time <= reached ? 0 : (time - reached) / speed_ + 1;
  }
  // Virtual time in real time.
  [[nodiscard]] Nanos real(Nanos duration) const { return duration / speed_; }

 private:
  Env& env_;
  Nanos begin_;
  std::uint32_t speed_;
  Nanos real_begin_;
};

}  // namespace fm::gateway
