#include "process.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string_view>
#include <utility>

#include "base/assert.h"
#include "harness.h"

namespace fm::bench {
namespace {

constexpr std::string_view kMeasure = "--measure-process";
constexpr std::string_view kTouch = "--touch-mebibytes";
constexpr const char* kThisProgram = "/proc/self/exe";
constexpr std::size_t kMebibyte = std::size_t{1} << 20;

double seconds_of(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

double monotonic_seconds() {
  timespec time{};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

std::vector<char*> arguments_of(const std::vector<std::string>& command) {
  std::vector<char*> arguments;
  for (const std::string& argument : command) {
    arguments.push_back(const_cast<char*>(argument.c_str()));
  }
  arguments.push_back(nullptr);
  return arguments;
}

// The copy's report, one line of text on its standard output.
struct Measured {
  int start_error = 0;  // errno; the rest is 0 then
  int status = 0;       // as wait4() gives it
  double seconds = 0;
  double cpu_seconds = 0;
  long peak_kibibytes = 0;
};

int measure(std::span<char*> command) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  Measured measured;
  const double begin = monotonic_seconds();
  pid_t child = 0;
  // `command` ends with main()'s null.
  measured.start_error =
      posix_spawnp(&child, command[0], &actions, nullptr, command.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (measured.start_error == 0) {
    rusage usage{};
    while (wait4(child, &measured.status, 0, &usage) < 0) {
      if (errno != EINTR) return EXIT_FAILURE;
    }
    measured.seconds = monotonic_seconds() - begin;
    measured.cpu_seconds = seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime);
    measured.peak_kibibytes = usage.ru_maxrss;
  }
  fmt::print("{} {} {:.9f} {:.9f} {}\n", measured.start_error, measured.status, measured.seconds,
             measured.cpu_seconds, measured.peak_kibibytes);
  return EXIT_SUCCESS;
}

int touch(const char* mebibytes) {
  std::size_t wanted = 0;
  const std::string_view text = mebibytes;
  if (std::from_chars(text.data(), text.data() + text.size(), wanted).ec != std::errc{}) return 2;
  const std::vector<char> memory(wanted * kMebibyte, '\1');
  keep(memory.data());
  return EXIT_SUCCESS;
}

// All that `child` writes to its standard output.
Result<std::string> read_to_end(int pipe, const std::string& child) {
  std::string text;
  char buffer[256];
  while (true) {
    const ssize_t got = ::read(pipe, buffer, sizeof buffer);
    if (got == 0) return text;
    if (got > 0) {
      text.append(buffer, static_cast<std::size_t>(got));
    } else if (errno != EINTR) {
      return std::unexpected(errno_error(errno, "read what was measured of", child));
    }
  }
}

Result<Measured> measure_in_copy(const std::vector<std::string>& command) {
  std::vector<std::string> copy{kThisProgram, std::string(kMeasure)};
  copy.insert(copy.end(), command.begin(), command.end());
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) {
    return std::unexpected(errno_error(errno, "open a pipe for", command[0]));
  }
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  pid_t child = 0;
  const int failed =
      posix_spawnp(&child, copy[0].c_str(), &actions, nullptr, arguments_of(copy).data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  ::close(ends[1]);
  Result<std::string> text = std::string();
  if (failed == 0) text = read_to_end(ends[0], command[0]);
  ::close(ends[0]);
  if (failed != 0) return std::unexpected(errno_error(failed, "start", copy[0]));
  while (::waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
  }
  FM_ASSIGN(const std::string line, std::move(text));
  Measured measured;
  if (std::sscanf(line.c_str(), "%d %d %lf %lf %ld", &measured.start_error, &measured.status,
                  &measured.seconds, &measured.cpu_seconds, &measured.peak_kibibytes) != 5) {
    return fail(Code::kInternal, "measuring {} said '{}'", command[0], line);
  }
  return measured;
}

}  // namespace

Result<ProcessCost> run_process(const std::vector<std::string>& command) {
  FM_ASSERT(!command.empty());
  FM_ASSIGN(const Measured measured, measure_in_copy(command));
  if (measured.start_error != 0) {
    return std::unexpected(errno_error(measured.start_error, "start", command[0]));
  }
  if (!WIFEXITED(measured.status) || WEXITSTATUS(measured.status) != 0) {
    std::string line;
    for (const std::string& argument : command) line += (line.empty() ? "" : " ") + argument;
    return fail(Code::kCheckFailed, "`{}` ended with status {}", line, measured.status);
  }
  return ProcessCost{.seconds = measured.seconds,
                     .cpu_seconds = measured.cpu_seconds,
                     .peak_bytes = static_cast<std::uint64_t>(measured.peak_kibibytes) * 1024};
}

Result<double> figure_after(std::string_view said, std::string_view word) {
  const std::size_t at = said.find(word);
  if (at == std::string_view::npos) return fail(Code::kCheckFailed, "no '{}' in: {}", word, said);
  std::string_view rest = said.substr(at + word.size());
  rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
  double value = 0;
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), value);
  if (error != std::errc())
    return fail(Code::kCheckFailed, "no number behind '{}' in: {}", word, said);
  return value;
}

Status check_peak_bytes() {
  constexpr std::size_t kHeld = 512 * kMebibyte;
  constexpr std::size_t kTouched = 160 * kMebibyte;
  // The program itself, its libraries and tables.
  constexpr std::size_t kOwn = 48 * kMebibyte;
  const std::vector<char> held(kHeld, '\1');
  keep(held.data());
  FM_ASSIGN(const ProcessCost cost,
            run_process({kThisProgram, std::string(kTouch), std::to_string(kTouched / kMebibyte)}));
  if (cost.peak_bytes < kTouched || cost.peak_bytes > kTouched + kOwn) {
    return fail(Code::kCheckFailed,
                "a program that touched {} MiB was measured to hold {} MiB at most: what this "
                "machine says about memory cannot be trusted",
                kTouched / kMebibyte, cost.peak_bytes / kMebibyte);
  }
  return {};
}

std::optional<int> run_as_copy(int count, char** values) {
  if (count < 3) return std::nullopt;
  if (values[1] == kMeasure) {
    return measure(std::span(values, static_cast<std::size_t>(count) + 1).subspan(2));
  }
  if (values[1] == kTouch) return touch(values[2]);
  return std::nullopt;
}

}  // namespace fm::bench
