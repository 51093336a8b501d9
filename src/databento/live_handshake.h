// What the two sides say to each other before the records come: lines of key=value, joined by '|'.
// Private to LiveSession and its tests.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/env.h"
#include "base/error.h"
#include "base/secret.h"
#include "databento/live_session.h"

namespace fm::databento {

// No gateway says more in one line.
inline constexpr std::size_t kControlLineBytesMax = 16 << 10;

// The values of one control line; views into it.
class ControlLine {
 public:
  explicit ControlLine(std::string_view line);
  [[nodiscard]] std::optional<std::string_view> find(std::string_view key) const;

 private:
  std::vector<std::pair<std::string_view, std::string_view>> values_;
};

// Reads control lines off a socket, all before one deadline.
class ControlReader {
 public:
  ControlReader(Env& env, Socket& socket, Nanos patience)
      : env_(&env), socket_(&socket), deadline_(env.monotonic() + patience) {}

  // Without its line feed. Errors: kTimedOut, kDisconnected (also for a clean close), kCorrupt for
  // a line that is too long.
  [[nodiscard]] Result<std::string> next();
  [[nodiscard]] Nanos time_left() const;
  // What came behind the last line.
  [[nodiscard]] std::string rest() && { return std::move(buffer_); }

 private:
  Env* env_;
  Socket* socket_;
  Nanos deadline_;
  std::string buffer_;
};

// Errors: kInvalidArgument, for anything that could not be said in a line or that no gateway takes.
[[nodiscard]] Status check(const LiveOptions& options);

// The answer to the gateway's challenge: what proves the key without sending it, and the options.
// Errors: kInvalidArgument for what cannot be a key.
[[nodiscard]] Result<std::string> authentication_line(const Secret& key, std::string_view challenge,
                                                      const LiveOptions& options);
// All subscriptions and the start of the session.
[[nodiscard]] std::string subscription_lines(const LiveOptions& options,
                                             std::optional<Nanos> start);

// Everything up to and with the start of the session; returns the session's id. Errors as
// LiveSession::open.
[[nodiscard]] Result<std::string> shake_hands(ControlReader& reader, Socket& socket,
                                              const Secret& key, const LiveOptions& options,
                                              std::optional<Nanos> start);

}  // namespace fm::databento
