// One connection to the live gateway, from the greeting to the end. Private to the room.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "gateway/line_reader.h"
#include "gateway/live_clock.h"
#include "gateway/live_server.h"
#include "gateway/outbox.h"
#include "gateway/subscriptions.h"

namespace fm::gateway {

// What all sessions of a server share.
struct SessionContext {
  Env& env;
  std::shared_ptr<const Archive> archive;
  const LiveServerOptions& options;
  const LiveClock& clock;
  const std::atomic<bool>& stop;
  // Numbers sessions as they authenticate; fails the authentication when a fault says so.
  std::function<Result<std::uint64_t>()> admit;
};

struct SessionResult {
  std::uint64_t session = 0;  // 0: it did not authenticate
  bool was_started = false;
  std::uint64_t records = 0;
  Status end = {};  // why it ended; success: all was sent, or a fault ended it
};

// Runs it on the calling thread. `is_over_limit`: one client too many, which is told so.
[[nodiscard]] SessionResult run_session(const SessionContext& context, Socket& socket,
                                        bool is_over_limit);

// "GLBX.MDP3"-style answer of the handshake's proof: sha256("challenge|key") in hex.
[[nodiscard]] std::string cram_digest(std::string_view challenge, std::string_view key);

}  // namespace fm::gateway
