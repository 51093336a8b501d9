// The mirror of one lake, kept open from cycle to cycle. Inside.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "base/env.h"
#include "base/error.h"
#include "google/mirror.h"
#include "jobs/cloud.h"
#include "jobs/mirror.h"
#include "lake/lake.h"
#include "ops/state.h"

namespace fm::jobs {

class MirrorRun {
 public:
  MirrorRun(Env& env, const MirrorJobOptions& options, CloudPlace& place,
            std::function<bool()> is_stopped)
      : env_(env), options_(options), place_(place), is_stopped_(std::move(is_stopped)) {
    report_.destination = place.destination.name();
  }

  // Opens what is not open, and brings what is new. After an error the next cycle opens all anew;
  // what the error was stands in the report.
  [[nodiscard]] Status cycle();
  // Only says, in the report, what a cycle would do.
  [[nodiscard]] Status plan();
  [[nodiscard]] Status collect_garbage();
  [[nodiscard]] MirrorReport& report() { return report_; }

 private:
  [[nodiscard]] Status open();
  [[nodiscard]] Status open_mirror();
  void add(google::CycleReport cycle);

  Env& env_;
  const MirrorJobOptions& options_;
  CloudPlace& place_;
  std::function<bool()> is_stopped_;
  std::unique_ptr<lake::Lake> lake_;
  std::unique_ptr<FileLock> lock_;
  std::optional<ops::State> state_;
  std::vector<const table::Table*> tables_;
  std::unique_ptr<google::Mirror> mirror_;
  bool forgotten_ = false;
  MirrorReport report_;
};

}  // namespace fm::jobs
