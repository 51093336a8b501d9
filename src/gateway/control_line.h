// What live clients say: lines of key=value joined by '|', ended by a line feed.
// Source: Databento's live API, protocol version 0.7.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/time.h"
#include "dbn/enums.h"

namespace fm::gateway {

inline constexpr std::size_t kControlLineBytesMax = std::size_t{256} << 10;
inline constexpr int kHeartbeatIntervalMin_s = 5;
inline constexpr int kHeartbeatIntervalMax_s = 1'800;
inline constexpr int kHeartbeatIntervalDefault_s = 30;

enum class Encoding { kDbn, kJson };
enum class SlowReader { kDefault, kWarn, kSkip };

struct AuthRequest {
  std::string digest;  // 64 hex digits, lower case
  std::string bucket;  // the key's last five characters
  std::string dataset;
  Encoding encoding = Encoding::kDbn;
  bool zstd = false;
  bool ts_out = false;
  bool pretty_px = false;  // of json
  bool pretty_ts = false;
  int heartbeat_interval_s = kHeartbeatIntervalDefault_s;
  SlowReader slow_reader = SlowReader::kDefault;
  std::string client;
};

struct SubscribeRequest {
  dbn::Schema schema{};
  dbn::SType stype_in = dbn::SType::kRawSymbol;
  std::vector<std::string> symbols;
  std::optional<Nanos> start;  // 0: everything there is
  bool snapshot = false;
  std::optional<std::uint32_t> id;
  bool is_last = true;
};

enum class LineKind { kStart, kSubscribe };

// The pairs of a line in their order, views into it. Errors: kInvalidArgument for a part without
// '=' or key, and for a key that comes twice.
using Pairs = std::vector<std::pair<std::string_view, std::string_view>>;
[[nodiscard]] Result<Pairs> parse_pairs(std::string_view line);

// Lines come without their line feed; unknown keys are ignored, keys may come in any order.
// Errors: kInvalidArgument, worded for the other side: without '|' and line feeds.
[[nodiscard]] Result<AuthRequest> parse_auth(std::string_view line);
[[nodiscard]] Result<SubscribeRequest> parse_subscribe(std::string_view line);
// "start_session" and "start_session=0"; anything else is taken for a subscription.
[[nodiscard]] LineKind kind_of(std::string_view line);

// A moment as clients write it: nanoseconds as an integer, a date, or ISO 8601 with or without
// seconds, fraction and zone (Z or ±hh:mm; UTC without). Errors: kInvalidArgument.
[[nodiscard]] Result<Nanos> parse_moment(std::string_view text);

}  // namespace fm::gateway
