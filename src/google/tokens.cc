#include "google/tokens.h"

#include <mutex>
#include <utility>

#include "base/json_text.h"
#include "google/json.h"
#include "google/sign.h"
#include "net/retry.h"

namespace fm::google {
namespace {

constexpr Second kLifetime = 3'600;
// What google-auth calls the refresh threshold: 3 minutes 45 seconds before the end.
constexpr Second kRenewBefore = 225;
constexpr net::RetryPolicy kRetries{.attempts_max = 5};
// Where there is no metadata server, nobody should wait long to learn it.
constexpr net::RetryPolicy kMetadataRetries{.attempts_max = 3};

struct Token {
  Secret bearer;
  Second ends = 0;
};

net::HttpRequest form_request(std::string url, const net::Parameters& form) {
  return {.method = "POST", .url = std::move(url), .body = net::encode_form(form)};
}

// What a refusal says, in OAuth's words or in those of Google's APIs.
std::string reason_of(const net::HttpResponse& answer) {
  const auto json = Json::parse(answer.body);
  if (!json) return fmt::format("HTTP {}", answer.status);
  const std::string code = json->text("/error").value_or(json->text("/error/status").value_or(""));
  const std::string words =
      json->text("/error_description").value_or(json->text("/error/message").value_or(""));
  return fmt::format("HTTP {} {}{}{}", answer.status, code, words.empty() ? "" : ": ", words);
}

}  // namespace

struct Tokens::State {
  Env* env;
  Credentials credentials;
  std::unique_ptr<Transport> transport;
  TokenOptions options;
  std::mutex mutex;
  std::optional<Token> token;

  Result<Token> make(const ServiceAccountKey& key);
  Result<Token> make(const AuthorizedUser& user);
  Result<Token> make(const ExternalAccount& account);
  Result<Token> make(const MetadataServer& server);
  Result<Token> ask(const net::HttpRequest& request, const net::RetryPolicy& retries = kRetries);
  Result<Json> send(const net::HttpRequest& request, const net::RetryPolicy& retries = kRetries);
  Result<std::string> assertion(const ServiceAccountKey& key, std::string_view purpose);
  Status expect_origin(std::string_view url, std::string_view origin) const;
  Second now() const { return second_of(env->now()); }
};

Result<Json> Tokens::State::send(const net::HttpRequest& request, const net::RetryPolicy& retries) {
  FM_ASSIGN(const net::HttpResponse answer,
            net::with_retries(*env, retries, [&] { return transport->send(request); }));
  if (!answer.is_ok()) {
    auto refused =
        Error(net::is_retryable_status(answer.status) ? Code::kDisconnected : Code::kRefused,
              fmt::format("no token for {}: {}", credentials.name(), reason_of(answer)));
    if (net::is_retryable_status(answer.status))
      return std::unexpected(std::move(refused).retryable());
    return std::unexpected(std::move(refused).hint(
        fmt::format("The credentials come from {}. Is the key still there (IAM & Admin > Service "
                    "accounts > Keys), and this machine's clock right?",
                    credentials.place)));
  }
  return Json::parse(answer.body);
}

Result<Token> Tokens::State::ask(const net::HttpRequest& request, const net::RetryPolicy& retries) {
  FM_ASSIGN(const Json json, send(request, retries));
  auto text = json.text("/access_token");
  const auto lifetime = json.integer("/expires_in");
  if (!text || text->empty() || !lifetime || *lifetime <= 0)
    return fail(Code::kCorrupt, "the token service's answer has no token and lifetime");
  return Token{Secret("Bearer " + *std::move(text)), now() + *lifetime};
}

// A JWT: header, claims and signature. `purpose` is its audience or scope, as a member.
Result<std::string> Tokens::State::assertion(const ServiceAccountKey& key,
                                             std::string_view purpose) {
  const Second issued = now();
  const std::string header =
      fmt::format(R"({{"alg":"RS256","typ":"JWT","kid":{}}})", json_quoted(key.key_id));
  const std::string claims =
      fmt::format(R"({{"iss":{0},"sub":{0},{1},"iat":{2},"exp":{3}}})", json_quoted(key.email),
                  purpose, issued, issued + kLifetime);
  std::string text = base64url(header) + "." + base64url(claims);
  FM_ASSIGN(const std::string signature, sign_rs256(key.private_key, text));
  text += "." + base64url(signature);
  return text;
}

Status Tokens::State::expect_origin(std::string_view url, std::string_view origin) const {
  if (origin_of(url) == origin) return {};
  return fail(Code::kInvalidArgument, "{}: asks for tokens at \"{}\"; expected {}",
              credentials.place, url, origin);
}

Result<Token> Tokens::State::make(const ServiceAccountKey& key) {
  if (options.self_signed) {
    FM_ASSIGN(std::string jwt, assertion(key, fmt::format(R"("scope":"{}")", kScope)));
    return Token{Secret("Bearer " + std::move(jwt)), now() + kLifetime};
  }
  std::string url = options.endpoints.oauth + "/token";
  if (!options.endpoints.is_overridden)
    FM_TRY(expect_origin(key.token_uri, options.endpoints.oauth));
  FM_ASSIGN(std::string jwt, assertion(key, fmt::format(R"("scope":"{}","aud":{})", kScope,
                                                        json_quoted(key.token_uri))));
  return ask(
      form_request(std::move(url), {{"grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"},
                                    {"assertion", std::move(jwt)}}));
}

Result<Token> Tokens::State::make(const AuthorizedUser& user) {
  return ask(form_request(options.endpoints.oauth + "/token",
                          {{"grant_type", "refresh_token"},
                           {"client_id", user.client_id},
                           {"client_secret", std::string(user.client_secret.reveal())},
                           {"refresh_token", std::string(user.refresh_token.reveal())}}));
}

Result<Token> Tokens::State::make(const ExternalAccount& account) {
  constexpr std::uint64_t kTokenBytesMax = 64 << 10;
  FM_ASSIGN(std::string subject, read_text(*env, account.token_file, kTokenBytesMax));
  if (!account.token_field.empty()) {
    const auto json = Json::parse(subject);
    const auto field = json ? json->text("/" + account.token_field) : std::nullopt;
    if (!field)
      return fail(Code::kCorrupt, "{}: has no \"{}\"", account.token_file, account.token_field);
    subject = *field;
  }
  const Endpoints& endpoints = options.endpoints;
  if (!endpoints.is_overridden) FM_TRY(expect_origin(account.token_url, endpoints.sts));
  FM_ASSIGN(
      Token exchanged,
      ask(form_request(endpoints.sts + "/v1/token",
                       {{"grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"},
                        {"audience", account.audience},
                        {"scope", std::string(kScope)},
                        {"requested_token_type", "urn:ietf:params:oauth:token-type:access_token"},
                        {"subject_token_type", account.subject_token_type},
                        {"subject_token", std::move(subject)}})));
  if (account.impersonation_url.empty()) return exchanged;
  if (!endpoints.is_overridden)
    FM_TRY(expect_origin(account.impersonation_url, endpoints.iam_credentials));
  const std::string_view path = std::string_view(account.impersonation_url)
                                    .substr(origin_of(account.impersonation_url).size());
  FM_ASSIGN(const Json json,
            send({.method = "POST",
                  .url = fmt::format("{}{}", endpoints.iam_credentials, path),
                  .headers = {{"Authorization", std::string(exchanged.bearer.reveal())}},
                  .body = fmt::format(R"({{"scope":["{}"],"lifetime":"{}s"}})", kScope, kLifetime),
                  .content_type = "application/json"}));
  auto text = json.text("/accessToken");
  if (!text) return fail(Code::kCorrupt, "the impersonation's answer has no accessToken");
  return Token{Secret("Bearer " + *std::move(text)), now() + kLifetime};
}

Result<Token> Tokens::State::make(const MetadataServer& server) {
  auto asked = ask({.url = fmt::format("http://{}/computeMetadata/v1/instance/service-accounts/"
                                       "default/token",
                                       server.host),
                    .headers = {{"Metadata-Flavor", "Google"}}},
                   kMetadataRetries);
  if (asked) return asked;
  return std::unexpected(std::move(asked).error().hint(
      "No credentials were found, and this machine is none of Google Cloud's. Set "
      "GOOGLE_APPLICATION_CREDENTIALS to a service account's key file, or run `gcloud auth "
      "application-default login`."));
}

Tokens::Tokens(Env& env, Credentials credentials, std::unique_ptr<Transport> transport,
               TokenOptions options)
    : state_(std::make_unique<State>()) {
  state_->env = &env;
  state_->credentials = std::move(credentials);
  state_->transport = std::move(transport);
  state_->options = std::move(options);
}
Tokens::~Tokens() = default;

Result<Secret> Tokens::bearer() {
  const std::lock_guard lock(state_->mutex);
  auto& token = state_->token;
  if (!token || token->ends - kRenewBefore <= state_->now()) {
    FM_ASSIGN(token, std::visit([&](const auto& who) { return state_->make(who); },
                                state_->credentials.who));
  }
  return token->bearer.copy();
}

void Tokens::reject(const Secret& bearer) {
  const std::lock_guard lock(state_->mutex);
  if (state_->token && state_->token->bearer.reveal() == bearer.reveal()) state_->token.reset();
}

const Credentials& Tokens::credentials() const { return state_->credentials; }

}  // namespace fm::google
