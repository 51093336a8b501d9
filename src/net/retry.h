// Trying again, with patience.
//
//   FM_ASSIGN(const HttpResponse answer,
//             with_retries(env, policy, [&] { return client->send(request); }));
#pragma once

#include <functional>
#include <optional>
#include <string_view>

#include "base/env.h"
#include "base/error.h"
#include "net/http_client.h"

namespace fm::net {

struct RetryPolicy {
  int attempts_max = 6;                     // the first one counts
  Nanos first_delay = kNanosPerSecond / 2;  // doubles with each failure
  Nanos delay_max = 60 * kNanosPerSecond;
  Nanos retry_after_max = 600 * kNanosPerSecond;  // what a server may ask for at most
};

// 408, 429, 500, 502, 503, 504: the same request may succeed later.
[[nodiscard]] bool is_retryable_status(int status);

// How long a Retry-After header asks to wait: seconds, or an HTTP date ("Sun, 06 Nov 1994 08:49:37
// GMT") seen from `now`. None for what is neither.
[[nodiscard]] std::optional<Nanos> parse_retry_after(std::string_view text, Nanos now);

// Counts attempts and sleeps between them: half of the delay is sure, the other half random, so
// that many clients do not come back at once.
class Backoff {
 public:
  // `is_stopped` is asked during sleeps, every 50 ms.
  Backoff(Env& env, RetryPolicy policy, std::function<bool()> is_stopped = {});

  // The delay before the next attempt, at least `asked`; none when attempts_max are used up. Counts
  // the attempt.
  [[nodiscard]] std::optional<Nanos> next_delay(std::optional<Nanos> asked = std::nullopt);
  // Sleeps through the next delay. False when attempts are used up or is_stopped() said so.
  [[nodiscard]] bool wait(std::optional<Nanos> asked = std::nullopt);
  // After a success: the next failure is a first one.
  void reset() { failures_ = 0; }
  [[nodiscard]] int failures() const { return failures_; }

 private:
  Env* env_;
  RetryPolicy policy_;
  std::function<bool()> is_stopped_;
  int failures_ = 0;
};

// Calls `attempt` until it gives an answer that is_retryable_status() does not name, or an error
// that cannot be retried, or attempts_max are used up; the last answer or error is returned.
[[nodiscard]] Result<HttpResponse> with_retries(
    Env& env, const RetryPolicy& policy, const std::function<Result<HttpResponse>()>& attempt,
    const std::function<bool()>& is_stopped = {});

}  // namespace fm::net
