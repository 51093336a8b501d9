// What the live feed is measured with: gateways, inputs and a clock.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "base/env.h"
#include "base/error.h"
#include "base/testing_forwarding_env.h"
#include "gateway/live_server.h"
#include "jobs/live.h"
#include "rows.h"

namespace fm::bench {

// Sends one session the bytes of a DBN file, as fast as they are taken, whatever it asks for: a
// gateway that costs next to nothing.
class PlainGateway {
 public:
  // `file` outlives it. Errors: those of Env::listen.
  [[nodiscard]] static Result<std::unique_ptr<PlainGateway>> start(Env& env,
                                                                   std::span<const std::byte> file);
  ~PlainGateway();
  [[nodiscard]] std::uint16_t port() const { return listener_->port(); }

 private:
  PlainGateway(std::unique_ptr<Listener> listener, std::span<const std::byte> file);
  [[nodiscard]] Status serve();

  std::unique_ptr<Listener> listener_;
  std::span<const std::byte> file_;
  std::thread thread_;
};

// frontmonth's own gateway over one file. Errors: those of Archive and LiveServer.
[[nodiscard]] Result<std::unique_ptr<gateway::LiveServer>> serve_file(Env& env,
                                                                      const std::string& path,
                                                                      std::uint32_t speed);

// A feed of ES, NQ, CL and GC from a gateway on this machine, from its beginning on.
[[nodiscard]] jobs::LiveJobOptions feed_from(std::uint16_t port, const std::string& lake);

// A folder that is empty at first and gone at the end.
class ScratchFolder {
 public:
  [[nodiscard]] static Result<std::shared_ptr<const ScratchFolder>> create(const Context& context);
  ~ScratchFolder();
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  [[nodiscard]] std::string operator/(const std::string& name) const { return join(path_, name); }

 private:
  ScratchFolder(Env& env, std::string path) : env_(env), path_(std::move(path)) {}
  Env& env_;
  std::string path_;
};

// An API key that every gateway here takes, and a file that holds it.
inline constexpr const char* kKey = "db-00000000000000000000000000000";
[[nodiscard]] Result<std::string> key_file(Env& env, const ScratchFolder& folder);

// The clock of a gateway that replays another day in real time.
class ReplayedDay final : public ForwardingEnv {
 public:
  explicit ReplayedDay(const gateway::LiveServer& gateway) : gateway_(gateway) {}
  Nanos now() override { return gateway_.now(); }
  Result<std::unique_ptr<Socket>> connect(const std::string& host, std::uint16_t port,
                                          Nanos patience) override;
  // When the newest bytes came off a socket. By the thread that reads them.
  [[nodiscard]] Nanos last_read() const { return last_read_; }

 private:
  const gateway::LiveServer& gateway_;
  Nanos last_read_ = 0;
};

// The first records of a file, as many as there are or `records`, into another. With an `interval`,
// they arrive so far apart from the first one's arrival on.
[[nodiscard]] Status copy_first(Env& env, const std::string& from, const std::string& to,
                                std::uint64_t records, Nanos interval = 0);

}  // namespace fm::bench
