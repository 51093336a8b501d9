#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <limits>
#include <utility>

#include "base/assert.h"
#include "base/child_process.h"

namespace fm {
namespace {

// Where a child finds its lock, which it neither reads nor knows: behind the three standard files.
constexpr int kLockFd = 3;

class Fd {
 public:
  explicit Fd(int fd = -1) : fd_(fd) {}
  ~Fd() { reset(); }
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    reset();
    fd_ = std::exchange(other.fd_, -1);
    return *this;
  }
  void reset() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }
  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_;
};

class PosixChild final : public Child {
 public:
  PosixChild(pid_t pid, Fd output) : pid_(pid), output_(std::move(output)) {}
  ~PosixChild() override {
    if (end_) return;
    ask(Ask::kDie);
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
  }

  Result<std::size_t> read(std::span<std::byte> out, Nanos patience) override {
    constexpr Nanos kNanosPerMilli = 1'000'000;
    if (output_.get() < 0) {
      // Closed by a program that goes on: its end is what is waited for now.
      if (!ended()) ::poll(nullptr, 0, milliseconds(patience, kNanosPerMilli));
      return 0;
    }
    pollfd entry{output_.get(), POLLIN, 0};
    const int ready = ::poll(&entry, 1, milliseconds(patience, kNanosPerMilli));
    if (ready <= 0) return 0;
    const ssize_t got = ::read(output_.get(), out.data(), out.size());
    if (got > 0) return static_cast<std::size_t>(got);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return 0;
    output_.reset();
    return 0;
  }

  std::optional<ChildEnd> ended() override {
    if (end_) return end_;
    int status = 0;
    const pid_t pid = ::waitpid(pid_, &status, WNOHANG);
    if (pid != pid_) return std::nullopt;
    ChildEnd end;
    if (WIFEXITED(status))
      end.exit_code = WEXITSTATUS(status);
    else
      end.signal = WTERMSIG(status);
    end_ = end;
    return end_;
  }

  void ask(Ask what) override {
    // Once it was waited for, the number may belong to another.
    if (!end_) ::kill(-pid_, what == Ask::kEnd ? SIGTERM : SIGKILL);
  }

 private:
  static int milliseconds(Nanos patience, Nanos nanos_per_milli) {
    return static_cast<int>(
        std::min<Nanos>(patience / nanos_per_milli, std::numeric_limits<int>::max()));
  }

  pid_t pid_;
  Fd output_;
  std::optional<ChildEnd> end_;
};

Result<Fd> lock(const std::string& path) {
  if (path.empty()) return Fd();
  Fd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
  if (fd.get() < 0) return std::unexpected(errno_error(errno, "open lock", path));
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) == 0) return fd;
  if (errno != EWOULDBLOCK) return std::unexpected(errno_error(errno, "lock", path));
  return std::unexpected(
      Error(Code::kBusy, fmt::format("{}: another process holds this lock", path)).retryable());
}

// A file in memory with the child's input, or the empty device.
Result<Fd> input_of(const std::string& text) {
  if (text.empty()) {
    Fd null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    if (null.get() < 0) return std::unexpected(errno_error(errno, "open", "/dev/null"));
    return null;
  }
  Fd memory(::memfd_create("input", MFD_CLOEXEC));
  if (memory.get() < 0) return std::unexpected(errno_error(errno, "create", "a file in memory"));
  for (std::size_t written = 0; written < text.size();) {
    const ssize_t put = ::write(memory.get(), text.data() + written, text.size() - written);
    if (put <= 0) return std::unexpected(errno_error(errno, "write", "a file in memory"));
    written += static_cast<std::size_t>(put);
  }
  ::lseek(memory.get(), 0, SEEK_SET);
  return memory;
}

// What the child gets: its three files, the lock, and signals as they are by default.
class SpawnPlan {
 public:
  SpawnPlan() {
    FM_ASSERT(::posix_spawn_file_actions_init(&actions_) == 0);
    FM_ASSERT(::posix_spawnattr_init(&attributes_) == 0);
    sigset_t signals;
    ::sigemptyset(&signals);
    ::posix_spawnattr_setsigmask(&attributes_, &signals);
    for (const int number : {SIGPIPE, SIGHUP, SIGINT, SIGTERM, SIGCHLD})
      ::sigaddset(&signals, number);
    ::posix_spawnattr_setsigdefault(&attributes_, &signals);
    ::posix_spawnattr_setpgroup(&attributes_, 0);
    ::posix_spawnattr_setflags(
        &attributes_, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
  }
  ~SpawnPlan() {
    ::posix_spawn_file_actions_destroy(&actions_);
    ::posix_spawnattr_destroy(&attributes_);
  }
  SpawnPlan(const SpawnPlan&) = delete;
  SpawnPlan& operator=(const SpawnPlan&) = delete;

  void give(int from, int to) {
    FM_ASSERT(::posix_spawn_file_actions_adddup2(&actions_, from, to) == 0);
  }
  void close_from(int first) {
    FM_ASSERT(::posix_spawn_file_actions_addclosefrom_np(&actions_, first) == 0);
  }
  [[nodiscard]] Result<pid_t> spawn(const ChildStart& start) {
    std::vector<std::string> words = start.argv;
    std::vector<std::string> variables;
    variables.reserve(start.environment.size());
    for (const auto& [name, value] : start.environment)
      variables.push_back(fmt::format("{}={}", name, value));
    const auto pointers = [](std::vector<std::string>& texts) {
      std::vector<char*> list;
      list.reserve(texts.size() + 1);
      for (std::string& text : texts) list.push_back(text.data());
      list.push_back(nullptr);
      return list;
    };
    pid_t pid = 0;
    const int failed = ::posix_spawnp(&pid, words.front().c_str(), &actions_, &attributes_,
                                      pointers(words).data(), pointers(variables).data());
    if (failed != 0) return std::unexpected(errno_error(failed, "run", words.front()));
    return pid;
  }

 private:
  posix_spawn_file_actions_t actions_{};
  posix_spawnattr_t attributes_{};
};

class PosixStarter final : public ChildStarter {
 public:
  Result<std::unique_ptr<Child>> start(const ChildStart& start) override {
    if (start.argv.empty() || start.argv.front().empty())
      return fail(Code::kInvalidArgument, "no program to run");
    FM_ASSIGN(const Fd held, lock(start.lock_file));
    FM_ASSIGN(const Fd input, input_of(start.input));
    std::array<int, 2> ends{-1, -1};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0)
      return std::unexpected(errno_error(errno, "open", "a pipe"));
    Fd output(ends[0]);
    const Fd of_child(ends[1]);
    ::fcntl(output.get(), F_SETFL, O_NONBLOCK);
    SpawnPlan plan;
    plan.give(input.get(), STDIN_FILENO);
    plan.give(of_child.get(), STDOUT_FILENO);
    plan.give(of_child.get(), STDERR_FILENO);
    if (held.get() >= 0) plan.give(held.get(), kLockFd);
    plan.close_from(held.get() >= 0 ? kLockFd + 1 : kLockFd);
    FM_ASSIGN(const pid_t pid, plan.spawn(start));
    return std::make_unique<PosixChild>(pid, std::move(output));
  }
};

}  // namespace

ChildStarter& ChildStarter::posix() {
  static PosixStarter starter;
  return starter;
}

}  // namespace fm
