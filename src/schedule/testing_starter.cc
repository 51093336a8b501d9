#include "schedule/testing_starter.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace fm::schedule {

class ScriptedStarter::ScriptedChild final : public Child {
 public:
  ScriptedChild(ScriptedStarter& starter, ScriptedRun run)
      : starter_(starter), run_(std::move(run)), ends_at_(starter.env_.now() + run_.lasts) {
    const std::size_t running = ++starter_.running_;
    if (running > starter_.running_most_) starter_.running_most_ = running;
  }
  ~ScriptedChild() override { leave(); }

  Result<std::size_t> read(std::span<std::byte> out, Nanos) override {
    const std::size_t bytes = std::min(out.size(), run_.output.size() - read_);
    std::memcpy(out.data(), run_.output.data() + read_, bytes);
    read_ += bytes;
    return bytes;
  }
  std::optional<ChildEnd> ended() override {
    if (asked_) {
      leave();
      return ChildEnd{.exit_code = {}, .signal = 15};
    }
    if (starter_.env_.now() < ends_at_) return std::nullopt;
    leave();
    return ChildEnd{.exit_code = run_.exit_code, .signal = 0};
  }
  void ask(Ask) override {
    asked_ = true;
    ++starter_.asked_;
  }

 private:
  void leave() {
    if (!std::exchange(left_, true)) --starter_.running_;
  }

  ScriptedStarter& starter_;
  const ScriptedRun run_;
  const Nanos ends_at_;
  std::size_t read_ = 0;
  bool asked_ = false;
  bool left_ = false;
};

void ScriptedStarter::script(const std::string& command, ScriptedRun run) {
  const std::lock_guard lock(mutex_);
  scripts_[command].push_back(std::move(run));
}

void ScriptedStarter::set_busy(bool busy) {
  const std::lock_guard lock(mutex_);
  busy_ = busy;
}

std::vector<ScriptedStarter::Started> ScriptedStarter::started() const {
  const std::lock_guard lock(mutex_);
  return started_;
}

Result<std::unique_ptr<Child>> ScriptedStarter::start(const ChildStart& start) {
  const std::lock_guard lock(mutex_);
  if (busy_) return std::unexpected(Error(Code::kBusy, "another process holds it").retryable());
  std::string command;
  for (std::size_t i = 1; i < start.argv.size(); ++i) command += (i > 1 ? " " : "") + start.argv[i];
  started_.push_back({.command = command,
                      .input = start.input,
                      .lock_file = start.lock_file,
                      .at = second_of(env_.now())});
  ScriptedRun run;
  if (auto& queue = scripts_[command]; !queue.empty()) {
    run = std::move(queue.front());
    queue.pop_front();
  }
  return std::make_unique<ScriptedChild>(*this, std::move(run));
}

}  // namespace fm::schedule
