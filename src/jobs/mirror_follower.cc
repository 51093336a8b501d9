#include "jobs/mirror_follower.h"

#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

#include "base/log.h"
#include "base/thread.h"
#include "jobs/mirror_run.h"

namespace fm::jobs {

struct MirrorFollower::State {
  State(Env& where, MirrorJobOptions what, CloudPlace whither)
      : env(where), options(std::move(what)), place(std::move(whither)) {}

  Env& env;
  MirrorJobOptions options;
  CloudPlace place;
  mutable std::mutex mutex;
  std::condition_variable wake;
  bool stopping = false;   // with the request under way
  bool finishing = false;  // after one more cycle
  MirrorFigures figures;
  std::optional<Error> last_error;
  std::jthread thread;

  void run();
  void cycle(MirrorRun& run);
  [[nodiscard]] bool is_stopping() const {
    const std::lock_guard lock(mutex);
    return stopping;
  }
};

void MirrorFollower::State::cycle(MirrorRun& run) {
  const Status done = run.cycle();
  const MirrorReport& report = run.report();
  std::optional<Error> error;
  if (!done) {
    error = done.error();
  } else if (!report.totals.problems.empty()) {
    error = report.totals.problems.front().error;
  }
  if (error && !is_stopping()) log_warning("mirror: {}", error->message());
  const std::lock_guard lock(mutex);
  figures.cycles = report.cycles;
  figures.rows_loaded = report.totals.rows_loaded;
  figures.files_waiting = report.totals.parts_waiting;
  figures.oldest_waiting = report.totals.oldest_waiting;
  figures.last_error = error ? error->message() : "";
  last_error = std::move(error);
}

void MirrorFollower::State::run() {
  MirrorRun run(env, options, place, [this] { return is_stopping(); });
  for (bool last = false;;) {
    cycle(run);
    std::unique_lock lock(mutex);
    if (stopping || last) return;
    wake.wait_for(lock, std::chrono::nanoseconds(options.interval),
                  [this] { return stopping || finishing; });
    if (stopping) return;
    last = finishing;
  }
}

MirrorFollower::MirrorFollower(Env& env, MirrorJobOptions options, CloudPlace place)
    : state_(std::make_unique<State>(env, std::move(options), std::move(place))) {
  state_->options.watch = true;
  state_->figures.is_on = true;
  state_->figures.destination = state_->place.destination.name();
  state_->thread = std::jthread([state = state_.get()] {
    name_thread("fm-mirror", ThreadPriority::kBackground);
    state->run();
  });
}

MirrorFollower::~MirrorFollower() { stop(); }

MirrorFigures MirrorFollower::figures() const {
  const std::lock_guard lock(state_->mutex);
  return state_->figures;
}

Status MirrorFollower::finish() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->finishing = true;
  }
  state_->wake.notify_all();
  if (state_->thread.joinable()) state_->thread.join();
  if (state_->last_error) return std::unexpected(*state_->last_error);
  return {};
}

void MirrorFollower::stop() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->stopping = true;
  }
  state_->wake.notify_all();
  if (state_->thread.joinable()) state_->thread.join();
}

Result<std::unique_ptr<MirrorFollower>> start_mirror(Env& env, const Variables& variables,
                                                     const Config& config) {
  if (!config.google.mirror) return nullptr;
  FM_ASSIGN(CloudPlace place, open_cloud_with_bucket(env, variables, config));
  return std::make_unique<MirrorFollower>(env, mirror_options(config), std::move(place));
}

}  // namespace fm::jobs
