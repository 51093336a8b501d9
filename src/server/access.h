// Who may ask. On a loopback address anyone on this machine; with a token, whoever shows it: as
// "Authorization: Bearer …", or exchanged at /login for a cookie that lives as long as this process
// or kSessionAge.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/env.h"
#include "base/error.h"
#include "base/secret.h"
#include "net/http_server.h"

namespace fm::server {

inline constexpr std::size_t kTokenBytesMin = 16;
inline constexpr Nanos kSessionAge = 7 * kNanosPerDay;
inline constexpr std::size_t kSessionsMax = 1'000;  // the oldest goes
// Wrong tokens from one address; then it waits until one of them is kFailureAge old.
inline constexpr std::size_t kFailuresMax = 5;
inline constexpr Nanos kFailureAge = 60 * kNanosPerSecond;
inline constexpr std::size_t kAddressesMax = 10'000;  // whose failures are remembered

struct AccessOptions {
  std::string host;  // that the server listens on
  std::optional<Secret> token = {};
  std::vector<std::string> host_names = {};  // see ServerOptions
  bool is_tls = false;
};

// An address that no other machine reaches.
[[nodiscard]] bool is_loopback(std::string_view host);

// For any threads.
class Access {
 public:
  // Errors: kInvalidConfig where `host` is open to others and there is no token, and for a token
  // that is too short.
  [[nodiscard]] static Result<std::unique_ptr<Access>> create(Env& env, AccessOptions options);
  // The token in a file of mode 0600. Errors: kNotFound, kPermission, kInvalidConfig.
  [[nodiscard]] static Result<Secret> read_token(Env& env, const std::string& file);

  [[nodiscard]] bool needs_token() const { return options_.token.has_value(); }

  // Whether a request means this server, and not another name that leads here (DNS rebinding), nor
  // comes from a page of another site. Errors: kRefused.
  [[nodiscard]] Status check_origin(const net::ServerRequest& request) const;
  // Errors: kPermission without a token or with a wrong one; kBusy (with how long to wait as its
  // hint) after too many wrong ones.
  [[nodiscard]] Status check(const net::ServerRequest& request);

  // Whether the request needs no token, or has a session.
  [[nodiscard]] bool has_access_at_hand(const net::ServerRequest& request);

  // A token for a session: the value of a Set-Cookie header. Errors: as check().
  [[nodiscard]] Result<std::string> login(std::string_view token,
                                          const net::ServerRequest& request);
  // Ends the request's session; the value of a Set-Cookie header that removes the cookie.
  [[nodiscard]] std::string logout(const net::ServerRequest& request);

 private:
  Access(Env& env, AccessOptions options) : env_(env), options_(std::move(options)) {}
  [[nodiscard]] bool is_token(std::string_view text) const;
  [[nodiscard]] bool has_session(std::string_view cookie);
  [[nodiscard]] Status may_try(const std::string& address);
  void note_failure(const std::string& address);
  [[nodiscard]] Status try_token(std::string_view token, const net::ServerRequest& request);
  [[nodiscard]] std::string cookie(std::string_view value, Nanos age) const;

  Env& env_;
  const AccessOptions options_;
  std::mutex mutex_;
  std::map<std::string, Nanos, std::less<>> sessions_;  // by cookie: until when, Env::monotonic()
  std::map<std::string, std::vector<Nanos>, std::less<>> failures_;  // by address, oldest first
};

}  // namespace fm::server
