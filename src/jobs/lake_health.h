// The lines of a health report out of a lake: what each root's tables hold, against what the
// calendar lets one expect now.
//
//   LakeHealth health(env, {.lake = dir, .state_dir = state, .universe_file = ""});
//   health.expect("candles_1m", {"ES", "NQ"});          // a feed of this process writes them
//   health.seen("candles_1m", "", second_of(env.now()));  // it is connected: no news is no delay
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/env.h"
#include "jobs/freshness.h"
#include "jobs/health.h"

namespace fm::jobs {

struct LakeHealthOptions {
  std::string lake;
  std::string state_dir;  // empty: beside the lake
  std::string universe_file;
};

class LakeHealth final : public HealthSource {
 public:
  LakeHealth(Env& env, const LakeHealthOptions& options);
  ~LakeHealth() override;

  // All from any thread.
  // Something keeps this table up to date for these roots, so that missing rows are missing even
  // where none has ever come. Replaces what was expected of the table. Without it a table counts as
  // kept up to date for kKeptFor behind its newest commit.
  void expect(std::string_view table, std::vector<std::string> roots);
  // Whatever there was to know of the table's rows up to this second is stored. An empty root is
  // every root.
  void seen(std::string_view table, std::string_view root, Second to);
  // A feed replays what is long past: its rows are judged as of then. Nothing: it does not.
  void replayed(std::optional<Second> clock);
  // A status record of a feed, as StatusMsg has it: while the exchange halts a contract, no rows
  // are no delay. Records that are in the lake are known anyway. Does not wait for a look at the
  // lake, for it is a feed's thread that tells.
  void status(std::string_view contract, Second at, std::int32_t action, std::int32_t reason);

  // Lines, disk, and why lines may be missing. Looks at the lake at most once a second, and then
  // only at roots and tables that changed.
  [[nodiscard]] HealthReport health() const override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace fm::jobs
