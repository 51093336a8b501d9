#include <algorithm>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>

#include "base/assert.h"
#include "base/thread.h"
#include "dbn/byte_source.h"

namespace fm::dbn {

// A ring of buffers. The thread fills the slot behind the last filled one; the reader empties the
// first. A slot belongs to one of them at a time, so only the counters need the lock.
struct ReadAheadSource::State {
  State(std::unique_ptr<ByteSource> from, ReadAheadOptions options)
      : source(std::move(from)), slots(options.buffer_count) {
    FM_ASSERT(options.buffer_count > 0 && options.buffer_bytes > 0);
    for (Slot& slot : slots) slot.bytes.resize(options.buffer_bytes);
  }

  void run();
  bool wait_for_filled();
  void release_first();
  void stop();

  struct Slot {
    std::vector<std::byte> bytes;
    std::size_t filled = 0;
  };

  std::unique_ptr<ByteSource> source;
  std::vector<Slot> slots;
  std::thread thread;  // not running: the reader reads the source itself

  std::mutex mutex;
  std::condition_variable changed;
  std::size_t filled_count = 0;  // guarded
  bool ended = false;            // guarded; the thread reads no more
  bool stopping = false;         // guarded
  std::optional<Error> failure;  // written before `ended` is set

  std::size_t first = 0;  // the reader's: slot and place in it
  std::size_t at = 0;
};

void ReadAheadSource::State::run() {
  name_thread("fm-read-ahead");
  for (std::size_t next = 0;; next = (next + 1) % slots.size()) {
    {
      std::unique_lock lock(mutex);
      changed.wait(lock, [&] { return stopping || filled_count < slots.size(); });
      if (stopping) return;
    }
    Slot& slot = slots[next];
    auto count = source->read(slot.bytes);
    const std::scoped_lock lock(mutex);
    if (count && *count != 0) {
      slot.filled = *count;
      ++filled_count;
    } else {
      if (!count) failure = std::move(count).error();
      ended = true;
    }
    changed.notify_all();
    if (ended) return;
  }
}

// Returns false when everything has been read.
bool ReadAheadSource::State::wait_for_filled() {
  std::unique_lock lock(mutex);
  changed.wait(lock, [&] { return ended || filled_count != 0; });
  return filled_count != 0;
}

void ReadAheadSource::State::release_first() {
  first = (first + 1) % slots.size();
  at = 0;
  const std::scoped_lock lock(mutex);
  --filled_count;
  changed.notify_all();
}

void ReadAheadSource::State::stop() {
  {
    const std::scoped_lock lock(mutex);
    stopping = true;
    changed.notify_all();
  }
  if (thread.joinable()) thread.join();
}

ReadAheadSource::ReadAheadSource(std::unique_ptr<ByteSource> source, ReadAheadOptions options)
    : state_(std::make_unique<State>(std::move(source), options)) {
  try {
    state_->thread = std::thread([state = state_.get()] { state->run(); });
  } catch (const std::system_error&) {  // NOLINT(bugprone-empty-catch): read() does without
    // No thread to be had: slower, but the same bytes.
  }
}

ReadAheadSource::~ReadAheadSource() { state_->stop(); }

Result<std::size_t> ReadAheadSource::read(std::span<std::byte> out) {
  State& state = *state_;
  if (!state.thread.joinable()) return state.source->read(out);
  if (!state.wait_for_filled()) {
    if (state.failure) return std::unexpected(*state.failure);
    return 0;
  }
  const State::Slot& slot = state.slots[state.first];
  const std::size_t count = std::min(out.size(), slot.filled - state.at);
  std::memcpy(out.data(), slot.bytes.data() + state.at, count);
  state.at += count;
  if (state.at == slot.filled) state.release_first();
  return count;
}

Result<std::uint64_t> ReadAheadSource::count_undecoded() {
  state_->stop();
  return state_->source->count_undecoded();
}

}  // namespace fm::dbn
