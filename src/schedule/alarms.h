// Alarms, from what is wrong to who is told: rules over the health report and ops.sqlite, a book
// that survives restarts (STATE/alarms.json), and deliveries that are tried until they arrive.
//
//   Alarms alarms(env, ChildStarter::posix(), options, sources);
//   alarms.start();     // threads "fm-alarms" and "fm-deliver"
//   … alarms.add_to(report);
//   alarms.stop();
//
// What goes to a target goes in order; a delivery that fails is tried again, at first after five
// seconds, later every ten minutes, for a day.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/child_process.h"
#include "base/env.h"
#include "base/secret.h"
#include "jobs/config.h"
#include "jobs/health.h"
#include "ops/state.h"
#include "schedule/alarm_book.h"
#include "schedule/alarm_rules.h"
#include "schedule/job.h"
#include "schedule/target.h"

namespace fm::schedule {

inline constexpr std::size_t kPendingMax = 1'000;  // of a target; older ones are given up

[[nodiscard]] std::string alarm_file(std::string_view state_dir);

struct AlarmSettings {
  AlarmRules rules;
  BookOptions book;
  std::vector<jobs::TargetConfig> targets;
};
[[nodiscard]] AlarmSettings alarm_settings(const jobs::Config& config);

struct AlarmOptions {
  std::string state_dir;
  AlarmSettings settings;
  Variables environment = {};               // of commands
  Nanos interval = 10 * kNanosPerSecond;    // between looks
  Nanos first_retry = 5 * kNanosPerSecond;  // doubles
  Nanos retry_max = 600 * kNanosPerSecond;
  Nanos give_up_after = kNanosPerDay;
};

// What is asked, from the thread of the alarms.
struct AlarmSources {
  std::function<jobs::HealthReport()> health;
  std::function<std::vector<JobState>()> jobs = {};
};

struct TargetFigures {
  std::string name;
  std::size_t pending = 0;
  std::uint64_t delivered = 0;
  std::uint64_t failures = 0;
  std::uint64_t given_up = 0;
  std::string last_error;  // of the delivery in hand; empty: none
  std::optional<Second> last_error_at;
};

class Alarms {
 public:
  Alarms(Env& env, ChildStarter& starter, AlarmOptions options, AlarmSources sources);
  ~Alarms();  // stops
  Alarms(const Alarms&) = delete;
  Alarms& operator=(const Alarms&) = delete;

  void start();
  // What is not delivered yet stays in the file, for the next one.
  void stop();

  // From any thread.
  void set(AlarmSettings settings);
  // The alarms that are raised, and the deliveries as the part "alarms".
  void add_to(jobs::HealthReport& report) const;
  [[nodiscard]] std::vector<TargetFigures> figures() const;

 private:
  struct Route;

  void watch();
  void look();
  void deliver();
  bool deliver_once();
  void delivered(Route& route, const Status& sent);
  [[nodiscard]] jobs::Delivery delivery_of(const std::string& id) const;
  void take_routes(const std::vector<jobs::TargetConfig>& targets);
  void enqueue(const Notice& notice);
  void load();
  void save();
  [[nodiscard]] Result<Happenings> happened(Nanos now);
  [[nodiscard]] TargetPlace place();

  Env& env_;
  ChildStarter& starter_;
  const AlarmOptions options_;
  const AlarmSources sources_;
  std::optional<ops::State> state_;  // of the watching thread
  std::string state_problem_;        // told once

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  AlarmSettings settings_;
  AlarmBook book_;
  std::vector<std::unique_ptr<Route>> routes_;
  std::string saved_;  // the file's content
  bool stopping_ = false;
  std::atomic<bool> is_stopping_ = false;  // the same, for whoever cannot wait for the mutex
  std::thread watcher_, deliverer_;
};

// Sends a test to every target, or to the named one. Errors: kNotFound for a name that is not
// configured.
struct TestedTarget {
  std::string name;
  std::string kind;
  Status sent;
};
[[nodiscard]] Result<std::vector<TestedTarget>> test_targets(Env& env, ChildStarter& starter,
                                                             const jobs::Config& config,
                                                             const Variables& variables,
                                                             std::string_view only);
// What the file of a state folder holds; nothing where there is none. Errors: kCorrupt, kIo.
[[nodiscard]] Result<AlarmFile> read_alarms(Env& env, std::string_view state_dir);

}  // namespace fm::schedule
