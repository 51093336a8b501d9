// Failures of the historical service on order, for tests of its clients.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string_view>

#include "base/env.h"
#include "gateway/api_error.h"

namespace fm::gateway {

inline constexpr std::uint64_t kAlways = ~std::uint64_t{0};

struct HistoricalFaults {
  // A fault of bodies (get_range and downloads), in so many answers from the first one on.
  struct OfBodies {
    std::uint64_t times = 0;
    std::uint64_t after_bytes = 0;
  };
  OfBodies close;          // the connection ends after so many bytes
  OfBodies stall;          // nothing more comes after so many bytes
  OfBodies no_last_chunk;  // all bytes, and then the connection ends without saying so
  OfBodies open_frame;     // the zstd frame of get_range has no end, the answer has one
  std::uint64_t too_many_requests = 0;  // so many requests are answered 429
  std::uint64_t retry_after_s = 1;
  std::uint64_t server_errors = 0;  // so many requests are answered 500
  bool wrong_hash = false;          // of the data files in manifests and lists
  bool limits = false;              // the documented requests per second are held to

  // Takes one "--fault" word: http-close-after=BYTES, http-stall-after=BYTES, http-no-last-chunk,
  // http-open-frame (each with "*TIMES" behind it, else every time), http-429=TIMES[:SECONDS],
  // http-500=TIMES, http-wrong-hash, http-limits. False for a word that does not begin with
  // "http-". Errors: kInvalidArgument.
  [[nodiscard]] Result<bool> add(std::string_view word);
};

// The faults while the service runs.
class FaultRun {
 public:
  FaultRun(Env& env, const HistoricalFaults& faults);

  // What is answered instead of looking at the request.
  [[nodiscard]] std::optional<net::ServerResponse> instead(std::string_view method);
  // The answer with the faults of bodies that are due.
  [[nodiscard]] net::ServerResponse spoil(net::ServerResponse response);
  [[nodiscard]] bool leaves_frame_open();
  [[nodiscard]] bool wrong_hash() const { return faults_.wrong_hash; }

 private:
  [[nodiscard]] bool exceeds_limit(std::string_view method);

  Env& env_;
  const HistoricalFaults faults_;
  std::atomic<std::uint64_t> close_, stall_, no_last_chunk_, open_frame_, too_many_, errors_;
  struct Window {
    Nanos start = 0;
    std::uint64_t count = 0;
  };
  std::mutex mutex_;
  std::array<Window, 5> windows_;
};

}  // namespace fm::gateway
