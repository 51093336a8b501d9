// One call of a Google API: authorised, tried again where that helps, its refusal in words.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "base/env.h"
#include "base/error.h"
#include "google/json.h"
#include "google/tokens.h"
#include "google/transport.h"
#include "net/retry.h"

namespace fm::google {

// Reasons of the services that pass by themselves.
[[nodiscard]] bool is_passing_reason(std::string_view reason);

// An answer that is no success, in the service's words. Errors are kRefused (401, 403, 400 …),
// kNotFound (404), kConflict (409, 412), and retryable where the service says that it will pass.
struct Refusal {
  int status = 0;
  std::string reason;   // "rateLimitExceeded", "quotaExceeded", "notFound", …; may be empty
  std::string message;  // its sentence
  [[nodiscard]] Error error(std::string_view what) const;
};
[[nodiscard]] Refusal refusal_of(const net::HttpResponse& answer);

struct ApiOptions {
  net::RetryPolicy retries = {.attempts_max = 8};
  std::function<bool()> is_stopped = {};
};

// One thread's way to the services. Requests are tried again after answers and errors that pass,
// and once with another token after a 401. So each of them must be safe to repeat: a retry may
// follow a request that took effect and whose answer was lost.
class Api {
 public:
  Api(Env& env, Tokens& tokens, std::unique_ptr<Transport> transport, ApiOptions options = {});

  // One attempt, for what is not safe to repeat: the answer whatever it is, or the error. The
  // request is as it was afterwards.
  [[nodiscard]] Result<net::HttpResponse> try_once(net::HttpRequest& request,
                                                   std::string_view what);
  // Any answer below 500 that no retry would change. `what` names the call in messages.
  [[nodiscard]] Result<net::HttpResponse> send(net::HttpRequest request, std::string_view what);
  // The same; an answer that is no success is an error, unless its status is in `also`.
  [[nodiscard]] Result<net::HttpResponse> expect(net::HttpRequest request, std::string_view what,
                                                 const std::set<int>& also = {});
  // The JSON of a success. `body`, where there is one, is JSON, too.
  [[nodiscard]] Result<Json> call(std::string_view method, std::string url, std::string_view what,
                                  std::string body = {});
  // The same; nothing where the service knows no such thing (404).
  [[nodiscard]] Result<std::optional<Json>> find(std::string url, std::string_view what);

  [[nodiscard]] Env& env() const { return *env_; }
  [[nodiscard]] std::uint64_t requests() const { return requests_; }
  [[nodiscard]] bool is_stopped() const;

 private:
  [[nodiscard]] Result<net::HttpResponse> send_once(net::HttpRequest& request);

  Env* env_;
  Tokens* tokens_;
  std::unique_ptr<Transport> transport_;
  ApiOptions options_;
  std::uint64_t requests_ = 0;
};

}  // namespace fm::google
