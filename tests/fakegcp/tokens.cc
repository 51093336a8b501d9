#include "tokens.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "crypto.h"

namespace fm::fakegcp {
namespace {

constexpr Nanos kLifetime = 3600 * kNanosPerSecond;
constexpr Second kClockSkew = 300;
constexpr std::string_view kScopePrefix = "https://www.googleapis.com/auth/";
constexpr std::string_view kJwtBearer = "urn:ietf:params:oauth:grant-type:jwt-bearer";
constexpr std::string_view kExchange = "urn:ietf:params:oauth:grant-type:token-exchange";

std::set<std::string> words_of(std::string_view text) {
  std::set<std::string> words;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    if (end > 0) words.emplace(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return words;
}

bool reaches(const std::set<std::string>& scopes, Need need) {
  const auto any = [&](std::initializer_list<std::string_view> names) {
    return std::ranges::any_of(names, [&](std::string_view name) {
      return scopes.contains(std::string(kScopePrefix) + std::string(name));
    });
  };
  switch (need) {
    case Need::kNothing:
      return true;
    case Need::kStorage:
      return any({"cloud-platform", "devstorage.read_write", "devstorage.full_control"});
    case Need::kBigquery:
      return any({"cloud-platform", "bigquery"});
    case Need::kCloudPlatform:
      return any({"cloud-platform"});
  }
  return false;
}

// The audience of a self-signed token for an API.
bool is_audience_of(std::string_view audience, Need need) {
  if (need == Need::kStorage) return audience == "https://storage.googleapis.com/";
  if (need == Need::kBigquery)
    return audience == "https://bigquery.googleapis.com/" ||
           audience == "https://bigquerydatatransfer.googleapis.com/";
  if (need == Need::kCloudPlatform)
    return audience == "https://cloudresourcemanager.googleapis.com/" ||
           audience == "https://iamcredentials.googleapis.com/";
  return false;
}

// As the token endpoint refuses: not in the form of the other APIs.
net::ServerResponse oauth_error(std::string_view error, std::string_view description) {
  Json body = Json::object();
  body["error"] = error;
  body["error_description"] = description;
  return respond(body, error == "invalid_client" ? 401 : 400);
}

std::string form_of(const Call& call, std::string_view name) {
  for (const auto& [key, value] : call.request.form)
    if (key == name) return value;
  return {};
}

std::unexpected<Refusal> unauthenticated(std::string_view why) {
  return refuse(401, "authError", fmt::format("Invalid Credentials: {}", why));
}

}  // namespace

struct Tokens::Claims {
  std::string issuer, audience, scope;
  Second issued = 0, expires = 0;
};

void Tokens::add_routes(std::vector<Route>& routes) {
  const auto bind = [this](auto method) {
    return [this, method](const Call& call) { return (this->*method)(call); };
  };
  routes.push_back({"token.grant", "POST", "/token", Need::kNothing, "", bind(&Tokens::by_form)});
  routes.push_back(
      {"token.exchange", "POST", "/v1/token", Need::kNothing, "", bind(&Tokens::by_exchange)});
  routes.push_back({"token.impersonate", "POST",
                    "/v1/projects/-/serviceAccounts/*:generateAccessToken", Need::kCloudPlatform,
                    "", bind(&Tokens::by_impersonation)});
  routes.push_back({"token.metadata", "GET",
                    "/computeMetadata/v1/instance/service-accounts/default/token", Need::kNothing,
                    "scopes", bind(&Tokens::by_metadata)});
}

std::string Tokens::give(std::string account, std::string_view scopes, Nanos lifetime) {
  ++count_;
  std::string token = fmt::format("ya29.fake-{}-{:016x}", count_, count_ * 0x9E3779B97F4A7C15);
  given_[token] = {std::move(account), words_of(scopes), env_->now() + lifetime};
  return token;
}

net::ServerResponse Tokens::token_response(std::string token) const {
  Json body = Json::object();
  body["access_token"] = std::move(token);
  body["expires_in"] = static_cast<std::int64_t>(kLifetime / kNanosPerSecond);
  body["token_type"] = "Bearer";
  return respond(body);
}

Answer<Tokens::Claims> Tokens::read_jwt(std::string_view token) const {
  const std::size_t first = token.find('.');
  const std::size_t second = token.rfind('.');
  if (first == std::string_view::npos || first == second)
    return unauthenticated("not a JSON web token");
  const auto header = from_base64_url(token.substr(0, first));
  const auto payload = from_base64_url(token.substr(first + 1, second - first - 1));
  const auto signature = from_base64_url(token.substr(second + 1));
  if (!header || !payload || !signature) return unauthenticated("not base64url");
  const auto head = Json::parse(*header);
  const auto body = Json::parse(*payload);
  if (!head || !body || head->at("alg").text() != "RS256")
    return unauthenticated("expected a JSON header with alg RS256");
  Claims claims{body->at("iss").text(), body->at("aud").text(), body->at("scope").text(),
                body->at("iat").int64(), body->at("exp").int64()};
  const auto account = std::ranges::find(service_accounts, claims.issuer, &ServiceAccount::email);
  if (account == service_accounts.end()) return unauthenticated("account not found");
  if (!verify_rs256(account->public_pem, token.substr(0, second), *signature))
    return unauthenticated("Invalid JWT Signature.");
  const Second now = second_of(env_->now());
  if (claims.issued > now + kClockSkew || claims.expires <= now - kClockSkew ||
      claims.expires <= claims.issued || claims.expires > claims.issued + 3600)
    return unauthenticated(
        "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable "
        "timeframe. Check your iat and exp values in the JWT claim.");
  return claims;
}

Answer<net::ServerResponse> Tokens::by_form(const Call& call) {
  if (!call.request.header("content-type").starts_with("application/x-www-form-urlencoded"))
    return oauth_error("invalid_request", "Content-Type must be application/x-www-form-urlencoded");
  const std::string grant = form_of(call, "grant_type");
  if (grant == kJwtBearer) return by_assertion(call);
  if (grant == "refresh_token") return by_refresh_token(call);
  return oauth_error("unsupported_grant_type", "Invalid grant_type: " + grant);
}

Answer<net::ServerResponse> Tokens::by_assertion(const Call& call) {
  const auto claims = read_jwt(form_of(call, "assertion"));
  if (!claims) return oauth_error("invalid_grant", claims.error().message);
  if (claims->audience != "https://oauth2.googleapis.com/token" &&
      std::ranges::find(token_uris, claims->audience) == token_uris.end() &&
      claims->audience != fmt::format("http://{}/token", call.request.host))
    return oauth_error("invalid_grant", "Invalid JWT: Failed audience check.");
  if (claims->scope.empty())
    return oauth_error("invalid_scope", "Empty or missing scope not allowed.");
  return token_response(give(claims->issuer, claims->scope, kLifetime));
}

Answer<net::ServerResponse> Tokens::by_refresh_token(const Call& call) {
  for (const AuthorizedUser& user : authorized_users) {
    if (user.client_id != form_of(call, "client_id")) continue;
    if (user.client_secret != form_of(call, "client_secret"))
      return oauth_error("invalid_client", "The provided client secret is invalid.");
    if (user.refresh_token != form_of(call, "refresh_token"))
      return oauth_error("invalid_grant", "Token has been expired or revoked.");
    return token_response(
        give("user:" + user.client_id, std::string(kScopePrefix) + "cloud-platform", kLifetime));
  }
  return oauth_error("invalid_client", "The OAuth client was not found.");
}

Answer<net::ServerResponse> Tokens::by_metadata(const Call& call) {
  if (!has_metadata_server) return refuse(404, "notFound", "no metadata server here");
  if (call.request.header("metadata-flavor") != "Google")
    return refuse(403, "forbidden", "Missing Metadata-Flavor:Google header.");
  std::string scopes = call.query("scopes");
  std::ranges::replace(scopes, ',', ' ');
  if (scopes.empty()) scopes = std::string(kScopePrefix) + "cloud-platform";
  net::ServerResponse response = token_response(give("default", scopes, kLifetime));
  response.headers.emplace_back("Metadata-Flavor", "Google");
  return response;
}

Answer<net::ServerResponse> Tokens::by_exchange(const Call& call) {
  const net::ServerRequest& request = call.request;
  std::map<std::string, std::string> fields;
  if (request.header("content-type").starts_with("application/x-www-form-urlencoded")) {
    for (const auto& [name, value] : request.form) fields[name] = value;
  } else {
    return oauth_error("invalid_request", "Content-Type must be application/x-www-form-urlencoded");
  }
  if (fields["grant_type"] != kExchange)
    return oauth_error("unsupported_grant_type", "Invalid grant_type");
  if (fields["requested_token_type"] != "urn:ietf:params:oauth:token-type:access_token")
    return oauth_error("invalid_request", "Invalid requested_token_type");
  if (fields["subject_token_type"] != "urn:ietf:params:oauth:token-type:jwt" &&
      fields["subject_token_type"] != "urn:ietf:params:oauth:token-type:id_token")
    return oauth_error("invalid_request", "Invalid subject_token_type");
  for (const ExternalAccount& account : external_accounts) {
    if (account.audience != fields["audience"]) continue;
    if (account.subject_token != fields["subject_token"])
      return oauth_error("invalid_grant", "The given credential is rejected.");
    net::ServerResponse response =
        token_response(give("external:" + account.audience, fields["scope"], kLifetime));
    auto body = Json::parse(response.body);
    (*body)["issued_token_type"] = "urn:ietf:params:oauth:token-type:access_token";
    return respond(*body);
  }
  return oauth_error("invalid_target",
                     "The target service indicated by the \"audience\" "
                     "parameters is invalid.");
}

Answer<net::ServerResponse> Tokens::by_impersonation(const Call& call) {
  static constexpr Field kFields[] = {{"scope", FieldKind::kTexts, true},
                                      {"lifetime", FieldKind::kText},
                                      {"delegates", FieldKind::kTexts}};
  FM_ASSIGN(const Json body, call.body(kFields));
  const std::string& email = call.parts[0];
  if (std::ranges::find(service_accounts, email, &ServiceAccount::email) == service_accounts.end())
    return refuse(404, "notFound", "Not found; Gaia id not found for email " + email);
  std::string scopes;
  for (const Json& scope : body.at("scope").items()) {
    scopes += scope.text();
    scopes += ' ';
  }
  Nanos lifetime = kLifetime;
  if (const std::string& text = body.at("lifetime").text(); !text.empty()) {
    std::uint64_t seconds = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    if (error != std::errc() || std::string_view(end) != "s" || seconds == 0 || seconds > 3600)
      return refuse(400, "invalid", "Invalid value for lifetime: " + text);
    lifetime = seconds * kNanosPerSecond;
  }
  Json out = Json::object();
  out["accessToken"] = give(email, scopes, lifetime);
  out["expireTime"] = iso_second(second_of(env_->now() + lifetime));
  return respond(out);
}

Answer<std::string> Tokens::check_jwt(std::string_view token, Need need) const {
  FM_ASSIGN(const Claims claims, read_jwt(token));
  if (!claims.scope.empty()) {
    if (!reaches(words_of(claims.scope), need))
      return refuse(403, "insufficientPermissions",
                    "Request had insufficient authentication scopes.");
  } else if (!is_audience_of(claims.audience, need)) {
    return unauthenticated("the token's audience \"" + claims.audience + "\" is another API");
  }
  return claims.issuer;
}

Answer<std::string> Tokens::check(const net::ServerRequest& request, Need need) {
  if (need == Need::kNothing) return std::string();
  std::string_view token = request.header("authorization");
  if (!token.starts_with("Bearer "))
    return refuse(401, "required", "Login Required: a bearer token is expected.");
  token.remove_prefix(7);
  if (token.starts_with("eyJ")) return check_jwt(token, need);
  const auto found = given_.find(token);
  if (found == given_.end()) return unauthenticated("the token is unknown or revoked");
  if (found->second.expires <= env_->now()) return unauthenticated("the token has expired");
  if (!reaches(found->second.scopes, need))
    return refuse(403, "insufficientPermissions",
                  "Request had insufficient authentication scopes.");
  return found->second.account;
}

std::string service_account_json(std::string_view email, std::string_view private_pem,
                                 std::string_view token_uri, std::string_view project) {
  Json key = Json::object();
  key["type"] = "service_account";
  key["project_id"] = project;
  key["private_key_id"] = "0123456789abcdef0123456789abcdef01234567";
  key["private_key"] = private_pem;
  key["client_email"] = email;
  key["client_id"] = "100000000000000000001";
  key["auth_uri"] = "https://accounts.google.com/o/oauth2/auth";
  key["token_uri"] = token_uri;
  key["universe_domain"] = "googleapis.com";
  return key.dump();
}

}  // namespace fm::fakegcp
