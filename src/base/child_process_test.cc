// Programs as children: what they say, how they end, and that none outlives its time or its lock.
#include "base/child_process.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <string>

#include "base/testing_fault_env.h"

namespace fm {
namespace {

struct Ran {
  std::string output;
  ChildReport report;
};

class ChildProcess : public testing::Test {
 protected:
  static ChildStart shell(const std::string& script) {
    return {.argv = {"sh", "-c", script}, .environment = {{"PATH", "/usr/bin:/bin"}}};
  }
  Ran run(const ChildStart& start, const ChildLimits& limits = {}) {
    auto child = ChildStarter::posix().start(start);
    EXPECT_TRUE(child) << child.error().message();
    if (!child) return {};
    Ran ran;
    ran.report =
        watch_child(env_, **child, limits, [&](std::string_view text) { ran.output += text; });
    return ran;
  }

  Env& env_ = Env::posix();
  const TestDirectory folder_;
};

TEST_F(ChildProcess, SaysWhatItSaidAndHowItEnded) {
  struct {
    const char* script;
    const char* output;
    const char* end;
  } const cases[] = {{"echo out; echo err >&2", "out\nerr\n", "exit code 0"},
                     {"exit 3", "", "exit code 3"},
                     {"kill -9 $$", "", "killed by signal 9"},
                     {"cat", "", "exit code 0"},  // standard input is empty
                     {"echo $GREETING", "\n", "exit code 0"}};
  for (const auto& c : cases) {
    const Ran ran = run(shell(c.script));
    EXPECT_EQ(ran.output, c.output) << c.script;
    EXPECT_EQ(ran.report.end.text(), c.end) << c.script;
  }
}

TEST_F(ChildProcess, GetsItsInputAndItsVariables) {
  ChildStart start = shell("cat; echo $GREETING");
  start.input = std::string(300'000, 'x');
  start.environment["GREETING"] = "hello";
  const Ran ran = run(start);
  EXPECT_EQ(ran.output, start.input + "hello\n");
}

TEST_F(ChildProcess, HasNoneOfOurFiles) {
  const auto file = env_.create(folder_.file("secret"), Create::kNew);
  ASSERT_TRUE(file);
  const int fd = ::dup(STDERR_FILENO);  // without close-on-exec, as a library might leave one
  const Ran ran = run(shell("ls /proc/self/fd | wc -l"));
  ::close(fd);
  EXPECT_EQ(ran.output, "4\n");  // three, and the folder that ls reads
}

TEST_F(ChildProcess, IsAskedToEndWhenItsTimeIsUp) {
  const Ran ran = run(shell("trap 'echo bye; exit 7' TERM; while :; do sleep 0.05; done"),
                      {.timeout = kNanosPerSecond / 5});
  EXPECT_TRUE(ran.report.timed_out);
  EXPECT_FALSE(ran.report.stopped);
  EXPECT_TRUE(ran.output.ends_with("bye\n")) << ran.output;  // the shell may say a word itself
  EXPECT_EQ(ran.report.end.exit_code, 7);
}

TEST_F(ChildProcess, IsKilledWhenItDoesNotListen) {
  const Ran ran = run(shell("trap '' TERM; while :; do sleep 0.05; done"),
                      {.timeout = kNanosPerSecond / 5, .grace = kNanosPerSecond / 5});
  EXPECT_TRUE(ran.report.timed_out);
  EXPECT_EQ(ran.report.end.signal, SIGKILL);
}

TEST_F(ChildProcess, EndsWithWhoeverIsStopped) {
  const Nanos start = env_.monotonic();
  const Ran ran = run(shell("sleep 60"), {.is_stopped = [] { return true; }});
  EXPECT_TRUE(ran.report.stopped);
  EXPECT_EQ(ran.report.end.signal, SIGTERM);
  EXPECT_LT(env_.monotonic() - start, 10 * kNanosPerSecond);
}

TEST_F(ChildProcess, IsNotWaitedForBecauseOfWhatItLeftBehind) {
  const Nanos start = env_.monotonic();
  const Ran ran = run(shell("sleep 5 & echo $!"));
  EXPECT_LT(env_.monotonic() - start, 4 * kNanosPerSecond);
  EXPECT_EQ(ran.report.end.exit_code, 0);
  ::kill(static_cast<pid_t>(std::stol(ran.output)), SIGKILL);
}

TEST_F(ChildProcess, AProgramThatCannotBeRunIsAnError) {
  const auto missing = ChildStarter::posix().start({.argv = {"/no/such/program"}});
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code(), Code::kNotFound);
  EXPECT_NE(missing.error().message().find("/no/such/program"), std::string::npos);
  EXPECT_FALSE(ChildStarter::posix().start({.argv = {}}));
}

TEST_F(ChildProcess, HoldsItsLockAsLongAsItLives) {
  ChildStart start = shell("sleep 60");
  start.lock_file = folder_.file("job.lock");
  auto first = ChildStarter::posix().start(start);
  ASSERT_TRUE(first) << first.error().message();
  const auto second = ChildStarter::posix().start(start);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code(), Code::kBusy);
  EXPECT_TRUE(second.error().can_retry());
  // The lock is the child's alone: this process could die.
  EXPECT_FALSE(env_.lock(start.lock_file, 0));
  (*first)->ask(Child::Ask::kDie);
  while (!(*first)->ended()) env_.sleep_for(10'000'000);
  EXPECT_TRUE(env_.lock(start.lock_file, kNanosPerSecond));
}

TEST_F(ChildProcess, DiesWithItsOwner) {
  auto child = ChildStarter::posix().start(shell("echo $$; exec sleep 60"));
  ASSERT_TRUE(child);
  std::array<std::byte, 64> bytes{};
  const auto got = (*child)->read(bytes, 5 * kNanosPerSecond);
  ASSERT_TRUE(got);
  const auto pid =
      static_cast<pid_t>(std::stol(std::string(reinterpret_cast<const char*>(bytes.data()), *got)));
  child->reset();
  EXPECT_NE(::kill(pid, 0), 0);
}

}  // namespace
}  // namespace fm
