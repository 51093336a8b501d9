// Log: making durable what was taken in, and compressing what is closed.
#include <algorithm>
#include <chrono>
#include <utility>

#include "base/assert.h"
#include "base/log.h"
#include "base/thread.h"
#include "capture/log_state.h"
#include "capture/seal.h"

namespace fm::capture {
namespace {

constexpr Nanos kRetryPause = 100'000'000;  // after a group commit that failed

std::chrono::nanoseconds chrono_of(Nanos nanos) {
  return std::chrono::nanoseconds(static_cast<std::int64_t>(nanos));
}

}  // namespace

// One group commit of one segment. The feed goes on meanwhile; what it adds waits for the next.
Status Log::State::commit_segment(SegmentWriter& segment) {
  std::vector<Block> blocks;
  {
    const std::lock_guard guard(mutex);
    blocks = segment.take_pending();
  }
  if (!blocks.empty()) {
    FM_TRY(segment.commit(blocks));
    const std::lock_guard guard(mutex);
    segment.forget_pending(blocks.size());
    const Position here{segment.name().day, segment.name().number, segment.committed()};
    FM_ASSERT(here > synced && here <= written);
    synced = here;
    advanced.notify_all();
  }
  return {};
}

Status Log::State::finish_segment(const std::shared_ptr<SegmentWriter>& segment) {
  FM_TRY(segment->finish());
  const std::lock_guard guard(mutex);
  closing.pop_front();
  if (options.compress) {
    uncompressed.push_back(segment->name());
    work.notify_all();
  }
  return {};
}

// Older segments first, so that what is durable is always a whole beginning of the log.
Status Log::State::commit_in_order() {
  for (;;) {
    std::shared_ptr<SegmentWriter> oldest;
    {
      const std::lock_guard guard(mutex);
      if (!closing.empty()) oldest = closing.front();
    }
    if (!oldest) break;
    FM_TRY(commit_segment(*oldest));
    FM_TRY(finish_segment(oldest));
  }
  std::shared_ptr<SegmentWriter> open;
  std::uint64_t end = 0;
  {
    const std::lock_guard guard(mutex);
    open = current;
    if (open) end = open->end();
  }
  if (!open) return {};
  FM_TRY(commit_segment(*open));
  return open->preallocate_ahead(end);
}

Status Log::State::commit_all() {
  const std::lock_guard one_at_a_time(committing);
  std::optional<Nanos> since;
  {
    const std::lock_guard guard(mutex);
    since = std::exchange(dirty_since, std::nullopt);
  }
  const Nanos begun = env.monotonic();
  Status done = commit_in_order();
  const Nanos ended = env.monotonic();
  const std::lock_guard guard(mutex);
  if (!done) {
    if (!sync_failure) log_warning("capture: {}", done.error().message());
    sync_failure = done.error();
    if (since || !dirty_since) dirty_since = since.value_or(begun);
    return done;
  }
  sync_failure.reset();
  ++figures.syncs;
  figures.sync_newest = ended - begun;
  figures.sync_longest = std::max(figures.sync_longest, ended - begun);
  if (since) figures.loss_longest = std::max(figures.loss_longest, ended - *since);
  return done;
}

void Log::State::run_sync() {
  name_thread("fm-sync");
  std::unique_lock guard(mutex);
  while (!stopping) {
    work.wait(guard, [&] { return stopping || dirty_since; });
    const Nanos pause =
        sync_failure ? std::max(kRetryPause, options.sync_interval) : options.sync_interval;
    work.wait_for(guard, chrono_of(pause), [&] { return stopping; });
    if (stopping) return;
    guard.unlock();
    static_cast<void>(commit_all());  // kept in sync_failure
    guard.lock();
  }
}

Status Log::State::compress_next(bool& did) {
  const std::lock_guard one_at_a_time(compressing);
  SegmentName name;
  {
    const std::lock_guard guard(mutex);
    did = !uncompressed.empty();
    if (!did) return {};
    name = uncompressed.front();
    uncompressed.pop_front();
  }
  Status sealed = seal_segment(env, options.directory, name, stop_compressing);
  const std::lock_guard guard(mutex);
  if (sealed) {
    compress_failure.reset();
  } else {
    log_warning("capture: not compressed, tried again when the log is opened: {}",
                sealed.error().message());
    compress_failure = sealed.error();
  }
  return sealed;
}

void Log::State::run_compress() {
  name_thread("fm-compress", ThreadPriority::kBackground);
  for (;;) {
    {
      std::unique_lock guard(mutex);
      work.wait(guard, [&] { return stopping || !uncompressed.empty(); });
      if (stopping) return;
    }
    bool did = false;
    static_cast<void>(compress_next(did));  // kept in compress_failure
  }
}

void Log::State::start_threads() {
  if (!options.threads) return;
  if (options.sync_interval != 0) sync_thread = std::thread([this] { run_sync(); });
  if (options.compress) compress_thread = std::thread([this] { run_compress(); });
}

void Log::State::stop_threads() {
  stop_compressing = true;
  {
    const std::lock_guard guard(mutex);
    stopping = true;
    work.notify_all();
  }
  if (sync_thread.joinable()) sync_thread.join();
  if (compress_thread.joinable()) compress_thread.join();
  stop_compressing = false;  // work_off() may still be called
}

}  // namespace fm::capture
