#include "process.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "base/assert.h"

namespace fm::bench {
namespace {

double seconds_of(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

}  // namespace

Result<ProcessCost> run_process(Env& env, const std::vector<std::string>& command) {
  FM_ASSERT(!command.empty());
  std::vector<char*> arguments;
  for (const std::string& argument : command)
    arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);

  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  const Nanos begin = env.monotonic();
  pid_t child = 0;
  const int failed =
      posix_spawnp(&child, arguments[0], &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) return std::unexpected(errno_error(failed, "start", command[0]));

  int status = 0;
  rusage usage{};
  while (wait4(child, &status, 0, &usage) < 0) {
    if (errno != EINTR) return std::unexpected(errno_error(errno, "wait for", command[0]));
  }
  const Nanos end = env.monotonic();
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    std::string line;
    for (const std::string& argument : command) line += (line.empty() ? "" : " ") + argument;
    return fail(Code::kCheckFailed, "`{}` ended with status {}", line, status);
  }
  return ProcessCost{.seconds = static_cast<double>(end - begin) / 1e9,
                     .cpu_seconds = seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime),
                     .peak_bytes = static_cast<std::uint64_t>(usage.ru_maxrss) * 1024};
}

}  // namespace fm::bench
