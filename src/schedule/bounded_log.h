// What a run says, in a file of bounded size: its beginning and its end.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/env.h"
#include "base/error.h"

namespace fm::schedule {

inline constexpr std::uint64_t kLogHeadBytes = 768 << 10;
inline constexpr std::uint64_t kLogTailBytes = 256 << 10;

// Not for two threads at once. A file that cannot be written is given up silently but for status():
// a run does not fail because of its log.
class BoundedLog {
 public:
  BoundedLog(Env& env, const std::string& path);

  void add(std::string_view text);
  // Writes the end, with a line that says how much was left out before it.
  void finish();
  // What a run ended with: the last line in which the program says its error ("frontmonth: …"), or
  // the last one with a word in it; up to 500 bytes.
  [[nodiscard]] std::string last_line() const;
  [[nodiscard]] const Status& status() const { return status_; }

 private:
  void write(std::string_view text);

  std::unique_ptr<WritableFile> file_;
  Status status_;
  std::uint64_t written_ = 0;
  std::uint64_t left_out_ = 0;
  std::string tail_;    // behind the head, its last kLogTailBytes at least
  std::string recent_;  // for last_line()
};

}  // namespace fm::schedule
