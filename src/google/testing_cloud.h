// A double of the services, a lake and a clock that only sleeping moves, for tests of this room.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/testing_fault_env.h"
#include "base/testing_forwarding_env.h"
#include "fakegcp/cloud.h"
#include "google/mirror.h"
#include "google/tokens.h"
#include "lake/lake.h"
#include "ops/state.h"

namespace fm::google {

// What a killed process throws: nothing catches it but the test.
struct Killed {};

// Its clock is moved by sleeping alone; equal seeds give equal random numbers. Dies at the n-th
// look at the clock or request, which lie around every step that the mirror takes.
class SteppedEnv final : public ForwardingEnv {
 public:
  SteppedEnv(Nanos now, std::uint64_t seed) : now_(now), random_(seed) {}
  Nanos now() override {
    step();
    return now_;
  }
  Nanos monotonic() override { return now_; }
  void sleep_for(Nanos duration) override { now_ += duration; }
  std::uint64_t random() override;

  [[nodiscard]] Nanos peek() const { return now_; }
  void kill_at(std::uint64_t step) { steps_left_ = step; }
  void spare() { steps_left_ = 0; }
  void step();

 private:
  Nanos now_;
  std::uint64_t random_;
  std::uint64_t steps_left_ = 0;  // 0: lives
};

// The same clock for the services, which live on when the process dies.
class ServiceEnv final : public ForwardingEnv {
 public:
  explicit ServiceEnv(SteppedEnv& env) : env_(&env) {}
  Nanos now() override { return env_->peek(); }
  Nanos monotonic() override { return env_->peek(); }
  void sleep_for(Nanos duration) override { env_->sleep_for(duration); }

 private:
  SteppedEnv* env_;
};

class CloudTransport final : public Transport {
 public:
  CloudTransport(SteppedEnv& env, fakegcp::Cloud& cloud) : env_(&env), cloud_(&cloud) {}
  // Dies before or after the request; a broken connection is kDisconnected.
  Result<net::HttpResponse> send(const net::HttpRequest& request) override;

 private:
  SteppedEnv* env_;
  fakegcp::Cloud* cloud_;
};

inline constexpr std::string_view kProject = "market-4711";
inline constexpr std::string_view kBucket = "market-lake";

// A cloud with the project's bucket, datasets and one service account.
class TestCloud {
 public:
  explicit TestCloud(std::uint64_t seed = 1);

  [[nodiscard]] TransportFactory transports();
  [[nodiscard]] Credentials credentials() const;
  [[nodiscard]] Endpoints endpoints() const;
  [[nodiscard]] MirrorOptions options() const;
  // A process: dies with Killed, and another one opens the same lake and state.
  struct Process {
    std::unique_ptr<lake::Lake> lake;
    std::unique_ptr<ops::State> state;
    std::unique_ptr<Tokens> tokens;
    std::unique_ptr<Mirror> mirror;
  };
  [[nodiscard]] Result<Process> start(MirrorOptions options);

  // The rows of a table as texts, sorted, without bookkeeping columns: in the copy, in the lake.
  [[nodiscard]] std::vector<std::string> copied(const table::Table& table);
  [[nodiscard]] std::vector<std::string> stored(const table::Table& table);

  // Names of the objects in the bucket, but for the one that says whose it is.
  [[nodiscard]] std::vector<std::string> objects() const;
  // Whole folders, while no process has them: "lake", "state".
  void copy_folder(const std::string& from, const std::string& to);

  TestDirectory directory;
  std::string lake_folder = "lake";
  std::string state_folder = "state";
  SteppedEnv env;
  ServiceEnv service_env;
  std::unique_ptr<fakegcp::Cloud> cloud;

 private:
  std::string key_;
};

}  // namespace fm::google
