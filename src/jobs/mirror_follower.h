// The mirror beside a feed that writes the lake: a thread of its own ("fm-mirror"), so that nothing
// that happens to it delays the feed.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/env.h"
#include "base/error.h"
#include "jobs/cloud.h"
#include "jobs/mirror.h"

namespace fm::jobs {

struct MirrorFigures {
  bool is_on = false;
  std::string destination;
  std::uint64_t cycles = 0;
  std::uint64_t rows_loaded = 0;
  std::uint64_t files_waiting = 0;
  std::optional<Nanos> oldest_waiting;  // when the mirror learned of the first of them
  std::string last_error;               // of the last cycle; empty where it went well
};

class MirrorFollower {
 public:
  // Begins at once, and goes on every options.interval, whatever happens to a cycle.
  MirrorFollower(Env& env, MirrorJobOptions options, CloudPlace place);
  ~MirrorFollower();  // stops
  MirrorFollower(const MirrorFollower&) = delete;
  MirrorFollower& operator=(const MirrorFollower&) = delete;

  // From any thread.
  [[nodiscard]] MirrorFigures figures() const;
  // Ends the thread after one more cycle, which finds everything that is stored by now. Errors:
  // what keeps the copies from being complete.
  [[nodiscard]] Status finish();
  // Ends the thread with the request under way.
  void stop();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Where google.mirror is on: started. Errors: those of open_cloud_with_bucket().
[[nodiscard]] Result<std::unique_ptr<MirrorFollower>> start_mirror(Env& env,
                                                                   const Variables& variables,
                                                                   const Config& config);

}  // namespace fm::jobs
