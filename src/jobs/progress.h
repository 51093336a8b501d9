// What a long job tells while it runs, for a progress bar or a log; never what it found.
#pragma once

#include <cstdint>

namespace fm::jobs {

struct ProgressPoint {
  std::uint64_t bytes_read = 0;   // of the inputs as they lie on disk
  std::uint64_t bytes_total = 0;  // 0 when unknown (standard input)
  std::uint64_t records = 0;
  std::uint64_t rows_out = 0;
  const char* stage = "";  // "reading", "writing", …
};

class Progress {
 public:
  virtual ~Progress() = default;
  // Called a few hundred times a second at most, from the thread that runs the job.
  virtual void at(const ProgressPoint& point) = 0;
};

class NoProgress final : public Progress {
 public:
  void at(const ProgressPoint&) override {}
};

}  // namespace fm::jobs
