// Programs that are not run: what was asked for, when, and an end on order.
#pragma once

#include <atomic>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/child_process.h"

namespace fm::schedule {

struct ScriptedRun {
  std::string output = {};
  int exit_code = 0;
  Nanos lasts = 0;  // by the clock of the Env
};

class ScriptedStarter final : public ChildStarter {
 public:
  explicit ScriptedStarter(Env& env) : env_(env) {}

  struct Started {
    std::string command;  // words behind the program, with blanks
    std::string input;
    std::string lock_file;
    Second at = 0;
  };
  // The next runs of a command, in order; without one it ends well at once.
  void script(const std::string& command, ScriptedRun run);
  // As if another process ran it.
  void set_busy(bool busy);
  [[nodiscard]] std::vector<Started> started() const;
  [[nodiscard]] std::size_t running() const { return running_; }
  [[nodiscard]] std::size_t running_most() const { return running_most_; }
  [[nodiscard]] std::size_t asked_to_end() const { return asked_; }

  Result<std::unique_ptr<Child>> start(const ChildStart& start) override;

 private:
  class ScriptedChild;
  Env& env_;
  mutable std::mutex mutex_;
  std::map<std::string, std::deque<ScriptedRun>> scripts_;
  std::vector<Started> started_;
  bool busy_ = false;
  std::atomic<std::size_t> running_ = 0;
  std::atomic<std::size_t> running_most_ = 0;
  std::atomic<std::size_t> asked_ = 0;
};

}  // namespace fm::schedule
