// One connection to a Databento live gateway: from the handshake to the last record.
//
//   FM_ASSIGN(const auto session, LiveSession::open(env, key, options, start));
//   for (;;) {
//     FM_ASSIGN(const dbn::RecordBlock block, session->next());
//     if (block.empty()) break;                       // the gateway closed
//     for (const dbn::RecordView record : block) …
//   }
//
// A session ends for good; whoever wants to stay connected opens the next one, at the pace that
// backoff.h gives. Source: Databento's live API, protocol version 0.7.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/env.h"
#include "base/error.h"
#include "base/secret.h"
#include "base/time.h"
#include "dbn/enums.h"
#include "dbn/metadata.h"
#include "dbn/record_view.h"

namespace fm::databento {

inline constexpr std::uint16_t kLivePort = 13'000;
// Longer lists go out as several requests with the same id.
inline constexpr std::size_t kSymbolsPerRequest = 500;
// What a subscription may name, as the gateway documents it.
inline constexpr std::size_t kSymbolsMax = 2'000;
inline constexpr std::size_t kSubscriptionsMax = 64;
inline constexpr int kHeartbeatIntervalMin_s = 5;
inline constexpr int kHeartbeatIntervalMax_s = 1'800;
inline constexpr Nanos kHeartbeatGrace = 5 * kNanosPerSecond;

struct Subscription {
  dbn::Schema schema = dbn::Schema::kTbbo;
  dbn::SType stype_in = dbn::SType::kParent;
  std::vector<std::string> symbols;  // {"ALL_SYMBOLS"} for everything
};

enum class Encoding {
  kDbn,
  kJson,  // tbbo, bars, status, statistics, definitions, and what the gateway itself says
};

// What the gateway does when this side reads too slowly.
enum class SlowReader {
  kDefault,  // as the gateway has it for each schema
  kWarn,     // a system record warns; nothing is left out
  kSkip,     // records are left out; an error record with code 7 marks the hole
};

struct LiveOptions {
  std::string host;  // empty: the dataset's own gateway, "glbx-mdp3.lsg.databento.com"
  std::uint16_t port = kLivePort;
  std::string dataset;  // "GLBX.MDP3"
  std::vector<Subscription> subscriptions;
  Encoding encoding = Encoding::kDbn;
  bool zstd = false;
  bool ts_out = false;  // every record ends in the time at which the gateway sent it
  int heartbeat_interval_s = 30;
  SlowReader slow_reader = SlowReader::kDefault;
  std::string client = "frontmonth";  // what this side calls itself
  Nanos connect_patience = 10 * kNanosPerSecond;
  Nanos authentication_patience = 30 * kNanosPerSecond;  // for all of the handshake
  // How long the stream may be silent; 0: the heartbeat interval and kHeartbeatGrace.
  Nanos silence_max = 0;
};

// "GLBX.MDP3" → "glbx-mdp3.lsg.databento.com"
[[nodiscard]] std::string gateway_host(std::string_view dataset);

class LiveSession {
 public:
  // Resolves the name anew, connects, authenticates, subscribes (all subscriptions with `start`
  // when there is one; 0 is everything that the gateway still has), starts, and reads the metadata.
  // `stop` ends the handshake with kDisconnected, except while the connection is being made.
  //
  // Errors: kInvalidArgument for options that no gateway takes; kDisconnected and kTimedOut, both
  // retryable; kRefused with the gateway's words, retryable when they speak of something that
  // passes (a connection limit, an internal error); kCorrupt when the other side is no gateway. No
  // message holds the key.
  [[nodiscard]] static Result<std::unique_ptr<LiveSession>> open(Env& env, const Secret& key,
                                                                 const LiveOptions& options,
                                                                 std::optional<Nanos> start,
                                                                 const std::stop_token& stop = {});
  ~LiveSession();
  LiveSession(const LiveSession&) = delete;
  LiveSession& operator=(const LiveSession&) = delete;

  // Of version 3. The JSON encoding sends none: there it is what the options say, and `start` is
  // this side's clock when the session started.
  [[nodiscard]] const dbn::Metadata& metadata() const;
  [[nodiscard]] const std::string& session_id() const;
  [[nodiscard]] const std::string& peer() const;  // "203.0.113.7:13000"

  // The next records, of version 3, in the session's own memory until the next call; waits for
  // them, and gives them out as they come. An empty block: the gateway closed cleanly. Heartbeats,
  // mappings and errors of the gateway are records like any other.
  //
  // Errors, the same on every further call: kTimedOut when nothing, not even a heartbeat, came for
  // silence_max; kDisconnected; kTruncated when the stream ended within a record or a zstd frame;
  // kCorrupt. All are retryable: everything before them was given out, and a new session continues.
  [[nodiscard]] Result<dbn::RecordBlock> next();

  // From any thread: next() ends with kDisconnected.
  void stop();

  [[nodiscard]] std::uint64_t bytes_received() const;  // off the wire, after the handshake
  // Lines of the JSON encoding that were neither a record nor a message, and were left out.
  [[nodiscard]] std::uint64_t malformed_lines() const;

 private:
  struct State;
  explicit LiveSession(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// Why a gateway ends a session that it had let in.
enum class Closing {
  kAuthentication,   // the key is unknown or deactivated: codes 1 and 2
  kConnectionLimit,  // code 3; passes when another session ends
  kRequest,          // code 5: a subscription that is not valid
  kInternal,         // code 6; passes
  kAgedOut,          // code 8: `start` lies before what the gateway still has
};

struct ClosingError {
  Closing why;
  std::string message;  // the gateway's
};

// Whether a record says that the gateway ends the session with it. Codes 4 (a symbol that does not
// resolve) and 7 (records skipped) do not.
[[nodiscard]] std::optional<ClosingError> closing_error(dbn::RecordView record);
// For these the same session, opened later, may live.
[[nodiscard]] bool passes(Closing why);

}  // namespace fm::databento
