// Who asks: accounts, the ways to a token, and the check of the one that a request bears.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/env.h"
#include "call.h"

namespace fm::fakegcp {

struct ServiceAccount {
  std::string email;
  std::string public_pem;
};
struct AuthorizedUser {
  std::string client_id, client_secret, refresh_token;
};
// A workload identity pool: a subject token that a file holds, and the audience it is for.
struct ExternalAccount {
  std::string audience, subject_token;
};

class Tokens {
 public:
  explicit Tokens(Env& env) : env_(&env) {}

  std::vector<ServiceAccount> service_accounts;
  std::vector<AuthorizedUser> authorized_users;
  std::vector<ExternalAccount> external_accounts;
  bool has_metadata_server = false;
  // What "aud" of an assertion may be, beside https://oauth2.googleapis.com/token.
  std::vector<std::string> token_uris;

  void add_routes(std::vector<Route>& routes);
  // Refused: 401 without a token that holds, 403 where its scopes do not reach. Returns the
  // account.
  [[nodiscard]] Answer<std::string> check(const net::ServerRequest& request, Need need);
  // Every token given out so far ends.
  void revoke_all() { given_.clear(); }
  [[nodiscard]] std::size_t given_count() const { return count_; }

 private:
  struct Given {
    std::string account;
    std::set<std::string> scopes;
    Nanos expires;
  };
  struct Claims;

  [[nodiscard]] Answer<net::ServerResponse> by_form(const Call& call);
  [[nodiscard]] Answer<net::ServerResponse> by_assertion(const Call& call);
  [[nodiscard]] Answer<net::ServerResponse> by_refresh_token(const Call& call);
  [[nodiscard]] Answer<net::ServerResponse> by_metadata(const Call& call);
  [[nodiscard]] Answer<net::ServerResponse> by_exchange(const Call& call);
  [[nodiscard]] Answer<net::ServerResponse> by_impersonation(const Call& call);
  [[nodiscard]] Answer<Claims> read_jwt(std::string_view token) const;
  [[nodiscard]] Answer<std::string> check_jwt(std::string_view token, Need need) const;
  [[nodiscard]] std::string give(std::string account, std::string_view scopes, Nanos lifetime);
  [[nodiscard]] net::ServerResponse token_response(std::string token) const;

  Env* env_;
  std::map<std::string, Given, std::less<>> given_;
  std::uint64_t count_ = 0;
};

// The JSON of a key file, as the console gives it out.
[[nodiscard]] std::string service_account_json(std::string_view email, std::string_view private_pem,
                                               std::string_view token_uri,
                                               std::string_view project);

}  // namespace fm::fakegcp
