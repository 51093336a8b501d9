// A program that runs beside the test, its output in two files.
#pragma once

#include <sys/types.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/env.h"

namespace fm::testing_cli {

struct Launch {
  std::vector<std::string> command;
  std::string folder;    // the program's working directory and home
  std::string out, err;  // files
  // On top of the test's own; no key, no configuration and no credentials come from there.
  std::map<std::string, std::string> variables = {};
};

class Process {
 public:
  explicit Process(Launch launch);
  ~Process();  // kills it where it still runs
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  // The exit code, 128 and the signal's number for one that was killed; nothing while it runs on.
  [[nodiscard]] std::optional<int> wait_for(Nanos patience);
  // Waits as long as a loaded machine may need; fails the test and kills the program behind that.
  int wait();
  void signal(int number);
  [[nodiscard]] bool is_running() { return !wait_for(0); }

  [[nodiscard]] std::string out() const;
  [[nodiscard]] std::string err() const;
  // Until standard output or error holds the text; fails the test when the program ends or
  // hesitates too long before.
  void await(const std::string& text);

 private:
  const Launch launch_;
  pid_t child_ = -1;
  std::optional<int> exit_code_;
};

// What a machine under load, with sanitizers, may need for anything that takes a moment.
inline constexpr Nanos kPatience = 120 * kNanosPerSecond;

// Until the condition holds; false when it does not within `patience`.
template <class Condition>
[[nodiscard]] bool await_that(Condition&& condition, Nanos patience = kPatience) {
  constexpr Nanos kBetweenLooks = 1'000'000;
  Env& env = Env::posix();
  for (const Nanos end = env.monotonic() + patience; !condition();) {
    if (env.monotonic() > end) return false;
    env.sleep_for(kBetweenLooks);
  }
  return true;
}

// The answer to a GET of an http:// address on this machine, with its head.
[[nodiscard]] std::string http_get(const std::string& url);

}  // namespace fm::testing_cli
