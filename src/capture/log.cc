#include "capture/log.h"

#include <algorithm>
#include <chrono>

#include "base/assert.h"
#include "base/log.h"
#include "capture/log_reader.h"
#include "capture/log_state.h"
#include "capture/markers.h"

namespace fm::capture {
namespace {

std::string format_text(const std::string& dataset) {
  return fmt::format("frontmonth-capture 1\ndataset {}\n", dataset);
}

Status check_format(Env& env, const LogOptions& options) {
  const std::string path = join(options.directory, "format");
  const auto found = read_text(env, path, 4096);
  if (!found && found.error().code() == Code::kNotFound)
    return write_text_atomically(env, path, format_text(options.dataset));
  if (!found) return std::unexpected(found.error());
  if (*found == format_text(options.dataset)) return {};
  const std::string_view first_line = std::string_view(*found).substr(0, found->find('\n'));
  if (first_line != "frontmonth-capture 1")
    return fail(Code::kUnsupported, "{}: says '{}', expected 'frontmonth-capture 1'", path,
                first_line);
  return std::unexpected(
      Error(Code::kConflict,
            fmt::format("{}: the log of another dataset, expected {}", path, options.dataset))
          .hint("Give each dataset a directory of its own."));
}

Result<std::unique_ptr<FileLock>> take_lock(Env& env, const std::string& directory) {
  auto lock = env.lock(join(directory, "lock"), 0);
  if (lock || lock.error().code() != Code::kBusy) return lock;
  return std::unexpected(
      Error(Code::kBusy, fmt::format("{}: another process writes this capture log", directory))
          .hint("One process captures a dataset; end the other, or give this one another state "
                "directory.")
          .retryable());
}

std::chrono::nanoseconds chrono_of(Nanos patience) {
  constexpr Nanos kLongest = kNanosPerDay;  // far from where a clock's arithmetic overflows
  return std::chrono::nanoseconds(static_cast<std::int64_t>(std::min(patience, kLongest)));
}

}  // namespace

Log::State::State(Env& e, LogOptions o, std::unique_ptr<FileLock> l, CaptureDays d, Found found)
    : env(e),
      options(std::move(o)),
      lock(std::move(l)),
      recovery(found.recovery),
      days(d),
      mappings(std::move(found.mappings)),
      day(found.day),
      last_segment(found.segment),
      clock(found.newest_arrival),
      newest_arrival(found.newest_arrival) {
  if (options.compress) uncompressed.assign(found.uncompressed.begin(), found.uncompressed.end());
  // The end of what is there; what comes goes into a new segment.
  if (day) written = synced = {*day, last_segment, found.bytes};
}

Log::Log(std::unique_ptr<State> state) : state_(std::move(state)) {}

Log::~Log() {
  if (state_) state_->stop_threads();
}

Result<std::unique_ptr<Log>> Log::open(Env& env, LogOptions options) {
  FM_ASSERT(!options.directory.empty() && !options.dataset.empty() && options.segment_bytes > 0);
  FM_ASSIGN(CaptureDays days, CaptureDays::make());
  FM_TRY(env.make_directories(options.directory));
  FM_ASSIGN(auto lock, take_lock(env, options.directory));
  FM_TRY(check_format(env, options));
  FM_ASSIGN(Found found, recover(env, options));
  auto state =
      std::make_unique<State>(env, std::move(options), std::move(lock), days, std::move(found));
  state->start_threads();
  return std::unique_ptr<Log>(new Log(std::move(state)));
}

Status Log::begin_session(const dbn::Metadata& session, Nanos start) {
  State& state = *state_;
  if (session.version != dbn::kNewestVersion)
    return fail(Code::kUnsupported, "a session of DBN version {}, expected {}", session.version,
                dbn::kNewestVersion);
  if (session.dataset != state.options.dataset)
    return fail(Code::kConflict, "a session of dataset {}, but this is the log of {}",
                session.dataset, state.options.dataset);
  // The gateway's clock moves the day on, so that a week's first session is not begun in the last
  // week's.
  state.session_start = start;
  const Nanos known = state.clock;
  state.clock = std::max(known, start);
  Status put = state.append_marker(encode(SessionMarker{.start = start}, state.env.now()));
  if (!put) state.clock = known;
  return put;
}

Status Log::append(const dbn::RecordBlock& block) { return state_->append(block); }

Status Log::mark_gap(Nanos from, Nanos to, std::string_view reason) {
  return state_->append_marker(
      encode(GapMarker{.from = from, .to = to, .reason = std::string(reason)}, state_->env.now()));
}

Position Log::written() const {
  const std::lock_guard guard(state_->mutex);
  return state_->written;
}
Position Log::synced() const {
  const std::lock_guard guard(state_->mutex);
  return state_->synced;
}

Position Log::wait_written_beyond(const Position& seen, Nanos patience) const {
  std::unique_lock guard(state_->mutex);
  state_->advanced.wait_for(guard, chrono_of(patience),
                            [&] { return state_->over || state_->written > seen; });
  return state_->written;
}
Position Log::wait_synced_beyond(const Position& seen, Nanos patience) const {
  std::unique_lock guard(state_->mutex);
  state_->advanced.wait_for(guard, chrono_of(patience),
                            [&] { return state_->over || state_->synced > seen; });
  return state_->synced;
}

Nanos Log::newest_arrival() const { return state_->newest_arrival; }

Status Log::status() const {
  const std::lock_guard guard(state_->mutex);
  if (state_->sync_failure) return std::unexpected(*state_->sync_failure);
  if (state_->compress_failure) return std::unexpected(*state_->compress_failure);
  return {};
}

LogFigures Log::figures() const {
  const std::lock_guard guard(state_->mutex);
  return state_->figures;
}

const Recovery& Log::recovery() const { return state_->recovery; }

Status Log::sync() { return state_->commit_all(); }

Status Log::work_off() {
  Status all;
  for (bool did = true; did;) {
    Status one = state_->compress_next(did);
    if (!one) all = std::move(one);
  }
  return all;
}

Status Log::close() {
  State& state = *state_;
  if (state.closed) return {};
  state.stop_threads();
  {
    const std::lock_guard guard(state.mutex);
    if (state.current) state.closing.push_back(std::exchange(state.current, nullptr));
  }
  Status done = state.commit_all();
  if (!done) return done;
  state.closed = true;
  const std::lock_guard guard(state.mutex);
  state.over = true;
  state.advanced.notify_all();
  return {};
}

}  // namespace fm::capture
