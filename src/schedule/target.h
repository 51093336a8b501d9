// Where alarms go: one place each, in the form that it understands.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "base/child_process.h"
#include "base/env.h"
#include "base/error.h"
#include "base/secret.h"
#include "jobs/config_lists.h"
#include "schedule/alarm_book.h"

namespace fm::schedule {

inline constexpr Nanos kDeliveryTimeout = 30 * kNanosPerSecond;

class Target {
 public:
  virtual ~Target() = default;
  // Errors: those of the way there; never with an address or a password that is a secret. Files
  // that hold secrets are read anew each time.
  [[nodiscard]] virtual Status send(const Notice& notice) = 0;
};

struct TargetPlace {
  Env& env;
  ChildStarter& starter;
  std::map<std::string, std::string, std::less<>> environment = {};  // of commands
  std::string host;                       // this machine's name, as alarms tell it
  std::function<bool()> is_stopped = {};  // ends what is under way
};

[[nodiscard]] std::unique_ptr<Target> make_target(const TargetPlace& place,
                                                  const jobs::TargetConfig& config);

// "[critical] ES candles_1m: no rows for 14 min", "cleared: …": one line.
[[nodiscard]] std::string headline(const Notice& notice);
// {"event":"raised","id":…,"rule":…,"severity":…,"subject":…,"text":…,"raised_at":"…Z","at":"…Z",
// "reminded":0,"host":…,"program":"frontmonth 1.2"}
[[nodiscard]] std::string webhook_body(const Notice& notice, const std::string& host);
[[nodiscard]] std::string slack_body(const Notice& notice, const std::string& host);
[[nodiscard]] std::string discord_body(const Notice& notice, const std::string& host);

}  // namespace fm::schedule
