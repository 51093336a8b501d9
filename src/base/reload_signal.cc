#include "base/reload_signal.h"

#include <signal.h>

#include <atomic>

#include "base/assert.h"

namespace fm {
namespace {

std::atomic<bool> is_taken = false;
std::atomic<bool> has_come = false;
struct sigaction old_action{};
static_assert(std::atomic<bool>::is_always_lock_free);

extern "C" void note_reload(int) { has_come = true; }

}  // namespace

ReloadSignal::ReloadSignal() {
  FM_ASSERT(!is_taken.exchange(true));
  has_come = false;
  struct sigaction action{};
  action.sa_handler = note_reload;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  FM_ASSERT(::sigaction(SIGHUP, &action, &old_action) == 0);
}

ReloadSignal::~ReloadSignal() {
  ::sigaction(SIGHUP, &old_action, nullptr);
  is_taken = false;
}

bool ReloadSignal::take() { return has_come.exchange(false); }

}  // namespace fm
