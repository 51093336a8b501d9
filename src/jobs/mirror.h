// `frontmonth mirror`: the lake's files into the bucket and into BigQuery's tables, once or again
// and again.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/env.h"
#include "base/error.h"
#include "base/signals.h"
#include "google/mirror.h"
#include "jobs/cloud.h"

namespace fm::jobs {

struct MirrorJobOptions {
  std::string lake;
  std::string state_dir;       // empty: beside the lake
  std::int64_t keep_days = 0;  // see LakePlace
  std::string tables = {};     // empty: those that hold rows in the lake
  int upload_threads = 4;
  std::int64_t query_bytes_max = 0;  // that a MERGE may be billed
  bool watch = false;
  Nanos interval = 300 * kNanosPerSecond;  // from the end of a cycle to the next one
  bool garbage = false;                    // afterwards, remove objects that nothing needs
  bool dry_run = false;                    // only say what would be done
  bool forget = false;                     // begin as if nothing had been brought
};

// As the configuration says, once.
[[nodiscard]] MirrorJobOptions mirror_options(const Config& config);

struct MirrorReport {
  std::string destination;  // "gs://bucket/prefix project"
  std::uint64_t cycles = 0;
  bool stopped = false;        // by a signal
  google::CycleReport totals;  // of all cycles; problems, deferred and waiting of the last one
  std::optional<google::GarbageReport> garbage = {};
  std::optional<google::MirrorPlan> plan = {};  // of a dry run
  // Everything that the lake had is in the copies.
  [[nodiscard]] bool complete() const;
  // What keeps it from being so may pass.
  [[nodiscard]] bool may_pass() const;
};

// One process at a time works on a lake's mirror. Errors: kBusy for a second one; those of
// google::Mirror, of the lake and its state. What a table meets is in the report instead; with
// `watch`, so is what a whole cycle meets.
[[nodiscard]] Result<MirrorReport> run_mirror(Env& env, const MirrorJobOptions& options,
                                              CloudPlace& place, StopSignal& stop);

[[nodiscard]] std::string to_text(const MirrorReport& report);
[[nodiscard]] std::string to_json(const MirrorReport& report);

}  // namespace fm::jobs
