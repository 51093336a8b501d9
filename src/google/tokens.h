// Access tokens: asked for once, renewed before they end, the same for all threads.
#pragma once

#include <memory>
#include <string>

#include "base/env.h"
#include "base/error.h"
#include "base/secret.h"
#include "google/credentials.h"
#include "google/endpoints.h"
#include "google/transport.h"

namespace fm::google {

// Everything that frontmonth does in the cloud; what an account may do is for its roles to say.
inline constexpr std::string_view kScope = "https://www.googleapis.com/auth/cloud-platform";

struct TokenOptions {
  Endpoints endpoints = {};
  // A service account's key signs tokens itself, without a call to the token service.
  bool self_signed = true;
};

// Safe to use from several threads.
class Tokens {
 public:
  Tokens(Env& env, Credentials credentials, std::unique_ptr<Transport> transport,
         TokenOptions options);
  ~Tokens();
  Tokens(const Tokens&) = delete;
  Tokens& operator=(const Tokens&) = delete;

  // For the Authorization header: "Bearer …". Errors: kRefused with what the token service says
  // of the account, kInvalidArgument for a key that cannot sign, those of the transport.
  [[nodiscard]] Result<Secret> bearer();
  // A service said no to this one: the next bearer() is another.
  void reject(const Secret& bearer);

  [[nodiscard]] const Credentials& credentials() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace fm::google
