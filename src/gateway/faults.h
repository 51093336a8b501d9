// Failures on order, so that clients can be tested against them. A specification is a list:
//
//   drop@1000,half@50000,stall@60000:5s       the first session breaks after 1,000 records, the
//                                             second within record 50,001, the third falls silent
//   drop@500-90000#*                          every session, after a number that the seed draws
//   refuse:2,auth:1,aged:2025-06-10T14:00:00Z the server's own
//
//   FAULT = KIND [@ AT] [: ARGUMENT] [# SESSIONS]     FAULTS are joined by commas
//   AT = N | FROM-TO                                  records of market data; drawn from a range
//   SESSIONS = N | FROM-TO | *                        sessions count from 1 as they authenticate
//
// Without SESSIONS the i-th fault of a session in the list is for the i-th session.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/time.h"

namespace fm::gateway {

enum class FaultKind {
  kDrop,       // drop@N         after N records the connection breaks, a zstd frame unfinished
  kReset,      // reset@N        as drop, but the client finds the connection reset, not ended
  kEof,        // eof@N          after N records the session ends cleanly
  kHalf,       // half@N         N records, half of the next one, then the connection breaks
  kStall,      // stall@N:5s     after N records nothing is sent for so long, no heartbeat either
  kDuplicate,  // dup@N[:K]      after N records the last K (1) come again; in replay only
  kCorrupt,    // corrupt@N      one byte of record N is another
  kError,      // error@N:CODE   after N records an error record with this code, then the end
  kRefuse,     // refuse:N       the first N connections are closed before the greeting
  kAuth,       // auth:N         the first N authentications fail
  kAged,       // aged:TIME      replay from before TIME (or a duration such as 24h before the
               //                virtual now): error 8, and replay begins there
};
[[nodiscard]] std::string_view name(FaultKind kind);

inline constexpr std::size_t kFaultsMax = 1'000;
inline constexpr std::uint64_t kDuplicatesMax = 10'000;

struct Fault {
  FaultKind kind{};
  std::uint64_t at_from = 0;  // inclusive, as at_to
  std::uint64_t at_to = 0;
  std::uint64_t count = 0;         // records to repeat, error code, connections
  Nanos duration = 0;              // of a stall; of an age that is no moment
  Nanos moment = 0;                // of an age
  std::uint64_t session_from = 1;  // inclusive, as session_to
  std::uint64_t session_to = ~std::uint64_t{0};
};

// What one session will meet, by record.
struct PlannedFault {
  FaultKind kind{};
  std::uint64_t at = 0;
  std::uint64_t count = 0;
  Nanos duration = 0;
  std::uint64_t draw = 0;  // for what the fault leaves to chance
};

class FaultSpec {
 public:
  FaultSpec() = default;  // no faults
  // Errors: kInvalidArgument, with what was expected.
  [[nodiscard]] static Result<FaultSpec> parse(std::string_view text);

  // Sorted by record; the same for the same seed. Sessions count from 1.
  [[nodiscard]] std::vector<PlannedFault> plan(std::uint64_t session, std::uint64_t seed) const;
  [[nodiscard]] std::uint64_t refusals() const { return refusals_; }
  [[nodiscard]] std::uint64_t auth_failures() const { return auth_failures_; }
  // Replay from before the result has aged out; nothing when none does.
  [[nodiscard]] std::optional<Nanos> oldest_start(std::uint64_t session, Nanos now) const;
  [[nodiscard]] bool empty() const {
    return faults_.empty() && refusals_ == 0 && auth_failures_ == 0;
  }

 private:
  std::vector<Fault> faults_;
  std::uint64_t refusals_ = 0;
  std::uint64_t auth_failures_ = 0;
};

}  // namespace fm::gateway
