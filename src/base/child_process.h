// Other programs, started by this one: their output in our hands, and an end when they take too
// long.
//
//   FM_ASSIGN(const auto child, ChildStarter::posix().start({.argv = {"frontmonth", "rollup"}}));
//   const ChildReport report = watch_child(env, *child, {.timeout = 60 * kNanosPerSecond}, keep);
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/env.h"
#include "base/error.h"
#include "base/time.h"

namespace fm {

struct ChildStart {
  std::vector<std::string> argv;  // the program first: a path, or a name that is looked for in PATH
  std::map<std::string, std::string, std::less<>> environment = {};  // all of it
  std::string input = {};                                            // its standard input, whole
  // Locked for as long as the child, or a child of its own, lives: also when this process dies.
  // Empty: none.
  std::string lock_file = {};
};

// How a program ended: by its own code, or by a signal.
struct ChildEnd {
  std::optional<int> exit_code = {};
  int signal = 0;
  // "exit code 3", "killed by signal 9"
  [[nodiscard]] std::string text() const;
  [[nodiscard]] bool is_success() const { return exit_code == 0; }
};

// One program. Not for two threads at once.
class Child {
 public:
  virtual ~Child() = default;  // kills what still runs
  // What it wrote to standard output and standard error, mixed, up to out.size() bytes; waits up to
  // `patience` for some. 0: nothing came, or nothing will come any more.
  [[nodiscard]] virtual Result<std::size_t> read(std::span<std::byte> out, Nanos patience) = 0;
  // Nothing while it runs.
  [[nodiscard]] virtual std::optional<ChildEnd> ended() = 0;
  enum class Ask : std::uint8_t { kEnd, kDie };  // SIGTERM, SIGKILL
  // To the program and whatever it started in its group.
  virtual void ask(Ask what) = 0;
};

class ChildStarter {
 public:
  virtual ~ChildStarter() = default;
  [[nodiscard]] static ChildStarter& posix();
  // In a process group of its own, without this process's files, signals as a shell would give
  // them. Errors: kInvalidArgument without a program; kNotFound, kPermission for one that cannot be
  // run; kBusy (retryable) when lock_file is held.
  [[nodiscard]] virtual Result<std::unique_ptr<Child>> start(const ChildStart& start) = 0;
};

struct ChildLimits {
  Nanos timeout = 0;                      // 0: none; then it is asked to end
  Nanos grace = 20 * kNanosPerSecond;     // and killed so long behind that
  std::function<bool()> is_stopped = {};  // as if the time were up
};

struct ChildReport {
  ChildEnd end;
  bool timed_out = false;
  bool stopped = false;
};

// Follows a child to its end; its output goes to `keep` as it comes. A program that left others
// behind which hold its output counts as ended a second later.
[[nodiscard]] ChildReport watch_child(Env& env, Child& child, const ChildLimits& limits,
                                      const std::function<void(std::string_view)>& keep);

// One step of that, for who follows several: takes what is there, and asks for the end when the
// time is up. Nothing while it runs.
class ChildWatch {
 public:
  ChildWatch(Env& env, Child& child, ChildLimits limits);
  [[nodiscard]] std::optional<ChildReport> step(Nanos patience,
                                                const std::function<void(std::string_view)>& keep);

 private:
  void end_when_due();

  Env& env_;
  Child& child_;
  ChildLimits limits_;
  Nanos started_;
  ChildReport report_;
  std::optional<Nanos> asked_at_;
  std::optional<Nanos> killed_at_;
  std::optional<Nanos> ended_at_;
};

}  // namespace fm
