// Polling one-minute bars, and the mirror, as parts of `frontmonth up`.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "app/part.h"
#include "base/secret.h"
#include "jobs/config.h"
#include "jobs/lake_health.h"
#include "jobs/mirror_follower.h"
#include "jobs/poll.h"

namespace fm::app {

class PollPart final {
 public:
  // For poll.roots. Errors: kInvalidArgument for roots that cannot be; those of retention.
  [[nodiscard]] static Result<std::unique_ptr<PollPart>> create(Env& env, StopSignal& stop,
                                                                const jobs::Config& config,
                                                                const Variables& variables,
                                                                jobs::LakeHealth& lake_health);
  [[nodiscard]] Part& part() { return part_; }
  [[nodiscard]] jobs::PartHealth health() const;

 private:
  PollPart(Env& env, StopSignal& stop, const jobs::Config& config, const Variables& variables,
           jobs::PollOptions options, jobs::LakeHealth& lake_health);
  [[nodiscard]] Status run();
  void polled(const jobs::PollReport& report, std::optional<Nanos> available_to);

  Env& env_;
  StopSignal& stop_;
  const jobs::Config config_;
  const Variables variables_;
  jobs::PollOptions options_;
  std::optional<Secret> database_;
  jobs::LakeHealth& lake_health_;
  mutable std::mutex mutex_;
  std::optional<jobs::PollReport> report_;
  Second polled_at_ = 0;
  Part part_;
};

class MirrorPart final {
 public:
  MirrorPart(Env& env, StopSignal& stop, const jobs::Config& config, const Variables& variables);
  [[nodiscard]] Part& part() { return part_; }
  [[nodiscard]] jobs::PartHealth health() const;

 private:
  [[nodiscard]] Status run();

  Env& env_;
  StopSignal& stop_;
  const jobs::Config config_;
  const Variables variables_;
  mutable std::mutex mutex_;
  std::unique_ptr<jobs::MirrorFollower> follower_;  // null: not begun
  Part part_;
};

}  // namespace fm::app
