// What goes wrong, and when: a seeded schedule, or exact faults on order.
//
//   faults.script("bigquery.jobs.insert", 3, Fault::kReplyLost);   // the third from now on
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace fm::fakegcp {

enum class Fault : std::uint8_t {
  kNone,
  kRequestLost,     // the connection breaks before anything took effect
  kReplyLost,       // it took effect; the connection breaks instead of the answer
  kTooMany,         // 429, at times with Retry-After
  kInternal,        // 500
  kBadGateway,      // 502, with a page of HTML
  kUnavailable,     // 503, at times with Retry-After
  kUnauthorized,    // 401; every token given out so far is revoked
  kRequestTimeout,  // 408
  kTimedOut,        // 504 after it took effect
  kSlowBody,        // the answer comes, late
  kTwice,           // applied twice; the second answer is the one that comes
  kPartialChunk,    // of an upload: a part is kept, then the connection breaks
  kJobBackend,      // of a job: it ends with backendError; of the rest: nothing
  kJobInternal,     // … internalError
  kJobRateLimit,    // … rateLimitExceeded
};
[[nodiscard]] std::string_view name(Fault fault);

struct FaultDecision {
  Fault fault = Fault::kNone;
  std::uint64_t draw = 0;  // for what is random within the fault
};

class FaultSchedule {
 public:
  // Each request fails with probability `rate` (0 … 1); equal seeds, equal faults.
  FaultSchedule(std::uint64_t seed, double rate);

  // The n-th request (1 = next) of this kind from now on; "" is any kind.
  void script(std::string kind, std::uint64_t n, Fault fault);
  void stop();  // no faults from now on
  void start(std::uint64_t seed, double rate);

  [[nodiscard]] FaultDecision decide(std::string_view kind);
  // For all that is random in the fake besides faults, so that a seed decides everything.
  [[nodiscard]] std::uint64_t draw();
  [[nodiscard]] const std::map<std::string, std::uint64_t, std::less<>>& seen() const {
    return seen_;
  }

 private:
  struct Scripted {
    std::string kind;
    std::uint64_t left;
    Fault fault;
  };
  std::uint64_t state_;
  double rate_;
  std::vector<Scripted> scripted_;
  std::map<std::string, std::uint64_t, std::less<>> seen_;  // faults by their name
};

}  // namespace fm::fakegcp
