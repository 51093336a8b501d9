// Going on after a reconnection without losing a record or keeping one twice (a gateway replays by
// ts_event, so it sends again what the log's tail already holds).
//
//   FM_ASSIGN(auto filter, ResumeFilter::build(env, directory));   // log.sync() before
//   if (filter) subscribe(start = filter->start());
//   … FM_TRY(log.append(filter->filter(block)));                   // until filter->done()
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/env.h"
#include "base/error.h"
#include "base/time.h"
#include "dbn/record_view.h"

namespace fm::capture {

struct ResumeOptions {
  Nanos window = 90 * kNanosPerSecond;
  // At most so many kept records are compared (48 bytes each at worst, 96 MiB in all); where the
  // window holds more, it begins later, and the program's log says so.
  std::uint64_t records_max = std::uint64_t{1} << 21;
  // A replay reaches back no further; what arrived earlier cannot come again.
  Nanos replay_reach = 25 * 3600 * kNanosPerSecond;
};

class ResumeFilter {
 public:
  // Reads the end of the log, as far as its index says that it must. Nothing when the log holds no
  // record to go on from. Errors: those of reading the log.
  [[nodiscard]] static Result<std::optional<ResumeFilter>> build(Env& env,
                                                                 const std::string& directory,
                                                                 ResumeOptions options = {});
  ~ResumeFilter();
  ResumeFilter(ResumeFilter&&) noexcept;
  ResumeFilter& operator=(ResumeFilter&&) noexcept;

  // What to ask the gateway for: newest_event() − window.
  [[nodiscard]] Nanos start() const;
  // The newest ts_event kept, leaving out records that claim to be more than a second later than
  // their arrival.
  [[nodiscard]] Nanos newest_event() const;
  [[nodiscard]] Nanos newest_arrival() const;

  // The records of the block that are new, in order: the block itself, or in the filter's own
  // memory until the next call. Records are compared by their bytes without ts_out; each kept one
  // takes away one. Mappings, system and error records always pass.
  [[nodiscard]] dbn::RecordBlock filter(const dbn::RecordBlock& block);

  // Nothing that was kept can come any more: all of it has come, or the replay is `window` past
  // newest_event(). The memory is freed then, and every block passes whole.
  [[nodiscard]] bool done() const;
  [[nodiscard]] std::uint64_t records_kept() const;     // that build() found from start() on
  [[nodiscard]] std::uint64_t records_dropped() const;  // by filter() so far

 private:
  struct State;
  explicit ResumeFilter(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace fm::capture
