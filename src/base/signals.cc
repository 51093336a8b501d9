#include "base/signals.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <limits>

#include "base/assert.h"

namespace fm {
namespace {

// What a signal handler may touch. The pipe becomes readable with the first request and is never
// emptied, so that every waiter sees it.
std::atomic<bool> is_taken = false;
std::atomic<bool> is_requested = false;
std::atomic<int> signal_number = 0;
std::array<int, 2> wake_pipe{-1, -1};
struct sigaction old_interrupt{};
struct sigaction old_terminate{};
static_assert(std::atomic<bool>::is_always_lock_free && std::atomic<int>::is_always_lock_free);

void wake() {
  const char byte = 0;
  // A full pipe wakes as well as one that takes the byte.
  [[maybe_unused]] const ssize_t written = ::write(wake_pipe[1], &byte, 1);
}

extern "C" void stop_on_signal(int number) {
  const int saved = errno;
  if (signal_number.exchange(number) != 0) ::_exit(128 + number);
  is_requested = true;
  wake();
  errno = saved;
}

void take(int number, struct sigaction& old) {
  struct sigaction action{};
  action.sa_handler = stop_on_signal;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  FM_ASSERT(::sigaction(number, &action, &old) == 0);
}

}  // namespace

StopSignal::StopSignal() {
  FM_ASSERT(!is_taken.exchange(true));
  FM_ASSERT(::pipe2(wake_pipe.data(), O_CLOEXEC | O_NONBLOCK) == 0);
  is_requested = false;
  signal_number = 0;
  take(SIGINT, old_interrupt);
  take(SIGTERM, old_terminate);
}

StopSignal::~StopSignal() {
  ::sigaction(SIGINT, &old_interrupt, nullptr);
  ::sigaction(SIGTERM, &old_terminate, nullptr);
  ::close(wake_pipe[0]);
  ::close(wake_pipe[1]);
  is_taken = false;
}

bool StopSignal::requested() const { return is_requested; }

bool StopSignal::wait_for(Nanos patience) const {
  constexpr Nanos kNanosPerMilli = 1'000'000;
  const Nanos milliseconds = (patience + kNanosPerMilli - 1) / kNanosPerMilli;
  pollfd entry{wake_pipe[0], POLLIN, 0};
  // A signal that another handler takes only shortens the wait; callers loop.
  ::poll(&entry, 1,
         static_cast<int>(std::min<Nanos>(milliseconds, std::numeric_limits<int>::max())));
  return is_requested;
}

void StopSignal::request() {
  is_requested = true;
  wake();
}

std::optional<std::string_view> StopSignal::signal_name() const {
  switch (signal_number) {
    case SIGINT:
      return "SIGINT";
    case SIGTERM:
      return "SIGTERM";
    default:
      return std::nullopt;
  }
}

}  // namespace fm
