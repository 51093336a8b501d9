#include "app/part.h"

#include <algorithm>

#include "base/log.h"
#include "base/thread.h"

namespace fm::app {
namespace {

double seconds(Nanos duration) {
  return static_cast<double>(duration) / static_cast<double>(kNanosPerSecond);
}

}  // namespace

Part::Part(Env& env, const StopSignal& stop, PartPlan plan)
    : env_(env), stop_(stop), plan_(std::move(plan)) {
  health_.name = plan_.name;
  health_.kind = plan_.kind;
}

Part::~Part() { join(); }

void Part::start() {
  ended_ = false;
  thread_ = std::thread([this] {
    name_thread(plan_.thread);
    run();
  });
}

void Part::join() {
  if (thread_.joinable()) thread_.join();
}

bool Part::ended() const {
  const std::lock_guard lock(mutex_);
  return ended_;
}

jobs::PartHealth Part::health() const {
  const std::lock_guard lock(mutex_);
  return health_;
}

void Part::failed(const Error& error, Nanos delay) {
  log(LogLevel::kError,
      fmt::format("{} has failed and begins again in {:.0f} s: {}{}{}", plan_.name, seconds(delay),
                  error.message(), error.advice().empty() ? "" : " ", error.advice()));
  const std::lock_guard lock(mutex_);
  health_.state = jobs::PartState::kFailed;
  health_.last_error = error.message();
  health_.last_error_at = second_of(env_.now());
}

void Part::run() {
  Nanos delay = plan_.first_delay;
  while (!stop_.requested()) {
    {
      const std::lock_guard lock(mutex_);
      health_.state = jobs::PartState::kRunning;
    }
    const Nanos begun = env_.monotonic();
    const Status ended = plan_.run();
    if (ended) break;
    if (stop_.requested()) {
      log_warning("{} ended with: {}", plan_.name, ended.error().message());
      break;
    }
    if (env_.monotonic() - begun >= plan_.settled_after) delay = plan_.first_delay;
    failed(ended.error(), delay);
    if (stop_.wait_for(delay)) break;
    delay = std::min(delay * 2, plan_.delay_max);
    const std::lock_guard lock(mutex_);
    ++health_.restarts;
  }
  const std::lock_guard lock(mutex_);
  health_.state = jobs::PartState::kStopped;
  ended_ = true;
}

}  // namespace fm::app
