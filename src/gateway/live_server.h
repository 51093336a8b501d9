// A stand-in for Databento's live subscription gateway over an archive of files: the same protocol,
// record for record, for any live client. What it promises and where it differs from the real one:
// docs/replay.md.
//
//   FM_ASSIGN(const auto server, LiveServer::start(env, archive, {.port = 13000, .speed = 10}));
//   while (!server->wait_for(kNanosPerSecond) && !stop.requested()) {}
//   server->stop();
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/env.h"
#include "base/error.h"
#include "base/secret.h"
#include "gateway/archive.h"
#include "gateway/faults.h"

namespace fm::gateway {

inline constexpr std::uint16_t kLivePort = 13'000;
inline constexpr std::size_t kClientsMax = 64;
inline constexpr std::uint32_t kSpeedMax = 0;  // as fast as the client reads

// Waits that tests shorten.
struct LiveTiming {
  Nanos heartbeat_second = kNanosPerSecond;  // what a second of heartbeat_interval_s lasts
  Nanos authentication_max = 30 * kNanosPerSecond;
  Nanos idle_before_start_max = 3'600 * kNanosPerSecond;
  Nanos slow_after = kNanosPerSecond;  // a client this far behind reads slowly
  Nanos slow_warning_interval = 5 * kNanosPerSecond;
};

struct LiveServerOptions {
  std::string host = "127.0.0.1";
  std::uint16_t port = kLivePort;  // 0: any free one
  // kSpeedMax: every session has its own clock, begins at its smallest start or at the first
  // record, and is closed after the last. Else one clock for all, so many times as fast as real
  // time, which begins with the server at the files' earliest start.
  std::uint32_t speed = 1;
  bool once = false;               // end after the first session that was started
  std::optional<Secret> key = {};  // without one, every key is taken
  FaultSpec faults = {};
  std::uint64_t seed = 1;  // of the faults
  LiveTiming timing = {};
};

struct LiveStats {
  std::uint64_t connections = 0;
  std::uint64_t sessions = 0;  // that authenticated
  std::uint64_t records = 0;   // of market data, sent by sessions that have ended
  std::size_t clients = 0;     // connected now
};

class LiveServer {
 public:
  // Listens, and serves on threads of its own ("fm-gateway" and one per client). Errors: those of
  // Env::listen.
  [[nodiscard]] static Result<std::unique_ptr<LiveServer>> start(
      Env& env, std::shared_ptr<const Archive> archive, LiveServerOptions options);
  ~LiveServer();  // stops
  LiveServer(const LiveServer&) = delete;
  LiveServer& operator=(const LiveServer&) = delete;

  [[nodiscard]] std::uint16_t port() const;
  // True as soon as the server has ended by itself (`once`, or a listener that failed); false when
  // it has not for so long. From any thread.
  [[nodiscard]] bool wait_for(Nanos patience);
  // Ends every session and waits for their threads.
  void stop();
  [[nodiscard]] LiveStats stats() const;
  // The sessions' present, where one clock is for all: what ts_out is stamped with.
  [[nodiscard]] Nanos now() const;

 private:
  struct State;
  explicit LiveServer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace fm::gateway
