#include "base/child_process.h"

#include <array>
#include <utility>

namespace fm {
namespace {

constexpr Nanos kStep = 100'000'000;
// How long output is waited for that others than the child may still hold.
constexpr Nanos kLastOutput = kNanosPerSecond;
constexpr std::size_t kReadBytes = 16 << 10;

}  // namespace

std::string ChildEnd::text() const {
  return exit_code ? fmt::format("exit code {}", *exit_code)
                   : fmt::format("killed by signal {}", signal);
}

ChildWatch::ChildWatch(Env& env, Child& child, ChildLimits limits)
    : env_(env), child_(child), limits_(std::move(limits)), started_(env.monotonic()) {}

void ChildWatch::end_when_due() {
  const Nanos now = env_.monotonic();
  if (asked_at_) {
    if (now < *asked_at_ + limits_.grace || killed_at_) return;
    killed_at_ = now;
    child_.ask(Child::Ask::kDie);
    return;
  }
  const bool stopped = limits_.is_stopped && limits_.is_stopped();
  const bool timed_out = limits_.timeout > 0 && now >= started_ + limits_.timeout;
  if (!stopped && !timed_out) return;
  report_.stopped = stopped;
  report_.timed_out = timed_out && !stopped;
  asked_at_ = now;
  child_.ask(Child::Ask::kEnd);
}

std::optional<ChildReport> ChildWatch::step(Nanos patience,
                                            const std::function<void(std::string_view)>& keep) {
  std::array<std::byte, kReadBytes> bytes;
  const auto got = child_.read(bytes, patience);
  if (got && *got > 0) {
    if (keep) keep({reinterpret_cast<const char*>(bytes.data()), *got});
    if (!ended_at_) end_when_due();
    if (!ended_at_ || env_.monotonic() < *ended_at_ + kLastOutput) return std::nullopt;
    return report_;
  }
  if (!ended_at_) {
    if (const auto end = child_.ended()) {
      report_.end = *end;
      ended_at_ = env_.monotonic();
      return std::nullopt;  // what it wrote last may have come meanwhile
    }
    end_when_due();
    return std::nullopt;
  }
  return report_;
}

ChildReport watch_child(Env& env, Child& child, const ChildLimits& limits,
                        const std::function<void(std::string_view)>& keep) {
  ChildWatch watch(env, child, limits);
  for (;;)
    if (const auto report = watch.step(kStep, keep)) return *report;
}

}  // namespace fm
