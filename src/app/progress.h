// A line on standard error that tells how far a job is, where that is a terminal; silence where it
// is not.
#pragma once

#include <string>

#include "base/env.h"
#include "jobs/progress.h"

namespace fm::app {

class TerminalProgress final : public jobs::Progress {
 public:
  // `verb` begins the line: "candles". Shows nothing unless standard error is a terminal.
  TerminalProgress(Env& env, std::string verb);
  ~TerminalProgress() override;  // wipes the line

  void at(const jobs::ProgressPoint& point) override;
  void wipe();

 private:
  double seconds_left(const jobs::ProgressPoint& point, Nanos now);

  Env& env_;
  std::string verb_;
  bool shown_;  // whether standard error is a terminal
  bool dirty_ = false;
  Nanos started_;
  std::string stage_;  // and when and where it began
  Nanos stage_started_ = 0;
  std::uint64_t stage_begin_bytes_ = 0;
  Nanos drawn_ = 0;
};

// "1.25 M", "812 k", "97": three digits are enough to watch something grow.
[[nodiscard]] std::string short_count(double count);
// "45 s", "12 min", "3 h".
[[nodiscard]] std::string short_time(double seconds);
// "1.4 GiB", "12 KiB".
[[nodiscard]] std::string short_bytes(std::uint64_t bytes);
// "1,234,567"
[[nodiscard]] std::string grouped(std::int64_t value);

[[nodiscard]] bool standard_error_is_terminal();

}  // namespace fm::app
